/** What callers of the Messages API send. Optional fields may be null; what is not named here is kept as it came. */
import { z } from 'zod';

export const MAXIMUM_MESSAGES = 10_000;
export const MAXIMUM_BLOCKS = 5000;
export const MAXIMUM_TOOLS = 1000;
const MAXIMUM_STOPS = 100;

const Text = z.string().nullish();
const WireObject = z.record(z.string(), z.unknown());

export const WireBlock = z.looseObject({ type: z.string().min(1), cache_control: z.unknown().optional() });
export type WireBlock = z.infer<typeof WireBlock>;

export const WireTextBlock = z.looseObject({ type: z.literal('text'), text: z.string() });
export const WireImageBlock = z.looseObject({
  type: z.literal('image'),
  source: z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('url'), url: z.string() }),
    z.looseObject({ type: z.literal('base64'), media_type: z.string(), data: z.string() }),
    z.looseObject({ type: z.literal('file'), file_id: z.string() }),
  ]),
});
export const WireToolUse = z.looseObject({
  id: z.string().min(1),
  name: z.string().min(1),
  input: WireObject.nullish(),
});
export const WireToolResult = z.looseObject({
  tool_use_id: z.string().min(1),
  content: z.union([z.string(), z.array(z.unknown())]).nullish(),
  is_error: z.boolean().nullish(),
});
export const WireThinking = z.looseObject({ thinking: Text, signature: Text, data: Text });

export const WireMessage = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(z.unknown())]),
});

export const WireTool = z.looseObject({
  name: z.string().min(1),
  type: Text,
  description: Text,
  input_schema: WireObject.nullish(),
  strict: z.boolean().nullish(),
});

export const WireRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.unknown()).min(1),
  system: z.union([z.string(), z.array(z.unknown())]).nullish(),
  max_tokens: z.int().positive().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.int().nullish(),
  stop_sequences: z.array(z.string()).max(MAXIMUM_STOPS).nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z
    .looseObject({
      type: z.enum(['auto', 'any', 'tool', 'none']),
      name: Text,
      disable_parallel_tool_use: z.boolean().nullish(),
    })
    .nullish(),
  metadata: z.looseObject({ user_id: Text }).nullish(),
  thinking: z.looseObject({ type: z.string() }).nullish(),
  output_config: z
    .looseObject({
      effort: Text,
      format: z.looseObject({ type: z.literal('json_schema'), schema: WireObject }).nullish(),
    })
    .nullish(),
});
export type WireRequest = z.infer<typeof WireRequest>;
