/** What the model has generated, in the neutral words of an answer. */
import type { GenerationPart } from '#adapters/llama/language-model.ts';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { ChatAnswer, FinishReason } from '#domain/chat/chat-answer.ts';
import type { Extensions } from '#domain/chat/extensions.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { FindProblems } from '#domain/json-schema/compile-json-schema.ts';

export interface GeneratedEnd {
  readonly finishReason: FinishReason;
  readonly usage: TokenUsage;
  /**
   * `schema_problems`: what does not fit the schema that was asked for, of which the grammar may have kept only a part.
   * OpenAI's format has no word for it. Absent when the answer fits.
   */
  readonly extensions?: Extensions;
}

/** An answer that was cut says so itself; only a whole one is held against its schema. */
export function endOf(
  { reason, usage }: Extract<GenerationPart, { kind: 'end' }>,
  text: string,
  findProblems: FindProblems | undefined,
): GeneratedEnd {
  const problems = findProblems === undefined || reason !== 'stop' ? [] : problemsOf(text, findProblems);
  return {
    finishReason: reason,
    usage: {
      inputTokens: usage.promptTokens - usage.cachedPromptTokens,
      cachedInputTokens: usage.cachedPromptTokens,
      cacheWriteTokens: 0,
      outputTokens: usage.outputTokens,
    },
    ...(problems.length > 0 && {
      extensions: { dialect: 'openai', fields: { schema_problems: problems } },
    }),
  };
}

export function answerOf(text: string, { finishReason, usage, extensions }: GeneratedEnd): ChatAnswer {
  const choice = { index: 0, text, toolCalls: [], finishReason };
  return { choices: [extensions === undefined ? choice : { ...choice, extensions }], usage };
}

function problemsOf(text: string, findProblems: FindProblems): readonly string[] {
  const json = parseBoundedJson(text);
  return json.ok ? findProblems(json.value) : [`the answer ${json.message}`];
}
