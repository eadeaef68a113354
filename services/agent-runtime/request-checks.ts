/** What stands between a request and its run: a readable body, a place, and somebody who still waits for the answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { hasMoreFields } from '#domain/bounded-json/bounded-collection.ts';
import { RunInterruption } from '#domain/conversation/interruption.ts';
import type { AgentAdmissionCode } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { type EventStream, eventStreamOf } from '#process/http/event-stream.ts';
import { retryAfterHeaders } from '#process/http/retry-after.ts';
import type { Admission, AgentRuns } from './agent-runs.ts';
import { type HttpFailure, errorBody, refuse } from './run-answer.ts';

/** Parses a body, or answers 400 with all that is wrong with it in one sentence. */
export function readBody<Schema extends z.ZodType>(
  schema: Schema,
  request: FastifyRequest,
  reply: FastifyReply,
): z.infer<Schema> | undefined {
  if (hasMoreFields(request.body, FIELDS_MAXIMUM)) {
    sendFailure(reply, invalidRequest(`the body has more than ${FIELDS_MAXIMUM} fields`));
    return undefined;
  }
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const problems = issues.slice(0, PROBLEMS_TOLD).map(describeIssue);
  const param = issues[0]?.path.map(String).join('.') || undefined;
  sendFailure(reply, invalidRequest(`the body is not valid: ${problems.join('; ')}`, param));
  return undefined;
}

const FIELDS_MAXIMUM = 1_000;
/** Of a prompt. */
export const VARIABLES_MAXIMUM = 1_000;
const PROBLEMS_TOLD = 10;
const PROBLEM_MAXIMUM_CHARACTERS = 300;

function describeIssue(issue: z.core.$ZodIssue): string {
  const nested = issue.code === 'invalid_union' ? deepestIssue(issue) : undefined;
  const path = [...issue.path, ...(nested?.path ?? [])].map(String).join('.');
  const message = (nested ?? issue).message.replace(/^Invalid input: /, '');
  return (path === '' ? message : `"${path}": ${message}`).slice(0, PROBLEM_MAXIMUM_CHARACTERS);
}

/** Of a union's branches the one that got furthest says best what is wrong. */
function deepestIssue(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | undefined {
  return issue.errors
    .flatMap((branch) => branch.slice(0, 1))
    .toSorted((one, other) => other.path.length - one.path.length)[0];
}

export function invalidRequest(message: string, param?: string): HttpFailure {
  return refuse({ code: 'invalid_request', message, ...(param === undefined ? {} : { param }) });
}

/** `param` is the field of the body that the variables are in. */
export function invalidVariables(message: string, param: string): HttpFailure {
  return refuse({ code: 'variables_invalid', message, param });
}

/** A place for a run, or the answer that there is none. The caller must release it. */
export function admit(
  runs: AgentRuns,
  reply: FastifyReply,
  session: string | undefined,
): Admission | undefined {
  const admission = runs.admit(session);
  if (typeof admission === 'string') {
    refuseRun(reply, admission);
    return undefined;
  }
  // Not of the reply: streams are written past it.
  reply.raw.setHeader(RUN_ID_HEADER, admission.runId);
  return admission;
}

export function refuseRun(reply: FastifyReply, code: AgentAdmissionCode): void {
  // A load balancer should bring the next request to another pod.
  if (code !== 'too_many_runs') void reply.header('connection', 'close');
  sendFailure(reply, refuse({ code, ...REFUSALS[code] }));
}

/** The session of a request: of its body, else of its header. What is too long or empty is an error of the caller's. */
export function sessionOf(
  body: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): string | undefined | false {
  const session = body ?? request.headers[SESSION_HEADER];
  if (session === undefined) return undefined;
  if (typeof session === 'string' && SESSION.test(session)) return session;
  sendFailure(
    reply,
    invalidRequest(
      `the session is 1 to 256 visible ASCII characters (field "session" or header ${SESSION_HEADER})`,
      'session',
    ),
  );
  return false;
}

const SESSION_HEADER = 'x-capataz-session';
const SESSION = /^[\x21-\x7e]{1,256}$/;

/** Clients name a conversation or a person there for reasons of their own: what cannot be a session is none. */
export function sessionAmong(...names: readonly unknown[]): string | undefined {
  return names.find((name) => typeof name === 'string' && SESSION.test(name)) as string | undefined;
}

const RUN_ID_HEADER = 'x-capataz-run-id';

const REFUSALS: Readonly<Record<AgentAdmissionCode, Omit<Refusal, 'code'>>> = {
  too_many_runs: {
    message: 'this pod already runs as many runs as it may; send the request again in a moment',
    retryAfterSeconds: 1,
  },
  shutting_down: {
    message: 'this pod is shutting down; send the request again',
    retryAfterSeconds: 1,
  },
  audit_unavailable: {
    message:
      'this pod has no room left for the records of another run, because the ledger takes none; send the request again',
    retryAfterSeconds: 5,
  },
  configuration_not_understood: {
    message: 'this pod is older than what the agent is to keep to; send the request again in a moment',
    retryAfterSeconds: 5,
  },
  unconfigured: {
    message: 'the agent has no configuration yet; its conditions in the cluster tell why',
    retryAfterSeconds: 5,
  },
};

export function sendFailure(
  reply: FastifyReply,
  failure: HttpFailure,
  body: unknown = errorBody(failure),
): void {
  void reply.code(failure.status);
  if (failure.retryAfterSeconds !== undefined) {
    void reply.headers(retryAfterHeaders(failure.retryAfterSeconds));
  }
  void reply.header('x-should-retry', String(failure.isWorthRetrying));
  void reply.send(body);
}

/** Comments while a model thinks; a caller who does not read is given up, and what runs for him with him. */
export function callerStream(reply: FastifyReply): EventStream {
  return eventStreamOf(reply, { keepAliveSeconds: 15, stallSeconds: 30 });
}

/** Aborted when the caller leaves before the answer is whole, or has left already, so that nothing more is spent on it. */
export function callerSignal({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const controller = new AbortController();
  const leave = (): void => {
    if (!raw.writableFinished) controller.abort(new RunInterruption('cancelled'));
  };
  // Whoever left while his request was looked at closes nothing any more.
  if (raw.destroyed) leave();
  else raw.once('close', leave);
  return controller.signal;
}
