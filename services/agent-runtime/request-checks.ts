/** What stands between a request and its run: a readable body, a place, and somebody who still waits for the answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { RunInterruption } from '#domain/conversation/interruption.ts';
import { type EventStream, eventStreamOf } from '#process/http/event-stream.ts';
import type { Admission, AgentRuns, RefusalReason } from './agent-runs.ts';
import { type HttpFailure, errorBody } from './run-answer.ts';

/** Parses a body, or answers 400 with all that is wrong with it in one sentence. */
export function readBody<Schema extends z.ZodType>(
  schema: Schema,
  request: FastifyRequest,
  reply: FastifyReply,
): z.infer<Schema> | undefined {
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 10).map(describeIssue);
  sendFailure(reply, invalidRequest(`the body is not valid: ${problems.join('; ')}`));
  return undefined;
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  const message = issue.message.replace(/^Invalid input: /, '');
  return path === '' ? message : `"${path}": ${message}`;
}

export function invalidRequest(message: string, code = 'invalid_request'): HttpFailure {
  return { status: 400, code, message, isWorthRetrying: false };
}

/** A place for a run, or the answer that there is none. The caller must release it. */
export function admit(runs: AgentRuns, reply: FastifyReply): Admission | undefined {
  const admission = runs.admit();
  if (typeof admission !== 'string') return admission;
  sendFailure(reply, REFUSALS[admission]);
  return undefined;
}

const REFUSALS: Readonly<Record<RefusalReason, HttpFailure>> = {
  busy: {
    status: 429,
    code: 'too_many_runs',
    message: 'this pod already runs as many runs as it may; send the request again in a moment',
    retryAfterSeconds: 1,
    isWorthRetrying: true,
  },
  draining: {
    status: 503,
    code: 'shutting_down',
    message: 'this pod is shutting down; send the request again',
    retryAfterSeconds: 1,
    isWorthRetrying: true,
  },
  unconfigured: {
    status: 503,
    code: 'unconfigured',
    message: 'the agent has no configuration yet; its conditions in the cluster tell why',
    retryAfterSeconds: 5,
    isWorthRetrying: true,
  },
};

export function sendFailure(
  reply: FastifyReply,
  failure: HttpFailure,
  body: unknown = errorBody(failure),
): void {
  void reply.code(failure.status);
  if (failure.retryAfterSeconds !== undefined) {
    void reply.header('retry-after', String(Math.ceil(failure.retryAfterSeconds)));
  }
  void reply.header('x-should-retry', String(failure.isWorthRetrying));
  // A load balancer should bring the next request to another pod.
  if (failure.status === 503) void reply.header('connection', 'close');
  void reply.send(body);
}

/** Aborted when the caller leaves before the answer is whole, so that nothing more is spent on it. */
/** Comments while a model thinks; a caller who does not read is given up, and what runs for him with him. */
export function callerStream(reply: FastifyReply): EventStream {
  return eventStreamOf(reply, { keepAliveSeconds: 15, stallSeconds: 30 });
}

export function callerSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new RunInterruption('cancelled'));
  });
  return controller.signal;
}
