/**
 * The chat-completions and embeddings requests as real clients send them
 * (https://platform.openai.com/docs/api-reference/chat). Loose on purpose: what has no word here is kept for providers of the
 * same format.
 *
 * Null is "not given" in every optional field: `wireObject` takes nulls out before the fields are checked, so no field says
 * so by itself. Lists are checked one by one by whoever reads them, so that the first mistake is the only one that is told.
 */
import { z } from 'zod';

/** An object whose fields may be null as well as absent. Unknown fields are kept, without the nulls. */
function wireObject<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodPipe<z.ZodTransform, z.ZodObject<Shape, z.core.$loose>> {
  return z.preprocess(withoutNulls, z.looseObject(shape)) as never;
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  const given = entries.filter(([, field]) => field !== null);
  return given.length === entries.length ? value : Object.fromEntries(given);
}

/** The fields that a `wireObject` has words for. */
export function fieldsOf(schema: z.ZodPipe<z.ZodTransform, z.ZodObject>): ReadonlySet<string> {
  return new Set(Object.keys(schema.out.shape));
}

const JsonObject = z.record(z.string(), z.unknown());
const List = z.array(z.unknown(), { error: 'must be a list' });

export const WireContentPart = wireObject({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  image_url: z
    .union([z.string(), wireObject({ url: z.string(), detail: z.string().optional() })], {
      error: 'must be an object with a url',
    })
    .optional(),
  cache_control: wireObject({ type: z.string().optional(), ttl: z.string().optional() }).optional(),
});

/**
 * `extra_content` is Google's extension of the format: Gemini 3 signs its tool calls and wants the signature back with the
 * next turn. Clients that return a tool call as they got it need not know about it.
 */
export const WireToolCall = wireObject({
  id: z.string(),
  type: z.literal('function').optional(),
  function: wireObject({
    name: z.string().min(1, 'must not be empty'),
    arguments: z.union([z.string(), JsonObject], { error: 'must be JSON in a string' }).optional(),
  }),
  extra_content: wireObject({
    google: wireObject({ thought_signature: z.string().optional() }).optional(),
  }).optional(),
});

export const WireMessage = wireObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), List], { error: 'must be a text or a list of parts' }).optional(),
  name: z.string().optional(),
  refusal: z.string().optional(),
  reasoning_content: z.string().optional(),
  /** Ours: what the provider wants back with the reasoning. */
  reasoning_signature: z.string().optional(),
  tool_calls: List.optional(),
  tool_call_id: z.string().optional(),
});

export const WireTool = wireObject({
  type: z.literal('function'),
  function: wireObject({
    name: z.string().min(1, 'must not be empty'),
    description: z.string().optional(),
    parameters: JsonObject.optional(),
    strict: z.boolean().optional(),
  }),
});

/** Together and Fireworks have the schema beside `json_object`, llama.cpp beside either type. */
function withSchemaInPlace(value: unknown): unknown {
  const format = withoutNulls(value) as Readonly<Record<string, unknown>> | undefined;
  const isBeside = format?.['schema'] !== undefined && format['json_schema'] === undefined;
  return isBeside && (format['type'] === 'json_object' || format['type'] === 'json_schema')
    ? { type: 'json_schema', json_schema: { schema: format['schema'] } }
    : format;
}

const WireResponseFormat = z.preprocess(
  withSchemaInPlace,
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('text') }),
    z.looseObject({ type: z.literal('json_object') }),
    z.looseObject({
      type: z.literal('json_schema'),
      json_schema: wireObject({
        name: z.string().optional(),
        description: z.string().optional(),
        schema: JsonObject,
        strict: z.boolean().optional(),
      }),
    }),
  ]),
);

/** The last is Mistral's and Anthropic's word for the third. */
const ToolChoiceWord = z.enum(['none', 'auto', 'required', 'any']);
const WireToolChoice = z.union(
  [
    ToolChoiceWord,
    wireObject({ type: ToolChoiceWord }),
    wireObject({
      type: z.literal('allowed_tools'),
      allowed_tools: wireObject({ mode: ToolChoiceWord.optional(), tools: List }),
    }),
    wireObject({ type: z.literal('function'), function: wireObject({ name: z.string() }) }),
    // Of the Responses API, and of Anthropic's.
    wireObject({ type: z.enum(['function', 'tool']), name: z.string() }),
  ],
  { error: 'must be "none", "auto", "required" or {"type":"function","function":{"name":...}}' },
);

/** Local servers, and clients made for them, write -1 for no limit. */
const Limit = z
  .preprocess((limit) => (limit === -1 ? undefined : limit), z.int().positive().optional())
  .optional();

export const WireChatRequest = wireObject({
  model: z.string(),
  messages: List,
  stream: z.boolean().optional(),
  stream_options: wireObject({ include_usage: z.boolean().optional() }).optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  top_k: z.int().optional(),
  presence_penalty: z.number().optional(),
  frequency_penalty: z.number().optional(),
  max_tokens: Limit,
  max_completion_tokens: Limit,
  stop: z.union([z.string(), List], { error: 'must be a text or a list of texts' }).optional(),
  seed: z.int().optional(),
  n: z.int().positive().max(128).optional(),
  tools: List.optional(),
  tool_choice: WireToolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: WireResponseFormat.optional(),
  reasoning_effort: z.string().optional(),
  user: z.string().optional(),
});
export type WireChatRequest = z.infer<typeof WireChatRequest>;

export const WireEmbeddingsRequest = wireObject({
  model: z.string(),
  input: z.union([z.string(), List], { error: 'must be a text, a list of texts, or tokens' }),
  dimensions: z.int().positive().optional(),
  encoding_format: z.enum(['float', 'base64']).optional(),
  user: z.string().optional(),
});
