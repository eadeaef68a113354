/**
 * The HTTP side of the witness:
 *
 *     POST /add-checkpoint       C2SP tlog-witness
 *     GET  /key                  the verifier key of the witness
 *     GET  /checkpoints          the latest checkpoint of each origin that it has signed
 *     GET  /checkpoints?origin=  those of one origin that it keeps, the oldest first
 *
 * It asks nobody who he is: a checkpoint is believed by its signature, and what it has signed is for everybody to see.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import { encodeVerifierKey } from '#domain/transparency/note-keys.ts';
import {
  ADD_CHECKPOINT_MAXIMUM_BYTES,
  ADD_CHECKPOINT_PATH,
  formatCosignatures,
  TREE_SIZE_CONTENT_TYPE,
} from '#domain/transparency/witness-protocol.ts';
import type { Drain } from '#process/drain.ts';
import { createHttpApp } from '#process/http/http-service.ts';
import type { Logger } from '#telemetry/logger.ts';
import { addCheckpoint } from './add-checkpoint.ts';
import type { Verdict, Witness } from './add-checkpoint.ts';
import type { WitnessMetrics } from './witness-metrics.ts';
import { TooManyOriginsError } from './witnessed-checkpoints.ts';

const TEXT = 'text/plain; charset=utf-8';
const CheckpointsQuery = z.object({ origin: z.string().max(255).optional() });

export function createWitnessApp(options: {
  /** Undefined until it is known whose checkpoints are to be signed. */
  readonly witness: () => Witness | undefined;
  readonly metrics: WitnessMetrics;
  readonly drain: Drain;
  readonly logger: Logger;
}): FastifyInstance {
  const { metrics, logger } = options;
  const app = createHttpApp({
    logger,
    drain: options.drain,
    paths: `POST ${ADD_CHECKPOINT_PATH}, GET /key and GET /checkpoints`,
    largestBodyBytes: ADD_CHECKPOINT_MAXIMUM_BYTES,
    body: 'bytes',
    refuse: ({ code, message }, _request, reply) => say(reply, FAILURES[code].status, message),
  });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const NOT_YET = 'The witness does not know yet whose checkpoints it signs.';

  app.post(ADD_CHECKPOINT_PATH, async (request, reply) => {
    const witness = options.witness();
    if (witness === undefined) return say(reply, 503, NOT_YET);
    const body = decodeUtf8(request.body);
    if (body === undefined) return say(reply, 400, 'The body is not UTF-8.');
    try {
      const verdict = await addCheckpoint(witness, body);
      metrics.judged(verdict);
      tell(logger, verdict);
      return answer(reply, verdict);
    } catch (error) {
      metrics.failed();
      if (error instanceof TooManyOriginsError) return say(reply, 503, error.message);
      throw error;
    }
  });

  app.get('/key', (_request, reply) => {
    const witness = options.witness();
    if (witness === undefined) return say(reply, 503, NOT_YET);
    return reply.type(TEXT).send(`${encodeVerifierKey(witness.key)}\n`);
  });

  app.get('/checkpoints', async (request, reply) => {
    const witness = options.witness();
    if (witness === undefined) return say(reply, 503, NOT_YET);
    const { data } = CheckpointsQuery.safeParse(request.query);
    if (data === undefined) return say(reply, 400, 'The query has an origin, or nothing.');
    const checkpoints =
      data.origin === undefined
        ? (await witness.checkpoints.latestOfAll()).map(({ note }) => note)
        : await witness.checkpoints.kept(data.origin);
    return reply.send({ key: encodeVerifierKey(witness.key), checkpoints });
  });

  return app;
}

const STATUS_OF: Readonly<Record<Verdict['outcome'], number>> = {
  cosigned: 200,
  malformed: 400,
  not_signed: 403,
  unknown_origin: 404,
  other_size: 409,
  forked: 409,
  inconsistent: 422,
};

function answer(reply: FastifyReply, verdict: Verdict): FastifyReply {
  const status = STATUS_OF[verdict.outcome];
  if (verdict.outcome === 'cosigned') return reply.type(TEXT).send(formatCosignatures([verdict.signature]));
  if (verdict.outcome === 'other_size' || verdict.outcome === 'forked') {
    return reply
      .code(status)
      .header('content-type', TREE_SIZE_CONTENT_TYPE)
      .send(Buffer.from(`${verdict.size}\n`));
  }
  return say(reply, status, verdict.message);
}

/** What contradicts itself is written down: it is the proof that somebody will ask for. */
function tell(logger: Logger, verdict: Verdict): void {
  if (verdict.outcome === 'cosigned' || verdict.outcome === 'other_size') return;
  const { outcome, message } = verdict;
  if (outcome === 'forked' || outcome === 'inconsistent') logger.error({ outcome }, message);
  else logger.warn({ outcome }, message);
}

function say(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).type(TEXT).send(`${message}\n`);
}

/** A byte order mark is text here: a signature was made over it or not. */
function decodeUtf8(body: unknown): string | undefined {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}
