/**
 * Which fields of a chat request a foreign provider can take. A field that changes the meaning of the answer is
 * never dropped in silence: it is mapped, or it is here with the value that asks for nothing, or it is refused.
 */
import type { ChatRequest } from './openai-chat.ts';

/** Fields that every dialect of our own maps. */
const MAPPED = new Set([
  'model',
  'messages',
  'stream',
  'temperature',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
]);

/** Fields about storage, routing and transport: the answer is the same without them. */
const WITHOUT_EFFECT_ON_THE_ANSWER = new Set([
  'stream_options',
  'user',
  'safety_identifier',
  'metadata',
  'store',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
]);

/** Values that say what the provider does anyway. */
const NEUTRAL = new Map<string, (value: unknown) => boolean>(
  Object.entries({
    n: (value) => value === 1,
    logprobs: (value) => value === false,
    top_logprobs: (value) => value === 0,
    presence_penalty: (value) => value === 0,
    frequency_penalty: (value) => value === 0,
    service_tier: (value) => value === 'auto' || value === 'default',
    modalities: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
    logit_bias: (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0,
  }),
);

/** One sentence on the first field that `provider` cannot take, or undefined. `mapped` are those it maps on top. */
export function problemOfFields(
  request: ChatRequest,
  provider: string,
  mapped: readonly string[],
): string | undefined {
  const refused = Object.entries(request).find(
    ([field, value]) =>
      value !== null &&
      value !== undefined &&
      !MAPPED.has(field) &&
      !WITHOUT_EFFECT_ON_THE_ANSWER.has(field) &&
      !mapped.includes(field) &&
      NEUTRAL.get(field)?.(value) !== true,
  );
  if (refused !== undefined) {
    const wanted = refused[0] === 'n' ? 'more than one choice (n)' : `the field ${refused[0]}`;
    return `${provider} cannot do ${wanted} of this request: leave it out or use another model.`;
  }
  const named = request.messages.findIndex(({ role, name }) => role === 'user' && name !== undefined);
  return named === -1
    ? undefined
    : `${provider} cannot tell participants apart by messages.${named}.name: write the name into the text.`;
}
