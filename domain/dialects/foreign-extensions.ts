/**
 * What becomes of the fields of one dialect at a provider of another. A field that changes the meaning of the answer is never
 * dropped in silence: it has a neutral word, or its value asks for nothing, or the provider is not asked.
 */
import type { ChatMessage, ChatRequest, Content } from '#domain/chat/chat-request.ts';
import type { DialectName, Extensions } from '#domain/chat/extensions.ts';

type Check = (value: unknown) => boolean;
const ANY: Check = () => true;
const NOTHING: Check = (value) =>
  value === false || value === 0 || (Array.isArray(value) && value.length === 0) || isEmptyObject(value);

/** By dialect, the fields of a request of which some values change nothing in the answer of another provider. */
const WITHOUT_EFFECT: Readonly<Record<DialectName, ReadonlyMap<string, Check>>> = {
  openai: new Map<string, Check>(
    Object.entries({
      // About storage, routing and transport: the answer is the same without them.
      safety_identifier: ANY,
      metadata: ANY,
      store: ANY,
      prompt_cache_key: ANY,
      prompt_cache_retention: ANY,
      prompt_cache_options: ANY,
      stream_options: ANY,
      cache_control: ANY,
      // A guess at the answer that makes it come sooner.
      prediction: ANY,
      // Values that say what a provider does anyway.
      verbosity: (value) => value === 'medium',
      logprobs: NOTHING,
      top_logprobs: NOTHING,
      logit_bias: NOTHING,
      service_tier: (value) => value === 'auto' || value === 'default',
      modalities: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
      min_p: NOTHING,
      repetition_penalty: (value) => value === 1,
      chat_template_kwargs: NOTHING,
    }),
  ),
  anthropic: new Map<string, Check>(
    Object.entries({
      cache_control: ANY,
      service_tier: (value) => value === 'auto' || value === 'standard_only',
      // How much is thought is left to the model, as elsewhere.
      thinking: (value) =>
        typeof value === 'object' && value !== null && 'type' in value && value.type === 'adaptive',
      eager_input_streaming: ANY,
      defer_loading: NOTHING,
    }),
  ),
  gemini: new Map<string, Check>(Object.entries({ labels: ANY, store: ANY })),
};

/** One sentence on the first field or part that only its own dialect has words for; `provider` is what the sentence calls it. */
export function problemOfExtensions(
  request: ChatRequest,
  dialect: DialectName,
  provider: string,
): string | undefined {
  const field = foreignField(request.extensions, dialect);
  if (field !== undefined) {
    return `${provider} cannot do the field ${field} of this request: leave it out or use another model.`;
  }
  for (const [position, tool] of request.tools.entries()) {
    const own = foreignField(tool.extensions, dialect);
    if (own !== undefined) {
      return `${provider} cannot do the field ${own} of tools.${position}: leave it out or use another model.`;
    }
  }
  for (const [position, message] of request.messages.entries()) {
    const part = foreignPart(message, dialect);
    if (part !== undefined) {
      return `messages.${position}.content.${part.position} is of type ${JSON.stringify(part.type)}, which ${provider} does not know: send text and images only.`;
    }
  }
  return undefined;
}

function foreignField(extensions: Extensions | undefined, dialect: DialectName): string | undefined {
  return extensions?.dialect === dialect ? undefined : fieldWithEffect(extensions);
}

/** The first field whose value asks for something, by its name on the wire. */
export function fieldWithEffect(extensions: Extensions | undefined): string | undefined {
  if (extensions === undefined) return undefined;
  const harmless = WITHOUT_EFFECT[extensions.dialect];
  return Object.entries(extensions.fields).find(
    ([field, value]) => value !== null && value !== undefined && harmless.get(field)?.(value) !== true,
  )?.[0];
}

function foreignPart(
  { content }: ChatMessage,
  dialect: DialectName,
): { readonly position: number; readonly type: string } | undefined {
  for (const [position, part] of partsOf(content).entries()) {
    if (part.kind === 'foreign' && part.extensions.dialect !== dialect) {
      return { position, type: part.type.slice(0, 40) };
    }
  }
  return undefined;
}

function partsOf(content: Content | null): Exclude<Content, string> {
  return typeof content === 'string' || content === null ? [] : content;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
