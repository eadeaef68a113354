/** OTLP at the ledger: whose spans they are, and how they are written. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import { callerOf } from '../callers.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import { type OtlpParts, type SubmitOutcome, registerOtlp } from '../otlp/otlp-routes.ts';
import { TOO_MANY_RECORDS } from '../record-intake.ts';
import { RunOwners } from '../run-owners.ts';

const OF_ANOTHER: SubmitOutcome = {
  kind: 'refused',
  message: 'capataz.run.id is the run of another agent.',
};

export function registerReportedWork(app: FastifyInstance, parts: LedgerParts): void {
  const owners = new RunOwners(parts.store);
  registerOtlp(app, {
    agentOf,
    submit: (request, records) => submit(request, records, parts, owners),
    tooBusy: TOO_MANY_RECORDS,
  });
}

function agentOf(request: FastifyRequest): ReturnType<OtlpParts['agentOf']> {
  const { user, serviceAccount } = callerOf(request);
  const name = serviceAccount && agentNameOfServiceAccount(serviceAccount.serviceAccount);
  if (serviceAccount !== undefined && name !== undefined) {
    return { ok: true, agent: { namespace: serviceAccount.namespace, name } };
  }
  const message = `${user.username} may tell no spans: the ServiceAccounts of agents (agent-NAME) may.`;
  return { ok: false, refusal: { code: 'not_a_teller', message } };
}

async function submit(
  request: FastifyRequest,
  records: readonly LedgerRecord[],
  parts: LedgerParts,
  owners: RunOwners,
): ReturnType<OtlpParts['submit']> {
  const { user } = callerOf(request);
  const outcomes: SubmitOutcome[] = [];
  const own: { readonly record: LedgerRecord; readonly place: number }[] = [];
  for (const [place, record] of records.entries()) {
    outcomes.push(OF_ANOTHER);
    if (await isOwn(record, owners)) own.push({ record, place });
  }
  const told = own.map(({ record }) => ({
    record,
    reporter: user.username,
    trust: 'reported' as const,
    texts: [],
  }));
  const written = await parts.intake.write(told, bytesOf(records));
  if (!written.ok) return written;
  for (const [index, outcome] of written.outcomes.entries()) {
    const { place } = own[index] ?? {};
    if (place !== undefined) outcomes[place] = outcome;
  }
  return { ok: true, outcomes };
}

/** What they take in memory until they are written, as far as can be told without writing them. */
function bytesOf(records: readonly LedgerRecord[]): number {
  return records.length * RECORD_BYTES;
}
const RECORD_BYTES = 1_024;

async function isOwn(record: LedgerRecord, owners: RunOwners): Promise<boolean> {
  if (record.type !== 'reported_span' || record.run === undefined) return true;
  return !(await owners.isOthers(record.run.id, record.namespace, record.agent.name));
}
