/** The console's HTTP side: the page, and below /v1 what it asks for. Nothing of a request but its headers is read before its session is known. */
import cookie from '@fastify/cookie';
import type { FastifyInstance } from 'fastify';
import { LedgerReadError } from '#adapters/ledger-reader/ledger-reader.ts';
import { createHttpApp } from '#process/http/http-service.ts';
import { requestIdOf } from '#process/http/request-id.ts';
import { SharedRoom } from '#process/http/shared-room.ts';
import type { ConsoleParts } from './console-parts.ts';
import { refusalOfRead } from './ledger/people-ledger.ts';
import { servePage } from './page-files/serve-page.ts';
import { RefusedError } from './refused-error.ts';
import { sendRefusal } from './replies.ts';
import { registerCommands } from './routes/commands.ts';
import { registerDrift } from './routes/drift.ts';
import { registerFleet } from './routes/fleet.ts';
import { registerLedger } from './routes/ledger.ts';
import { registerModels } from './routes/models.ts';
import { registerOpenid } from './routes/openid.ts';
import { registerRights } from './routes/rights.ts';
import { registerRollouts } from './routes/rollouts.ts';
import { registerRuns } from './routes/runs.ts';
import { registerSecurity } from './routes/security.ts';
import { registerSession } from './routes/session.ts';
import { registerSilence } from './routes/silence.ts';
import { registerStream } from './routes/stream.ts';
import { sendSecurityHeaders } from './security-headers.ts';
import { checkSessions, refuseForeignRequests, userOf } from './sessions/check-sessions.ts';
import type { LiveStreams } from './stream/live-streams.ts';

/** A token, or a reason: nothing that is sent here is larger. */
const LARGEST_BODY_BYTES = 65_536;
const STALL_MILLISECONDS = 60_000;
const MOST_QUESTIONS = 256;
const MOST_OF_ONE_PERSON = 32;

export async function createConsoleApp(parts: ConsoleParts, streams: LiveStreams): Promise<FastifyInstance> {
  const app = createHttpApp({
    logger: parts.logger,
    drain: parts.drain,
    requestId: (request) => requestIdOf(request.headers['x-request-id'], parts.newId),
    paths: 'the pages, and what docs/operations/console.md says is below /v1',
    largestBodyBytes: LARGEST_BODY_BYTES,
    body: 'json',
    stallMilliseconds: STALL_MILLISECONDS,
    refuse: (refusal, _request, reply) => sendRefusal(reply, refusal),
  });
  app.decorateRequest('session', null);
  sendSecurityHeaders(app);
  await app.register(cookie);
  await servePage(app, parts.pagePath);
  await app.register((routes, _options, done) => {
    answerRefusals(routes);
    routes.addHook('onRequest', (_request, reply, done) => {
      reply.header('cache-control', 'no-store');
      done();
    });
    // The provider sends the browser back from another site.
    registerOpenid(routes, parts);
    void routes.register((own, _options, done) => {
      refuseForeignRequests(own, parts);
      registerSession(own, parts);
      void own.register((people, _options, done) => {
        checkSessions(people, parts);
        registerStream(people, parts, streams);
        void people.register((questions, _options, done) => {
          boundQuestions(questions);
          registerRights(questions, parts);
          registerFleet(questions, parts);
          registerRollouts(questions, parts);
          registerCommands(questions, parts);
          registerSilence(questions, parts);
          registerRuns(questions, parts);
          registerLedger(questions, parts);
          registerSecurity(questions, parts);
          registerDrift(questions, parts);
          registerModels(questions, parts);
          done();
        });
        done();
      });
      done();
    });
    done();
  });
  return app;
}

function answerRefusals(app: FastifyInstance): void {
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof RefusedError) return sendRefusal(reply, error.refusal);
    if (error instanceof LedgerReadError) return sendRefusal(reply, refusalOfRead(error));
    throw error;
  });
}

/** How many questions are answered at the same time: each asks the API server or the ledger for more. */
function boundQuestions(app: FastifyInstance): void {
  const room = new SharedRoom({ room: MOST_QUESTIONS, mostOfOne: MOST_OF_ONE_PERSON });
  app.addHook('onRequest', (request, reply, done) => {
    const place = room.take(reply, userOf(request).username);
    if (place === 'taken') done();
    else if (place === 'gone') reply.hijack();
    else {
      void sendRefusal(reply, {
        code: 'too_many_questions',
        message: `The console answers ${MOST_QUESTIONS} requests at a time, ${MOST_OF_ONE_PERSON} of one person: ask again in a moment.`,
        retryAfterSeconds: 1,
      });
    }
  });
}
