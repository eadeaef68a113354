/**
 * Entries of the ledger as events of the Open Cybersecurity Schema Framework 1.8.0, for SIEMs: a security event becomes a
 * Detection Finding (2004, profile security_control), a call of a model or a tool an API Activity (6003, profile
 * ai_operation). What OCSF has no place for stands under `unmapped.capataz`. Held to the schema by test/conformance.
 */
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { LedgerRecord, RecordOf, RecordType } from '#domain/ledger/ledger-record.ts';

export const OCSF_VERSION = '1.8.0';

/** Plain JSON. `metadata.uid` is the entry's leaf hash: who gets an event twice drops the second by it. */
export interface OcsfEvent {
  readonly class_uid: number;
  readonly severity_id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly metadata: { readonly uid: string };
  readonly [attribute: string]: unknown;
}

/** Which records become events at all. */
export const OCSF_RECORD_TYPES = [
  'security_event',
  'model_attempt',
  'tool_result',
] as const satisfies readonly RecordType[];
export const SECURITY_RECORD_TYPES = ['security_event'] as const satisfies readonly RecordType[];

/** `leafHash` in hexadecimal. Undefined for an entry that is no event. */
export function toOcsfEvent(entry: LedgerEntry, leafHash: string): OcsfEvent | undefined {
  const { record } = entry;
  if (record.type === 'security_event') return detectionFinding(entry, record, leafHash);
  if (record.type === 'model_attempt') return modelActivity(entry, record, leafHash);
  return record.type === 'tool_result' ? toolActivity(entry, record, leafHash) : undefined;
}

const SEVERITIES = {
  informational: { severity_id: 1, severity: 'Informational' },
  low: { severity_id: 2, severity: 'Low' },
  medium: { severity_id: 3, severity: 'Medium' },
  high: { severity_id: 4, severity: 'High' },
  critical: { severity_id: 5, severity: 'Critical' },
} as const;

const ACTIONS = {
  blocked: { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' },
  observed: { action_id: 3, action: 'Observed', disposition_id: 17, disposition: 'Logged' },
} as const;

function detectionFinding(
  entry: LedgerEntry,
  record: RecordOf<'security_event'>,
  leafHash: string,
): OcsfEvent {
  const { event, severity, action, owasp, sentence, subject, agent } = record;
  return {
    ...base(entry, leafHash, 'security_control'),
    category_uid: 2,
    category_name: 'Findings',
    class_uid: 2004,
    class_name: 'Detection Finding',
    activity_id: 1,
    activity_name: 'Create',
    type_uid: 200_401,
    type_name: 'Detection Finding: Create',
    ...SEVERITIES[severity],
    ...ACTIONS[action],
    status_id: 1,
    status: 'New',
    is_alert: severity === 'high' || severity === 'critical',
    message: sentence,
    finding_info: {
      uid: record.id,
      title: event.replaceAll('_', ' '),
      desc: sentence,
      types: owasp.map((id) => `OWASP ${id}`),
      analytic: { uid: event, name: event, type_id: 1, type: 'Rule' },
      created_time: milliseconds(record.atMicroseconds),
    },
    resources: [
      agent === undefined
        ? { type: 'namespace', name: record.namespace }
        : {
            type: 'agent',
            name: agent.name,
            namespace: record.namespace,
            ...(agent.uid !== undefined && { uid: agent.uid }),
          },
    ],
    unmapped: unmapped(entry, { subject, run: record.run }),
  };
}

function modelActivity(entry: LedgerEntry, record: RecordOf<'model_attempt'>, leafHash: string): OcsfEvent {
  const { agent, provider, operation, tokens, failureCode, costNanoUsd } = record;
  const promptTokens =
    tokens === undefined ? undefined : tokens.input + tokens.cachedInput + tokens.cacheWrite;
  return {
    ...base(entry, leafHash, 'ai_operation'),
    ...apiActivity(record, record.outcome === 'answered', record.durationMicroseconds),
    api: {
      operation,
      service: { name: provider },
      request: { uid: record.requestId },
      response: failureCode === undefined ? {} : { error: failureCode },
    },
    dst_endpoint: { svc_name: provider },
    ai_model: {
      ai_provider: provider,
      name: record.modelServed ?? record.providerModel,
      uid: `${record.namespace}/${record.model}`,
    },
    message_context: {
      application: { name: agent.name },
      ...(record.run !== undefined && { uid: record.run.id }),
      ...(tokens !== undefined &&
        promptTokens !== undefined && {
          prompt_tokens: promptTokens,
          completion_tokens: tokens.output,
          total_tokens: promptTokens + tokens.output,
        }),
    },
    unmapped: unmapped(entry, { run: record.run, attempt: record.attempt, costNanoUsd }),
  };
}

function toolActivity(entry: LedgerEntry, record: RecordOf<'tool_result'>, leafHash: string): OcsfEvent {
  const isOk = record.outcome === 'ok';
  return {
    ...base(entry, leafHash, 'ai_operation'),
    ...apiActivity(record, isOk, record.durationMicroseconds),
    api: {
      operation: record.tool,
      service: { name: 'tool' },
      request: { uid: record.callId },
      response: isOk ? {} : { error: record.outcome },
    },
    message_context: { application: { name: record.agent.name }, uid: record.run.id },
    unmapped: unmapped(entry, { run: record.run, result: record.result }),
  };
}

function apiActivity(
  record: RecordOf<'model_attempt' | 'tool_result'>,
  isSuccess: boolean,
  durationMicroseconds: number,
): Record<string, unknown> & { readonly class_uid: number; readonly severity_id: number } {
  const { agent, namespace, source } = record;
  return {
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: 6003,
    class_name: 'API Activity',
    // OCSF knows the four verbs of records only; asking a model or a tool is none of them.
    activity_id: 99,
    activity_name: 'Invoke',
    type_uid: 600_399,
    type_name: 'API Activity: Other',
    ...SEVERITIES.informational,
    status_id: isSuccess ? 1 : 2,
    status: isSuccess ? 'Success' : 'Failure',
    duration: milliseconds(durationMicroseconds),
    actor: { app_name: `${namespace}/${agent.name}`, ...(agent.uid !== undefined && { app_uid: agent.uid }) },
    src_endpoint: { svc_name: `agent-${agent.name}.${namespace}`, instance_uid: source.instance },
  };
}

function base(
  { index, reporter, receivedAtMicroseconds, record }: LedgerEntry,
  leafHash: string,
  profile: 'security_control' | 'ai_operation',
): Pick<OcsfEvent, 'time' | 'metadata'> {
  const runId = 'run' in record ? record.run?.id : undefined;
  return {
    time: milliseconds(record.atMicroseconds),
    metadata: {
      version: OCSF_VERSION,
      profiles: [profile],
      product: { name: 'Capataz', vendor_name: 'Capataz' },
      uid: leafHash,
      sequence: index,
      tenant_uid: record.namespace,
      log_name: record.type,
      log_provider: reporter,
      logged_time: milliseconds(receivedAtMicroseconds),
      ...(runId !== undefined && { correlation_uid: runId }),
    } as OcsfEvent['metadata'],
  };
}

/** Where the event stands in the ledger, so that who has it can ask for proof, and what OCSF has no attribute for. */
function unmapped(
  { index, chain, trust, record }: LedgerEntry,
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { capataz: withoutUndefined({ recordId: record.id, index, chain, trust, ...more }) };
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function milliseconds(microseconds: LedgerRecord['atMicroseconds']): number {
  return Math.floor(microseconds / 1000);
}
