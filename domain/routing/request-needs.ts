/** What a request asks of a model, read from the request alone. */
import type { Capability } from '#crds/model.ts';
import { estimateTokens } from '#domain/pricing/estimate-tokens.ts';
import type { ChatRequest, EmbeddingsRequest } from '#domain/model-providers/openai-chat.ts';

export interface RequestNeeds {
  readonly operation: 'chat' | 'embeddings';
  readonly capabilities: readonly Capability[];
  /** A rough count of input tokens; also what a call is charged for whose real count was never told. */
  readonly estimatedInputTokens: number;
}

/** What providers count for an image of middle size; its base64 bytes say nothing about its tokens. */
const TOKENS_PER_IMAGE = 1_000;

export function chatNeeds(request: ChatRequest): RequestNeeds {
  const hasTools = request.tools !== undefined && request.tools.length > 0;
  const { tokens, images } = measureMessages(request.messages);
  const capabilities: Capability[] = ['Chat'];
  if (hasTools) capabilities.push('Tools');
  if (request.response_format?.type === 'json_schema') capabilities.push('JsonSchema');
  if (images > 0) capabilities.push('Vision');
  const toolTokens = hasTools ? estimateTokens(JSON.stringify(request.tools)) : 0;
  return {
    operation: 'chat',
    capabilities,
    estimatedInputTokens: Math.ceil(tokens + toolTokens) + images * TOKENS_PER_IMAGE,
  };
}

function measureMessages(messages: ChatRequest['messages']): { tokens: number; images: number } {
  let tokens = 0;
  let images = 0;
  for (const { content, tool_calls: toolCalls } of messages) {
    if (typeof content === 'string') tokens += estimateTokens(content);
    else {
      for (const part of content ?? []) {
        if (part.type === 'image_url') images += 1;
        else tokens += estimateTokens(part.text ?? '');
      }
    }
    for (const call of toolCalls ?? []) tokens += estimateTokens(call.function.arguments);
  }
  return { tokens, images };
}

export function embeddingsNeeds(request: EmbeddingsRequest): RequestNeeds {
  const inputs = typeof request.input === 'string' ? [request.input] : request.input;
  return {
    operation: 'embeddings',
    capabilities: ['Embeddings'],
    estimatedInputTokens: Math.ceil(inputs.reduce((sum, input) => sum + estimateTokens(input), 0)),
  };
}
