/** From a neutral request to OpenAI, and to the servers that speak its format: nearly, but not quite, the same. */
import type { AnswerFormat, ChatMessage, ChatRequest } from '#domain/chat/chat-request.ts';
import type { EmbeddingsRequest } from '#domain/chat/embeddings.ts';
import type { ProviderRequest, ProviderTarget, Written } from '../dialect.ts';
import { UNCHANGED_NAMES } from '../tool-names.ts';
import { problemOfExtensions } from '../foreign-extensions.ts';
import type { OpenAiFlavour } from './flavour.ts';
import { type ModelAbilities, abilitiesOf, nearestEffort } from './model-abilities.ts';
import { formatInWords } from '../schema-in-words.ts';
import { withItems } from './array-items.ts';
import { fitsStrict } from './strict-schema.ts';
import { openAiToolNames } from './tool-call-naming.ts';
import { fieldsForOpenAi, problemOfFields } from './vendor-fields.ts';
import { type WireObject, objectOf } from './wire-values.ts';
import { writeMessages } from './write-messages.ts';
import { writeSampling } from './write-sampling.ts';
import { writeTools } from './write-tools.ts';

export function writeOpenAiChatRequest(
  flavour: OpenAiFlavour,
  request: ChatRequest,
  target: ProviderTarget,
): Written<ProviderRequest> {
  const { model } = target;
  const abilities = abilitiesOf(model);
  const problem =
    problemOfExtensions(request, 'openai', flavour === 'OpenAI' ? 'OpenAI' : `The server of ${model}`) ??
    (flavour === 'OpenAI' ? problemOfFields(request, model, abilities) : undefined);
  if (problem !== undefined) return { ok: false, problem };
  const names = flavour === 'Capataz' ? UNCHANGED_NAMES : openAiToolNames(request);
  const messages = writeMessages(request, flavour, names);
  if (!messages.ok) return messages;
  const sampling = writeSampling(request, model, flavour, abilities);
  if (!sampling.ok) return sampling;
  const tools = writeTools(request, flavour, abilities, names);
  if (!tools.ok) return tools;
  const format = writeFormat(request, flavour);
  if (!format.ok) return format;
  const body = {
    ...ownFields(request, flavour, abilities),
    model,
    messages: [...format.value.words, ...messages.value],
    ...limitField(request.maximumOutputTokens, flavour, abilities),
    ...sampling.value,
    ...tools.value,
    ...format.value.fields,
    ...effortField(request.reasoningEffort, abilities),
    ...(request.choiceCount !== undefined && { n: request.choiceCount }),
    ...(request.endUser !== undefined && { user: request.endUser }),
    ...streamFields(request),
  };
  return { ok: true, value: post(target, '/chat/completions', body) };
}

/** The fields of this format for which there is no neutral word. `stream_options` is written with the stream. */
function ownFields(
  { extensions }: ChatRequest,
  flavour: OpenAiFlavour,
  abilities: ModelAbilities,
): WireObject {
  if (extensions?.dialect !== 'openai') return {};
  const { stream_options: _options, ...fields } = extensions.fields;
  return flavour === 'OpenAI' ? fieldsForOpenAi(fields, abilities) : fields;
}

/** OpenAI refuses max_tokens for its reasoning models; most other servers know no other name. */
function limitField(
  limit: number | undefined,
  flavour: OpenAiFlavour,
  { isReasoning }: ModelAbilities,
): object {
  if (limit === undefined) return {};
  return flavour !== 'OpenAICompatible' || isReasoning
    ? { max_completion_tokens: limit }
    : { max_tokens: limit };
}

function effortField(effort: string | undefined, abilities: ModelAbilities): object {
  const nearest = nearestEffort(effort, abilities);
  return nearest === undefined ? {} : { reasoning_effort: nearest };
}

/** Without include_usage a stream has no usage at all, and what cannot be counted cannot be billed. */
function streamFields({ stream, extensions }: ChatRequest): object {
  if (stream === undefined) return {};
  const own = extensions?.dialect === 'openai' ? objectOf(extensions.fields['stream_options']) : undefined;
  return { stream: true, stream_options: { ...own, include_usage: true } };
}

