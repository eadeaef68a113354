/** From the front format to OpenAI and to the servers that speak its format: nearly, but not quite, the same. */
import { createHash } from 'node:crypto';
import type { Parsed, ProviderRequest, ProviderTarget } from './dialect.ts';
import { refuse } from './malformed-answer.ts';
import type { ChatMessage, ChatRequest, EmbeddingsRequest, ToolCall } from './openai-chat.ts';

export type OpenAiFlavour = 'OpenAI' | 'OpenAICompatible';

export function openAiChatRequest(
  flavour: OpenAiFlavour,
  request: ChatRequest,
  target: ProviderTarget,
): Parsed<ProviderRequest> {
  const problem = problemOfChatRequest(flavour, request);
  if (problem !== undefined) return refuse(problem);
  const {
    max_tokens: maxTokens,
    max_completion_tokens: maxCompletionTokens,
    stream_options: streamOptions,
    tools,
    tool_choice: toolChoice,
    ...rest
  } = request;
  const outputLimit = maxCompletionTokens ?? maxTokens;
  const body = {
    ...rest,
    model: target.model,
    messages: request.messages.map((message) => messageFor(flavour, message)),
    // OpenAI refuses max_tokens for its reasoning models; most other servers know no other name.
    ...(outputLimit && { [flavour === 'OpenAI' ? 'max_completion_tokens' : 'max_tokens']: outputLimit }),
    // An empty list of tools means no tools, but is refused by OpenAI.
    ...(tools !== undefined &&
      tools.length > 0 && { tools, ...(toolChoice !== undefined && { tool_choice: toolChoice }) }),
    // Without it a stream has no usage at all, and what cannot be counted cannot be billed.
    ...(request.stream === true && { stream_options: { ...streamOptions, include_usage: true } }),
  };
  return { ok: true, value: post(target, '/chat/completions', body) };
}

export function openAiEmbeddingsRequest(
  request: EmbeddingsRequest,
  target: ProviderTarget,
): Parsed<ProviderRequest> {
  return { ok: true, value: post(target, '/embeddings', { ...request, model: target.model }) };
}

export function openAiProbeRequest(target: ProviderTarget): ProviderRequest {
  return { method: 'GET', url: `${target.endpoint}/models`, headers: authorization(target) };
}

/** Null means "not given" in this format, but not every server that speaks it knows that. */
function post(target: ProviderTarget, path: string, body: object): ProviderRequest {
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  return {
    method: 'POST',
    url: `${target.endpoint}${path}`,
    headers: { 'content-type': 'application/json', ...authorization(target) },
    body: JSON.stringify(given),
  };
}

function authorization(target: ProviderTarget): Record<string, string> {
  return target.apiKey === undefined ? {} : { authorization: `Bearer ${target.apiKey}` };
}

function problemOfChatRequest(flavour: OpenAiFlavour, request: ChatRequest): string | undefined {
  if (request['functions'] !== undefined || request['function_call'] !== undefined) {
    return 'The fields functions and function_call are the retired form of tools: send tools and tool_choice.';
  }
  if (flavour === 'OpenAICompatible') return undefined;
  // Everything below is billed by OpenAI at rates that the token price of a Model does not tell.
  const tier = request['service_tier'];
  if (tier !== undefined && tier !== null && tier !== 'auto' && tier !== 'default') {
    return 'service_tier other than "auto" or "default" changes the price of tokens: leave it out.';
  }
  if (request['web_search_options'] !== undefined) {
    return 'web_search_options is billed apart from tokens: give the agent a search tool instead.';
  }
  return saysAudio(request)
    ? 'Audio tokens have a price of their own: send text and images only.'
    : undefined;
}

function saysAudio(request: ChatRequest): boolean {
  const modalities = request['modalities'];
  return (
    (Array.isArray(modalities) && modalities.includes('audio')) ||
    request.messages.some(
      ({ content }) => Array.isArray(content) && content.some((part) => part.type === 'input_audio'),
    )
  );
}

function messageFor(flavour: OpenAiFlavour, message: ChatMessage): ChatMessage {
  if (flavour === 'OpenAICompatible') {
    // Chat templates of open models know no developer; to them it is the system.
    return message.role === 'developer' ? { ...message, role: 'system' } : message;
  }
  const { reasoning_content: _reasoning, tool_calls: toolCalls, tool_call_id: toolCallId, ...rest } = message;
  return {
    ...rest,
    ...(Array.isArray(rest.content) && { content: rest.content.map(ownContentPart) }),
    ...(toolCalls !== undefined && toolCalls.length > 0 && { tool_calls: toolCalls.map(ownToolCall) }),
    ...(toolCallId !== undefined && { tool_call_id: ownToolCallId(toolCallId) }),
  };
}

/** The mark for Anthropic's prompt cache: OpenAI caches by itself and refuses the field. */
function ownContentPart<Part extends object>(part: Part): Part {
  return Object.fromEntries(Object.entries(part).filter(([field]) => field !== 'cache_control')) as Part;
}

/** A history may come from another provider, with fields and ids that OpenAI refuses. */
function ownToolCall(call: ToolCall): ToolCall {
  const { extra_content: _foreign, ...rest } = call;
  return { ...rest, id: ownToolCallId(call.id) };
}

/** OpenAI takes ids of at most 40 characters. */
function ownToolCallId(id: string): string {
  return id.length <= 40 ? id : `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}
