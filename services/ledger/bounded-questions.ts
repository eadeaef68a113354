/**
 * How many questions are answered at the same time. Each asks the store for one thing after another, so that this bounds
 * what waits there as well, and none that was begun is broken off half-way because others came.
 */
import type { FastifyInstance } from 'fastify';
import type { Refusal } from '#domain/failures/refusal.ts';
import { callerOf } from './callers.ts';
import { sendRefusal } from './replies.ts';
import { SharedRoom } from '#process/http/shared-room.ts';

const MOST_QUESTIONS = 256;
const MOST_OF_ONE_CALLER = 128;

const TOO_MANY_QUESTIONS: Refusal = {
  code: 'too_many_questions',
  message: `The ledger answers ${MOST_QUESTIONS} requests at a time, ${MOST_OF_ONE_CALLER} of one caller: ask again in a moment.`,
  retryAfterSeconds: 1,
};

/** Of all routes of `app`, whose callers are known by now; a body is not read before there is a place for it. */
export function boundQuestions(app: FastifyInstance): void {
  const questions = new SharedRoom({ room: MOST_QUESTIONS, mostOfOne: MOST_OF_ONE_CALLER });
  app.addHook('onRequest', (request, reply, done) => {
    const place = questions.take(reply, callerOf(request).user.username);
    if (place === 'taken') done();
    else if (place === 'full') void sendRefusal(reply, TOO_MANY_QUESTIONS);
    else reply.hijack();
  });
}
