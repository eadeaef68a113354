/**
 * POST /v1/runs: one run of the agent.
 *
 *     {"input": {<variables of the prompt>}, "stream": false, "session": "customer-7"}
 *
 * Answers with {runId, status, output, steps, usage, costNanoUsd, prompt, models, ...}; see run-answer.ts for the
 * statuses. `session` (or the header X-Capataz-Session) names what belongs together: all runs of a session take the same
 * arm of a rollout that splits sessions. With `"stream": true` or `Accept: text/event-stream` the answer is a stream of events:
 *
 *     run.started    {runId, agent, prompt}
 *     step           {step, phase, outcome, model, tools, inputTokens, outputTokens, costNanoUsd}
 *     output.delta   {text}             only when the output is plain text
 *     run.completed  the same body as without stream
 *     run.failed     the same body as without stream, with `error`
 *
 * A stream that ends without run.completed or run.failed was cut.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { boundedRecord } from '#domain/bounded-json/bounded-collection.ts';
import type { CycleRecord } from '#domain/conversation/trace.ts';
import { renderPrompt } from '#domain/prompts/render-prompt.ts';
import { readTraceContext } from '#domain/tracing/trace-context.ts';
import type { Admission, AgentRuns, RunOrder } from '../agent-runs.ts';
import {
  VARIABLES_MAXIMUM,
  admit,
  callerSignal,
  callerStream,
  invalidVariables,
  readBody,
  sendFailure,
  sessionOf,
} from '../request-checks.ts';
import { INTERNAL_ERROR, errorBody, failureOfRun, promptIdentity, runBody } from '../run-answer.ts';

const RunRequest = z.strictObject({
  input: boundedRecord(VARIABLES_MAXIMUM).default({}),
  stream: z.boolean().optional(),
  session: z.string().optional(),
});

export function registerRuns(app: FastifyInstance, runs: AgentRuns): void {
  app.post('/v1/runs', async (request, reply) => {
    const body = readBody(RunRequest, request, reply);
    if (body === undefined) return reply;
    const session = sessionOf(body.session, request, reply);
    if (session === false) return reply;
    const admission = admit(runs, reply, session);
    if (admission === undefined) return reply;
    try {
      const rendered = await renderPrompt(admission.served.prompt, body.input);
      if (!rendered.ok) {
        sendFailure(reply, invalidVariables(rendered.message, 'input'));
        return await reply;
      }
      const asked = { messages: rendered.messages, input: body.input };
      const wantsStream = body.stream ?? acceptsEventStream(request);
      await (wantsStream
        ? streamRun(runs, admission, asked, request, reply)
        : answerRun(runs, admission, asked, request, reply));
      return await reply;
    } finally {
      admission.release();
    }
  });
}

function acceptsEventStream(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/event-stream') === true;
}

type Asked = Pick<RunOrder, 'messages' | 'input'>;

async function answerRun(
  runs: AgentRuns,
  admission: Admission,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const result = await runs.run(admission, {
    ...asked,
    requestId: request.id,
    trace: readTraceContext(request.headers),
    signal: callerSignal(reply),
  });
  const failure = failureOfRun(result);
  const body = runBody(result, admission.served);
  if (failure === undefined) void reply.send(body);
  else sendFailure(reply, failure, body);
}

async function streamRun(
  runs: AgentRuns,
  admission: Admission,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { served, runId } = admission;
  const { namespace, name } = served.configuration.agent;
  const stream = callerStream(reply);
  try {
    stream.sendJson({ runId, agent: { namespace, name }, prompt: promptIdentity(served) }, 'run.started');
    const result = await runs.run(admission, {
      ...asked,
      requestId: request.id,
      trace: readTraceContext(request.headers),
      signal: callerSignal(reply),
      onText: (text) => stream.sendJson({ text }, 'output.delta'),
      onCycle: (cycle) => stream.sendJson(stepOf(cycle), 'step'),
    });
    stream.sendJson(runBody(result, served), result.status === 'succeeded' ? 'run.completed' : 'run.failed');
  } catch {
    stream.sendJson({ runId, status: 'failed', ...errorBody(INTERNAL_ERROR) }, 'run.failed');
  } finally {
    stream.end();
  }
}

/** A cycle without contents, whatever the trace is set to. */
function stepOf(cycle: CycleRecord): Readonly<Record<string, unknown>> {
  const { step, phase, outcome, model, inputTokens, outputTokens, costNanoUsd, toolCalls } = cycle;
  const tools = toolCalls.map((call) => ({ name: call.name, outcome: call.outcome }));
  return { step, phase, outcome, model, tools, inputTokens, outputTokens, costNanoUsd };
}
