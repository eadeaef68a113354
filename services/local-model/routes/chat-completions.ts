/** POST /v1/chat/completions: https://platform.openai.com/docs/api-reference/chat */
import type { FastifyInstance } from 'fastify';
import type { GenerationPart, GenerationRequest, GenerationUsage } from '#adapters/llama/language-model.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { AnswerStreamWriter } from '#domain/dialects/dialect.ts';
import { OPENAI_FRONT } from '#domain/dialects/openai/front.ts';
import type { FindProblems } from '#domain/json-schema/compile-json-schema.ts';
import { type EventStream, eventStreamOf } from '#process/http/event-stream.ts';
import type { AdmissionQueue } from '../admission-queue.ts';
import type { LocalModelDependencies } from '../app.ts';
import { type GeneratedEnd, answerOf, endOf } from '../generated-answer.ts';
import { type Generation, toGeneration } from '../generation-request.ts';
import type { RequestOutcome } from '../metrics.ts';
import {
  CUT_BY_MISTAKE,
  type Understood,
  modelNotFound,
  refusalOfAbort,
  refusalOfError,
  sendJsonText,
  sendRefusal,
  understood,
} from '../refusals.ts';
import { abortWithClient } from '../request-abort.ts';

export interface ChatDependencies extends LocalModelDependencies {
  readonly queue: AdmissionQueue;
}

export function registerChatCompletions(app: FastifyInstance, dependencies: ChatDependencies): void {
  const { chatModel, metrics } = dependencies;
  app.post('/v1/chat/completions', async (request, reply) => {
    const signal = abortWithClient(reply, dependencies.shutdown);
    const count = (outcome: RequestOutcome): void => metrics.requests.inc({ kind: 'chat', outcome });
    const asked = readRequest(request.body, dependencies);
    if (!asked.ok) {
      count('refused');
      return sendRefusal(reply, asked.refusal);
    }
    const { chat, generation } = asked.value;
    const { findProblems } = generation;
    const identity = {
      id: `chatcmpl-${dependencies.newId()}`,
      createdSeconds: Math.floor(dependencies.now() / 1000),
      model: chatModel.id,
    };
    const parts = generateAdmitted(generation.request, signal, dependencies);
    try {
      // Everything a request can be refused for shows before the first part, while a status can still be sent.
      const first = await parts.next();
      if (chat.stream === undefined) {
        const { text, end } = await collect(first, parts, findProblems);
        count(outcomeOf(end));
        return sendJsonText(reply, OPENAI_FRONT.writeChatAnswer(answerOf(text, end), identity));
      }
      const stream = eventStreamOf(reply, { keepAliveSeconds: 15, stallSeconds: 30 });
      const writer = OPENAI_FRONT.createStreamWriter(chat, identity);
      const requestId = request.id;
      await streamAnswer(stream, first, parts, {
        writer,
        requestId,
        signal,
        count,
        findProblems,
        ...dependencies,
      });
      return await reply;
    } catch (error) {
      if (signal.aborted) {
        count('cancelled');
        return sendRefusal(reply, refusalOfAbort(signal));
      }
      const refusal = refusalOfError(error, 'messages');
      count(refusal === undefined ? 'failed' : 'refused');
      if (refusal === undefined) throw error;
      return sendRefusal(reply, refusal);
    }
  });
}

interface AskedGeneration {
  readonly chat: ChatRequest;
  readonly generation: Generation;
}

function readRequest(
  body: unknown,
  { chatModel, defaultOutputTokens }: ChatDependencies,
): Understood<AskedGeneration> {
  const chat = understood(OPENAI_FRONT.readChatRequest(body));
  if (!chat.ok) return chat;
  if (chat.value.model !== chatModel.id) return modelNotFound(chat.value.model, [chatModel.id]);
  const generation = toGeneration(chat.value, defaultOutputTokens);
  if (!generation.ok) return generation;
  return { ok: true, value: { chat: chat.value, generation: generation.value } };
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
): Promise<{ readonly text: string; readonly end: GeneratedEnd }> {
  let text = '';
  for await (const part of partsFrom(first, rest)) {
    if (part.kind === 'text') text += part.text;
    else return { text, end: endOf(part, text, findProblems) };
  }
  throw new Error('the model ended an answer without its end part');
}

function outcomeOf({ extensions }: GeneratedEnd): RequestOutcome {
  return extensions === undefined ? 'answered' : 'unfit';
}

interface StreamContext extends ChatDependencies {
  readonly writer: AnswerStreamWriter;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly count: (outcome: RequestOutcome) => void;
  readonly findProblems: FindProblems | undefined;
}

/** A stream that fails ends with an error event and without [DONE], so that nobody takes it for a whole answer. */
async function streamAnswer(
  stream: EventStream,
  first: FirstPart,
  rest: Parts,
  { writer, requestId, signal, count, findProblems, logger }: StreamContext,
): Promise<void> {
  let outcome: RequestOutcome = 'cancelled';
  let text = '';
  const writeText = (piece: string): void =>
    stream.write(writer.write({ kind: 'text', choice: 0, text: piece }));
  try {
    // Says who speaks, before there is anything to say.
    writeText('');
    for await (const part of partsFrom(first, rest)) {
      if (part.kind === 'text') {
        text += part.text;
        writeText(part.text);
        await stream.untilWritable();
      } else {
        const end = endOf(part, text, findProblems);
        const { finishReason: reason, usage, ...own } = end;
        outcome = outcomeOf(end);
        stream.write(writer.write({ kind: 'finish', choice: 0, reason, ...own }) + writer.end(usage));
      }
    }
  } catch (error) {
    outcome = signal.aborted ? 'cancelled' : 'failed';
    if (!signal.aborted) logger.error({ error, requestId }, 'a stream failed');
    stream.write(writer.fail(signal.aborted ? refusalOfAbort(signal) : CUT_BY_MISTAKE));
  } finally {
    count(outcome);
    stream.end();
    await rest.return();
  }
}