interface WrittenFormat {
  readonly fields: { readonly response_format?: object };
  /** What must be said, because OpenAI would refuse the field alone. */
  readonly words: readonly object[];
}

function writeFormat({ format, messages }: ChatRequest, flavour: OpenAiFlavour): Written<WrittenFormat> {
  if (format === undefined) return { ok: true, value: { fields: {}, words: [] } };
  if (format.kind === 'jsonObject') {
    // OpenAI refuses to answer in JSON when no message speaks of it.
    const isSilent = flavour === 'OpenAI' && !messages.some(speaksOfJson);
    const words = isSilent ? [developer('Answer with one JSON object.')] : [];
    return { ok: true, value: { fields: { response_format: { type: 'json_object' } }, words } };
  }
  // A schema whose root is no object is refused there, strict or not.
  if (flavour !== 'OpenAI' || format.schema['type'] === 'object') {
    return { ok: true, value: { fields: { response_format: schemaFormat(format, flavour) }, words: [] } };
  }
  return format.isStrict === true
    ? {
        ok: false,
        problem: 'OpenAI holds answers to schemas of objects only: leave "strict" out or use another model.',
      }
    : { ok: true, value: { fields: {}, words: [developer(formatInWords(format))] } };
}

/** `strict` only where the schema is one that OpenAI takes so: any other is refused there, and else taken as it is. */
function schemaFormat(
  { name, description, schema, isStrict }: Extract<AnswerFormat, { readonly kind: 'jsonSchema' }>,
  flavour: OpenAiFlavour,
): object {
  const isFit = flavour !== 'OpenAI' || isStrict !== true || fitsStrict(schema);
  return {
    type: 'json_schema',
    json_schema: {
      name: name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'answer',
      ...(description !== undefined && { description }),
      schema: flavour === 'OpenAI' ? withItems(schema) : schema,
      ...(isStrict !== undefined && { strict: isStrict && isFit }),
    },
  };
}

function developer(content: string): object {
  return { role: 'developer', content };
}

function speaksOfJson({ content }: ChatMessage): boolean {
  if (typeof content === 'string') return /json/i.test(content);
  return (content ?? []).some((part) => part.kind === 'text' && /json/i.test(part.text));
}

/** Tokens go along as they are: they are the model's own. */
export function writeOpenAiEmbeddingsRequest(
  { inputs, dimensions, encoding, endUser, extensions }: EmbeddingsRequest,
  target: ProviderTarget,
): Written<ProviderRequest> {
  if (extensions !== undefined && extensions.dialect !== 'openai') {
    const field = Object.keys(extensions.fields)[0] ?? '';
    return { ok: false, problem: `${target.model} cannot do the field ${field} of this request.` };
  }
  const body = {
    ...extensions?.fields,
    model: target.model,
    input: inputs.kind === 'texts' ? inputs.texts : inputs.tokens,
    ...(dimensions !== undefined && { dimensions }),
    // Numbers are what every server answers when it is not told; not every one knows the field.
    ...(encoding === 'base64' && { encoding_format: encoding }),
    ...(endUser !== undefined && { user: endUser }),
  };
  return { ok: true, value: post(target, '/embeddings', body) };
}

export function writeOpenAiProbeRequest(target: ProviderTarget): ProviderRequest {
  return { method: 'GET', url: `${target.endpoint}/models`, headers: authorization(target) };
}

function post(target: ProviderTarget, path: string, body: object): ProviderRequest {
  return {
    method: 'POST',
    url: `${target.endpoint}${path}`,
    headers: { 'content-type': 'application/json', ...authorization(target) },
    body: JSON.stringify(body),
  };
}

function authorization(target: ProviderTarget): Record<string, string> {
  return target.apiKey === undefined ? {} : { authorization: `Bearer ${target.apiKey}` };
}
