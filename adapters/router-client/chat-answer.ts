/** The router's chat answers: read by its own dialect, and what the router adds to them. */
import { z } from 'zod';
import type { AnswerPart, FinishReason } from '#domain/chat/chat-answer.ts';
import type { ChatRequest, ToolCall } from '#domain/chat/chat-request.ts';
import { type TokenUsage, totalInputTokens } from '#domain/chat/token-usage.ts';
import { type ModelAnswer, ModelError } from '#domain/conversation/model.ts';
import type { AnswerStreamReader } from '#domain/dialects/dialect.ts';
import { ROUTER_DIALECT } from '#domain/dialects/openai/provider.ts';
import { parseJson } from '#domain/dialects/read-failure.ts';

const Annotation = z.object({ model: z.string(), costNanoUsd: z.number().nonnegative().nullable() });
type Annotation = z.infer<typeof Annotation>;

const ErrorBody = z.object({
  error: z.object({ message: z.string(), code: z.string().nullish(), type: z.string().nullish() }),
});
export type RouterError = z.infer<typeof ErrorBody>['error'];

/** Undefined when the text is no error in OpenAI's shape. */
export function parseRouterError(text: string): RouterError | undefined {
  // Nearly every event is a piece of text: it is looked at once only.
  return text.includes('"error"') ? ErrorBody.safeParse(parseJson(text)).data?.error : undefined;
}

export function parseCompletion(text: string, request: ChatRequest): ModelAnswer {
  const read = ROUTER_DIALECT.readChatAnswer(text, request);
  const choice = read.ok ? read.value.choices[0] : undefined;
  if (!read.ok || choice === undefined) throw malformed();
  const { text: content, toolCalls, finishReason, refusal, reasoning, reasoningSignature } = choice;
  return buildAnswer(
    {
      content,
      toolCalls,
      finishReason,
      refusal: refusal ?? '',
      reasoning: reasoning ?? '',
      reasoningSignature,
    },
    read.value,
    annotationIn(read.value.extensions?.fields),
  );
}

/** One answer from its chunks. `finish` throws unless the stream came to its own end. */
export class StreamedAnswer {
  readonly #reader: AnswerStreamReader;
  readonly #pieces = { text: [] as string[], reasoning: [] as string[], refusal: [] as string[] };
  readonly #toolCalls: { readonly call: ToolCall; readonly pieces: string[] }[] = [];
  #finishReason: FinishReason | undefined;
  #signature: string | undefined;
  #model: string | undefined;
  #usage: TokenUsage | undefined;
  #annotation: Annotation | undefined;
  #saysFinish = false;
  #isComplete = false;

  constructor(request: ChatRequest) {
    this.#reader = ROUTER_DIALECT.createStreamReader(request);
  }

  /** The text that the event adds. */
  push(data: string): string {
    if (data.includes('"capataz"')) this.#annotation = annotationIn(parseJson(data)) ?? this.#annotation;
    // The reader makes up a reason that a server forgot; the router never forgets it, unless the answer was cut.
    this.#saysFinish ||= data.includes('"finish_reason":"');
    const parts = this.#reader.push({ data });
    for (const part of parts) this.#take(part);
    return parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
  }

  finish(): ModelAnswer {
    if (!this.#isComplete || !this.#saysFinish || this.#finishReason === undefined) {
      throw new ModelError('answer_cut', 'the answer of the model ended before it was complete');
    }
    const content = this.#pieces.text.join('');
    return buildAnswer(
      {
        content: content === '' ? null : content,
        toolCalls: this.#toolCalls.map(({ call, pieces }) => ({ ...call, argumentsText: pieces.join('') })),
        finishReason: this.#finishReason,
        refusal: this.#pieces.refusal.join(''),
        reasoning: this.#pieces.reasoning.join(''),
        reasoningSignature: this.#signature,
      },
      { servedModel: this.#model, usage: this.#usage },
      this.#annotation,
    );
  }

  #take(part: AnswerPart): void {
    if ('choice' in part) {
      this.#takeContent(part);
      return;
    }
    switch (part.kind) {
      case 'start':
      case 'served':
        this.#model = part.servedModel ?? this.#model;
        break;
      case 'usage':
        this.#usage = part.usage;
        break;
      case 'failure':
        throw malformed();
      case 'end':
        this.#isComplete = true;
        break;
    }
  }

  #takeContent(part: Extract<AnswerPart, { readonly choice: number }>): void {
    switch (part.kind) {
      case 'text':
      case 'refusal':
      case 'reasoning':
        this.#pieces[part.kind].push(part.text);
        if (part.kind === 'reasoning') this.#signature = part.signature ?? this.#signature;
        break;
      case 'toolCall': {
        const { id, name, signature } = part;
        const call = { id, name, argumentsText: '', ...(signature !== undefined && { signature }) };
        this.#toolCalls[part.call] = { call, pieces: [] };
        break;
      }
      case 'toolArguments':
        this.#toolCalls[part.call]?.pieces.push(part.text);
        break;
      case 'finish':
        this.#finishReason = part.reason;
        break;
    }
  }
}

interface Said {
  readonly content: string | null;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly refusal: string;
  readonly reasoning: string;
  readonly reasoningSignature: string | undefined;
}

function buildAnswer(
  { content, toolCalls, finishReason, refusal, reasoning: text, reasoningSignature: signature }: Said,
  {
    servedModel,
    usage,
  }: { readonly servedModel?: string | undefined; readonly usage?: TokenUsage | undefined },
  annotation: Annotation | undefined,
): ModelAnswer {
  const hasReasoning = text !== '' || signature !== undefined;
  const reasoning = { text, ...(signature !== undefined && { signature }) };
  return {
    model: annotation?.model ?? servedModel ?? 'unknown',
    content,
    ...(refusal !== '' && { refusal }),
    ...(hasReasoning && { reasoning }),
    toolCalls,
    finishReason,
    ...(usage !== undefined && { usage: modelUsageOf(usage) }),
    costNanoUsd: annotation?.costNanoUsd ?? null,
  };
}

function modelUsageOf(usage: TokenUsage): NonNullable<ModelAnswer['usage']> {
  const { cachedInputTokens, outputTokens } = usage;
  return { inputTokens: totalInputTokens(usage), cachedInputTokens, outputTokens };
}

function annotationIn(answer: unknown): Annotation | undefined {
  return z.object({ capataz: Annotation }).safeParse(answer).data?.capataz;
}

function malformed(): ModelError {
  return new ModelError('answer_malformed', 'the router sent an answer that cannot be read');
}
