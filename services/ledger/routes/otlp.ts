/** OTLP at the ledger: whose spans they are, and how they are written. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import { callerOf } from '../callers.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import { type OtlpParts, registerOtlp } from '../otlp/otlp-routes.ts';
import { TOO_MANY_RECORDS } from '../record-intake.ts';

export function registerReportedWork(app: FastifyInstance, parts: LedgerParts): void {
  registerOtlp(app, {
    agentOf,
    submit: (request, records) => submit(request, records, parts),
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
  { intake }: LedgerParts,
): ReturnType<OtlpParts['submit']> {
  const reporter = callerOf(request).user.username;
  const told = records.map((record) => ({ record, reporter, trust: 'reported' as const, texts: [] }));
  return await intake.write(told, records.length * RECORD_BYTES);
}

/** What one takes in memory until it is written, as far as can be told without writing it. */
const RECORD_BYTES = 1_024;
