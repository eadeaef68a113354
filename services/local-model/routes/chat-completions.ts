/** POST /v1/chat/completions: https://platform.openai.com/docs/api-reference/chat */
import type { FastifyInstance } from 'fastify';
import type { GenerationPart, GenerationRequest, GenerationUsage } from '#adapters/llama/language-model.ts';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { FindProblems } from '#domain/json-schema/compile-json-schema.ts';
import { type EventStream, eventStreamOf } from '#process/http/event-stream.ts';
import type { AdmissionQueue } from '../admission-queue.ts';
import type { LocalModelDependencies } from '../app.ts';
import {
  type AnswerEnd,
  type AnswerIdentity,
  formatChunk,
  formatCompletion,
  formatLastChunk,
  formatUsageChunk,
} from '../completion-format.ts';
import { LocalChatRequest, toGenerationRequest } from '../generation-request.ts';
import type { RequestOutcome } from '../metrics.ts';
import {
  type OpenAiError,
  describeModelError,
  invalidBody,
  modelNotFound,
  sendError,
  serverError,
} from '../open-ai-error.ts';
import { abortWithClient } from '../request-abort.ts';
import { describeMissingModel } from './models.ts';

export interface ChatDependencies extends LocalModelDependencies {
  readonly queue: AdmissionQueue;
}

export function registerChatCompletions(app: FastifyInstance, dependencies: ChatDependencies): void {
  const { chatModel, metrics } = dependencies;
  app.post('/v1/chat/completions', async (request, reply) => {
    const signal = abortWithClient(reply, dependencies.shutdown);
    const count = (outcome: RequestOutcome): void => metrics.requests.inc({ kind: 'chat', outcome });
    const refuse = (refusal: OpenAiError): unknown => {
      count('refused');
      return sendError(reply, refusal);
    };
    const body = LocalChatRequest.safeParse(request.body);
    if (!body.success) return refuse(invalidBody(body.error));
    if (body.data.model !== chatModel.id) {
      return refuse(modelNotFound(describeMissingModel(body.data.model, [chatModel.id])));
    }
    const asked = toGenerationRequest(body.data, dependencies.defaultOutputTokens);
    if (!asked.ok) return refuse(asked.error);

    const identity = {
      id: `chatcmpl-${dependencies.newId()}`,
      createdSeconds: Math.floor(dependencies.now() / 1000),
      model: chatModel.id,
    };
    const parts = generateAdmitted(asked.request, signal, dependencies);
    try {
      // Everything a request can be refused for shows before the first part, while a status can still be sent.
      const first = await parts.next();
      const { findProblems } = asked;
      if (body.data.stream !== true) {
        const { text, end } = await collect(first, parts, findProblems);
        count(outcomeOf(end));
        return formatCompletion(identity, text, end);
      }
      const hasUsage = body.data.stream_options?.include_usage === true;
      const stream = eventStreamOf(reply, { keepAliveSeconds: 15, stallSeconds: 30 });
      await streamAnswer(stream, first, parts, {
        identity,
        hasUsage,
        signal,
        count,
        findProblems,
        ...dependencies,
      });
      return await reply;
    } catch (error) {
      const foreseen = describeModelError(error, 'messages');
      if (foreseen !== undefined) return refuse(foreseen);
      count(signal.aborted ? 'cancelled' : 'failed');
      throw error;
    }
  });
}

/** Waits for a place, generates, gives the place back: also when the reader leaves in the middle. */
async function* generateAdmitted(
  request: GenerationRequest,
  signal: AbortSignal,
  { queue, chatModel, metrics, elapsed }: ChatDependencies,
): AsyncGenerator<GenerationPart, void> {
  const start = elapsed();
  const place = await queue.enter(signal);
  try {
    let isFirst = true;
    for await (const part of chatModel.generate(request, signal)) {
      if (isFirst) metrics.firstTokenSeconds.observe((elapsed() - start) / 1000);
      isFirst = false;
      if (part.kind === 'end') {
        countTokens(part.usage, metrics);
        metrics.durationSeconds.observe({ kind: 'chat' }, (elapsed() - start) / 1000);
      }
      yield part;
    }
  } finally {
    place.leave();
  }
}

function countTokens(usage: GenerationUsage, metrics: ChatDependencies['metrics']): void {
  metrics.tokens.inc({ kind: 'prompt' }, usage.promptTokens - usage.cachedPromptTokens);
  metrics.tokens.inc({ kind: 'cachedPrompt' }, usage.cachedPromptTokens);
  metrics.tokens.inc({ kind: 'output' }, usage.outputTokens);
}

type FirstPart = IteratorResult<GenerationPart, void>;
type Parts = AsyncGenerator<GenerationPart, void>;

async function* partsFrom(first: FirstPart, rest: Parts): Parts {
  try {
    if (first.done === true) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}

async function collect(
  first: FirstPart,
  rest: Parts,
  findProblems: FindProblems | undefined,
): Promise<{ readonly text: string; readonly end: AnswerEnd }> {
  let text = '';
  for await (const part of partsFrom(first, rest)) {
    if (part.kind === 'text') text += part.text;
    else return { text, end: endOf(part, text, findProblems) };
  }
  throw new Error('the model ended an answer without its end part');
}

/** An answer that was cut says so itself; of a whole one the grammar may have kept only a part of the schema. */
function endOf(
  { reason, usage }: Extract<GenerationPart, { kind: 'end' }>,
  text: string,
  findProblems: FindProblems | undefined,
): AnswerEnd {
  const isChecked = findProblems !== undefined && reason === 'stop';
  return { finishReason: reason, usage, problems: isChecked ? problemsOf(text, findProblems) : [] };
}

function problemsOf(text: string, findProblems: FindProblems): readonly string[] {
  const json = parseBoundedJson(text);
  return json.ok ? findProblems(json.value) : [`the answer ${json.message}`];
}

function outcomeOf({ problems }: AnswerEnd): RequestOutcome {
  return problems.length === 0 ? 'answered' : 'unfit';
}

interface StreamContext extends ChatDependencies {
  readonly identity: AnswerIdentity;
  readonly hasUsage: boolean;
  readonly signal: AbortSignal;
  readonly count: (outcome: RequestOutcome) => void;
  readonly findProblems: FindProblems | undefined;
}

/** A stream that fails ends with an error event and without [DONE], so that nobody takes it for a whole answer. */
async function streamAnswer(
  stream: EventStream,
  first: FirstPart,
  rest: Parts,
  { identity, hasUsage, signal, count, findProblems, logger }: StreamContext,
): Promise<void> {
  let outcome: RequestOutcome = 'cancelled';
  let text = '';
  try {
    stream.sendJson(formatChunk(identity, { role: 'assistant', content: '' }));
    for await (const part of partsFrom(first, rest)) {
      if (part.kind === 'text') {
        text += part.text;
        stream.sendJson(formatChunk(identity, { content: part.text }));
        await stream.untilWritable();
      } else {
        const end = endOf(part, text, findProblems);
        outcome = outcomeOf(end);
        stream.sendJson(formatLastChunk(identity, end));
        if (hasUsage) stream.sendJson(formatUsageChunk(identity, part.usage));
        stream.send('[DONE]');
      }
    }
  } catch (error) {
    outcome = signal.aborted ? 'cancelled' : 'failed';
    if (!signal.aborted) logger.error({ error }, 'a stream failed');
    const { error: payload } = serverError('The server could not finish this answer; its log says why.');
    stream.sendJson({ error: payload });
  } finally {
    count(outcome);
    stream.end();
    await rest.return();
  }
}
