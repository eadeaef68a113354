/** The routes for OTLP on a real port, before a ledger that keeps records in memory as the real one would. */
import { Drain } from '#process/drain.ts';
import { createHttpApp } from '#process/http/http-service.ts';
import { listen } from '#process/http/listen.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import { LedgerRecord, type RecordOf } from '#domain/ledger/ledger-record.ts';
import { createLogger } from '#telemetry/logger.ts';
import { registerOtlp } from '../otlp-routes.ts';

export interface OtlpUnderTest {
  readonly url: string;
  readonly records: ReadonlyMap<string, RecordOf<'reported_span'>>;
  /** Given, everything is refused so. */
  refusal: Refusal | undefined;
  /** Writing waits for it. */
  gate: Promise<void>;
  readonly close: () => Promise<void>;
}

/** Tokens of agents are `agent:NAMESPACE:NAME`. */
export async function startOtlpUnderTest(): Promise<OtlpUnderTest> {
  const records = new Map<string, RecordOf<'reported_span'>>();
  const app = createHttpApp({
    logger: createLogger('test', 'silent'),
    drain: new Drain(),
    paths: 'POST /v1/traces',
    largestBodyBytes: 4 * 1024 * 1024,
    body: 'bytes',
    refuse: (refusal, _request, reply) => reply.code(400).send({ error: refusal }),
  });
  registerOtlp(app, {
    agentOf: ({ headers }) => {
      const [, namespace, name] = /^Bearer agent:(\w+):(\w+)$/.exec(headers.authorization ?? '') ?? [];
      return namespace === undefined || name === undefined
        ? { ok: false, refusal: { code: 'unauthenticated', message: 'No agent.' } }
        : { ok: true, agent: { namespace, name } };
    },
    submit: async (_request, given) => {
      await ledger.gate;
      if (ledger.refusal !== undefined) return { ok: false, refusal: ledger.refusal };
      return {
        ok: true,
        outcomes: given.map((unchecked) => {
          const record = LedgerRecord.parse(unchecked);
          if (record.type !== 'reported_span') throw new Error('Only claims may come from OTLP.');
          const key = `${record.namespace}/${record.id}`;
          const known = records.get(key);
          if (known === undefined) {
            records.set(key, record);
            return { kind: 'written' };
          }
          return canonicalJson(known) === canonicalJson(record)
            ? { kind: 'duplicate' }
            : { kind: 'refused', message: 'Record was written before with another content.' };
        }),
      };
    },
    tooBusy: { code: 'too_many_runs', message: 'Too busy.', retryAfterSeconds: 1 },
  });
  await app.ready();
  const port = await listen(app.server, 0, '127.0.0.1');
  const ledger: OtlpUnderTest = {
    url: `http://127.0.0.1:${port}`,
    records,
    refusal: undefined,
    gate: Promise.resolve(),
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
  return ledger;
}
