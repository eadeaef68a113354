/** The router's chat answers, checked as far as they are used: whole bodies, and streams put together again. */
import { z } from 'zod';
import { type ModelAnswer, ModelError, type ModelUsage } from '#domain/conversation/model.ts';
import { FINISH_REASONS, type FinishReason, ToolCall } from '#domain/dialects/openai/wire-chat.ts';

const Annotation = z.object({ model: z.string(), costNanoUsd: z.number().nonnegative().nullable() });

const Usage = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
});

const Completion = z.object({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z.array(ToolCall).nullish(),
        }),
        finish_reason: z.enum(FINISH_REASONS),
      }),
    )
    .min(1),
  usage: Usage.nullish(),
  capataz: Annotation.optional(),
});

const ToolCallDelta = z.looseObject({
  index: z.int().min(0).max(1023),
  id: z.string().nullish(),
  function: z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
});
type ToolCallDelta = z.infer<typeof ToolCallDelta>;

const Chunk = z.object({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        delta: z.object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z.array(ToolCallDelta).nullish(),
        }),
        finish_reason: z.enum(FINISH_REASONS).nullish(),
      }),
    )
    .default([]),
  usage: Usage.nullish(),
  capataz: Annotation.optional(),
});

const ErrorBody = z.object({
  error: z.object({ message: z.string(), code: z.string().nullish(), type: z.string().nullish() }),
});
export type RouterError = z.infer<typeof ErrorBody>['error'];

/** Undefined when the text is no error in OpenAI's shape. */
export function parseRouterError(text: string): RouterError | undefined {
  const parsed = parseJson(text);
  return parsed.ok ? ErrorBody.safeParse(parsed.value).data?.error : undefined;
}

export function parseCompletion(text: string): ModelAnswer {
  const parsed = parseJson(text);
  const completion = parsed.ok ? Completion.safeParse(parsed.value) : undefined;
  const choice = completion?.data?.choices[0];
  if (completion?.data === undefined || choice === undefined) throw malformed();
  const { message } = choice;
  return buildAnswer({
    content: message.content ?? null,
    refusal: message.refusal ?? undefined,
    toolCalls: message.tool_calls ?? [],
    finishReason: choice.finish_reason,
    model: completion.data.model,
    usage: completion.data.usage ?? undefined,
    annotation: completion.data.capataz,
  });
}

/** One answer from its chunks. `finish` throws unless the stream came to its own end. */
export class StreamedAnswer {
  readonly #content: string[] = [];
  readonly #refusal: string[] = [];
  readonly #toolCalls: ToolCallDraft[] = [];
  #finishReason: FinishReason | undefined;
  #model: string | undefined;
  #usage: z.infer<typeof Usage> | undefined;
  #annotation: z.infer<typeof Annotation> | undefined;

  /** The text that the chunk adds. */
  push(data: string): string {
    const parsed = parseJson(data);
    const chunk = parsed.ok ? Chunk.safeParse(parsed.value).data : undefined;
    if (chunk === undefined) throw malformed();
    this.#model = chunk.model ?? this.#model;
    this.#usage = chunk.usage ?? this.#usage;
    this.#annotation = chunk.capataz ?? this.#annotation;
    const [choice] = chunk.choices;
    if (choice === undefined) return '';
    this.#finishReason = choice.finish_reason ?? this.#finishReason;
    for (const delta of choice.delta.tool_calls ?? []) this.#pushToolCall(delta);
    if (choice.delta.refusal) this.#refusal.push(choice.delta.refusal);
    const text = choice.delta.content ?? '';
    this.#content.push(text);
    return text;
  }

  finish(): ModelAnswer {
    if (this.#finishReason === undefined) {
      throw new ModelError('answer_cut', 'the answer of the model ended before it was complete');
    }
    const content = this.#content.join('');
    const refusal = this.#refusal.join('');
    return buildAnswer({
      content: content === '' ? null : content,
      refusal: refusal === '' ? undefined : refusal,
      toolCalls: this.#toolCalls.filter((draft) => draft !== undefined).map(toolCallOf),
      finishReason: this.#finishReason,
      model: this.#model,
      usage: this.#usage,
      annotation: this.#annotation,
    });
  }

  #pushToolCall({ index, id, function: call, ...others }: ToolCallDelta): void {
    const draft = (this.#toolCalls[index] ??= { name: '', pieces: [], others: {}, functionOthers: {} });
    draft.id = id ?? draft.id;
    draft.name += call?.name ?? '';
    if (call?.arguments) draft.pieces.push(call.arguments);
    const { name: _name, arguments: _arguments, ...functionOthers } = call ?? {};
    // Providers' own fields, such as signatures of hidden thought, must come back unchanged with the next request.
    Object.assign(draft.others, others);
    Object.assign(draft.functionOthers, functionOthers);
  }
}

interface ToolCallDraft {
  id?: string | undefined;
  name: string;
  readonly pieces: string[];
  readonly others: Record<string, unknown>;
  readonly functionOthers: Record<string, unknown>;
}

function toolCallOf(draft: ToolCallDraft, index: number): ToolCall {
  return {
    ...draft.others,
    id: draft.id ?? `call-${index}`,
    type: 'function',
    function: { ...draft.functionOthers, name: draft.name, arguments: draft.pieces.join('') },
  };
}

interface AnswerParts {
  readonly content: string | null;
  readonly refusal: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly model: string | undefined;
  readonly usage: z.infer<typeof Usage> | undefined;
  readonly annotation: z.infer<typeof Annotation> | undefined;
}

function buildAnswer(parts: AnswerParts): ModelAnswer {
  const { usage, refusal } = parts;
  const counted: ModelUsage | undefined = usage && {
    inputTokens: usage.prompt_tokens,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
    outputTokens: usage.completion_tokens,
  };
  return {
    model: parts.annotation?.model ?? parts.model ?? 'unknown',
    content: parts.content,
    ...(refusal === undefined ? {} : { refusal }),
    toolCalls: parts.toolCalls,
    finishReason: parts.finishReason,
    ...(counted === undefined ? {} : { usage: counted }),
    costNanoUsd: parts.annotation?.costNanoUsd ?? null,
  };
}

function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

function malformed(): ModelError {
  return new ModelError('answer_malformed', 'the router sent an answer that cannot be read');
}
