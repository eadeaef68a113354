/**
 * Who may tell the ledger what, decided by the identity that the API server confirms and by nothing that the caller
 * writes. An agent tells what is an agent's about itself; each process of the platform what that process does.
 */
import type { LedgerRecord, RecordType } from '#domain/ledger/ledger-record.ts';
import type { Trust } from '#domain/ledger/ledger-entry.ts';

export type PlatformProcess = 'router' | 'operator' | 'ingest-watcher' | 'observer' | 'console';

export type Teller =
  | {
      readonly kind: 'agent';
      readonly namespace: string;
      readonly name: string;
      /** Whether a pod that runs our agent-runtime, as far as can be known, told it. */
      readonly runsOurRuntime: boolean;
    }
  | { readonly kind: 'platform'; readonly process: PlatformProcess };

export type Judgement =
  | { readonly ok: true; readonly trust: Trust }
  | { readonly ok: false; readonly message: string };

const AGENT_TYPES: ReadonlySet<RecordType> = new Set<RecordType>([
  'run_begun',
  'cycle',
  'policy_decision',
  'tool_intent',
  'tool_result',
  'run_ended',
  'outcome',
  'probe_round',
  'security_event',
  'gap',
]);

const PLATFORM_TYPES: Readonly<Record<PlatformProcess, ReadonlySet<RecordType>>> = {
  router: new Set<RecordType>([
    'model_call',
    'model_attempt',
    'policy_decision',
    'key_rotation',
    'security_event',
    'gap',
  ]),
  operator: new Set<RecordType>([
    'rollout_decision',
    'key_rotation',
    'policy_decision',
    'outcome',
    'security_event',
    'gap',
  ]),
  observer: new Set<RecordType>(['security_event', 'gap']),
  console: new Set<RecordType>(['command', 'silence', 'security_event', 'gap']),
  'ingest-watcher': new Set<RecordType>(['policy_decision', 'outcome', 'security_event', 'gap']),
};

export function isPlatformProcess(name: string): name is PlatformProcess {
  return Object.hasOwn(PLATFORM_TYPES, name);
}

export function judge(teller: Teller, record: LedgerRecord): Judgement {
  return teller.kind === 'agent' ? judgeAgent(teller, record) : judgePlatform(teller.process, record);
}

function judgePlatform(process: PlatformProcess, record: LedgerRecord): Judgement {
  if (record.source.process !== process) return refuse(`source.process must be ${process} for this token`);
  if (!PLATFORM_TYPES[process].has(record.type))
    return refuse(`${record.type} is nothing that ${process} tells`);
  return { ok: true, trust: 'witnessed' };
}

function judgeAgent(agent: Teller & { readonly kind: 'agent' }, record: LedgerRecord): Judgement {
  const { process } = record.source;
  if (process !== 'agent-runtime' && process !== 'external') {
    return refuse('source.process must be agent-runtime or external for the token of an agent');
  }
  if (!AGENT_TYPES.has(record.type)) return refuse(`${record.type} is nothing that an agent tells`);
  if (isPlatformId(record.id)) return refuse('id must have no colon for the token of an agent');
  if (record.namespace !== agent.namespace)
    return refuse(`namespace must be ${agent.namespace} for this token`);
  const named = 'agent' in record ? record.agent?.name : undefined;
  // A gap is of a process, not of an agent; everything else says whose it is.
  if (record.type !== 'gap' && named !== agent.name)
    return refuse(`agent.name must be ${agent.name} for this token`);
  return { ok: true, trust: agent.runsOurRuntime && process === 'agent-runtime' ? 'witnessed' : 'reported' };
}

/**
 * Ids that the platform makes of what an agent can know or choose (`REQUEST:1`, `REQUEST:call`, `span:...`, `feedback:...`)
 * hold a colon, and no agent may use one: who takes such an id first would have the platform's record refused.
 */
function isPlatformId(id: string): boolean {
  return id.includes(':');
}

function refuse(message: string): Judgement {
  return { ok: false, message: `${message}.` };
}
