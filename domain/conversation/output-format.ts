/** What an answer must be, how the model is told so, and the check that no answer goes around. */
import { BODY_BOUNDS, parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { AnswerFormat } from '#domain/chat/chat-request.ts';
import { type JsonSchema, compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';

const OUTPUT_BOUNDS = { ...BODY_BOUNDS, depth: 64 };

export interface OutputFormat {
  readonly kind: 'text' | 'json';
  /** What the model is asked for; absent for text. */
  readonly asked?: AnswerFormat;
  /** The value of an answer, or all that is wrong with it. */
  readonly check: (content: string) => OutputCheck;
}

export type OutputCheck =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly string[] };

export type OutputFormatResult =
  | { readonly ok: true; readonly format: OutputFormat }
  | { readonly ok: false; readonly message: string };

/** The Agent's output.schema comes first, then the prompt's; `format: json` alone asks for any JSON. */
export function buildOutputFormat(
  agentSchema: JsonSchema | undefined,
  promptOutput: { readonly format?: 'json' | 'text'; readonly schema?: JsonSchema },
): OutputFormatResult {
  const schema = agentSchema ?? promptOutput.schema;
  if (schema !== undefined) return schemaFormat(schema);
  return { ok: true, format: promptOutput.format === 'json' ? ANY_JSON : TEXT };
}

const TEXT: OutputFormat = {
  kind: 'text',
  check: (content) =>
    content.trim() === '' ? { ok: false, problems: ['the answer is empty'] } : { ok: true, value: content },
};

const ANY_JSON: OutputFormat = {
  kind: 'json',
  asked: { kind: 'jsonObject' },
  check: parseJson,
};

function schemaFormat(schema: JsonSchema): OutputFormatResult {
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) return { ok: false, message: `the output schema is not valid: ${compiled.message}` };
  const check = (content: string): OutputCheck => {
    const parsed = parseJson(content);
    if (!parsed.ok) return parsed;
    const problems = compiled.findProblems(parsed.value);
    return problems.length === 0 ? parsed : { ok: false, problems };
  };
  // `strict` is left out: the providers' strict modes take only a part of JSON Schema, and the check here is whole.
  const asked = { kind: 'jsonSchema', name: 'answer', schema } as const;
  return { ok: true, format: { kind: 'json', asked, check } };
}

function parseJson(content: string): OutputCheck {
  const parsed = parseBoundedJson(withoutCodeFence(content.trim()), OUTPUT_BOUNDS);
  return parsed.ok ? parsed : { ok: false, problems: [`the answer ${parsed.message}`] };
}

const FENCE = '```';

/** A model without native JSON output often wraps it in one code fence; nothing else is forgiven. */
function withoutCodeFence(text: string): string {
  const endOfFirstLine = text.indexOf('\n');
  if (!text.startsWith(FENCE) || !text.endsWith(`\n${FENCE}`)) return text;
  const language = text.slice(FENCE.length, endOfFirstLine).trim();
  return language === '' || language === 'json' ? text.slice(endOfFirstLine + 1, -FENCE.length) : text;
}
