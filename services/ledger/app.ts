/** The ledger's HTTP side: limits, checks and routes. Nothing of a request but its headers is read before its caller is known. */
import type { FastifyInstance } from 'fastify';
import { BATCH_MAXIMUM_BYTES } from '#domain/ledger/record-batch.ts';
import { createHttpApp } from '#process/http/http-service.ts';
import { requestIdOf } from '#process/http/request-id.ts';
import { boundQuestions } from './bounded-questions.ts';
import { checkCallers, refuseStrangers } from './callers.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { sendRefusal } from './replies.ts';
import { registerFeedback } from './routes/feedback.ts';
import { registerLogKeys, registerLogs } from './routes/logs.ts';
import { registerReportedWork } from './routes/otlp.ts';
import { registerReading } from './routes/reading.ts';
import { registerRecordIntake } from './routes/records.ts';
import { registerSpending } from './routes/spending.ts';
import { LiveStreams, registerStream } from './routes/stream.ts';
import { registerTexts } from './routes/texts.ts';

/** Longer than the store takes for anything: a call that it has not answered by then has failed. */
const STALL_MILLISECONDS = 60_000;

const PATHS =
  'POST /v1/records, POST /v1/feedback, POST /v1/traces, POST /v1/logs, GET /v1/runs, /v1/costs, /v1/outcomes, /v1/records, /v1/security-events, /v1/spending, /v1/stream and /v1/logs';

export function createLedgerApp(parts: LedgerParts): {
  readonly app: FastifyInstance;
  readonly streams: LiveStreams;
} {
  const streams = new LiveStreams(parts.drain);
  const app = createHttpApp({
    logger: parts.logger,
    drain: parts.drain,
    requestId: (request) => requestIdOf(request.headers['x-request-id'], parts.newId),
    paths: PATHS,
    largestBodyBytes: BATCH_MAXIMUM_BYTES,
    body: 'bytes',
    stallMilliseconds: STALL_MILLISECONDS,
    refuse: (refusal, _request, reply) => sendRefusal(reply, refusal),
  });
  app.decorateRequest('caller', null);
  registerLogKeys(app, parts);
  void app.register((routes, _options, done) => {
    checkCallers(routes, parts.identity, parts);
    refuseStrangers(routes, '/v1/records', parts);
    registerRecordIntake(routes, parts);
    registerReportedWork(routes, parts);
    registerStream(routes, parts, streams);
    void routes.register((questions, _options, done) => {
      boundQuestions(questions);
      registerFeedback(questions, parts);
      registerReading(questions, parts);
      registerSpending(questions, parts);
      registerTexts(questions, parts);
      registerLogs(questions, parts);
      done();
    });
    done();
  });
  return { app, streams };
}
