/** What a request asks of a model, read from the request alone. */
import type { Capability } from '#crds/model.ts';
import type { ChatRequest, EmbeddingsRequest } from '#domain/model-providers/openai-chat.ts';

export interface RequestNeeds {
  readonly operation: 'chat' | 'embeddings';
  readonly capabilities: readonly Capability[];
  /** A rough count of input tokens; also what a call is charged for whose real count was never told. */
  readonly estimatedInputTokens: number;
}

/**
 * A token of today's tokenizers is about four bytes of English and less of most else; dividing by three errs to
 * the high side, which is the right side for a charge without a bill.
 */
const BYTES_PER_TOKEN = 3;
/** What providers count for an image of middle size; its base64 bytes say nothing about its tokens. */
const TOKENS_PER_IMAGE = 1_000;

export function estimateTokens(characters: number): number {
  return Math.ceil(characters / BYTES_PER_TOKEN);
}

export function chatNeeds(request: ChatRequest): RequestNeeds {
  const hasTools = request.tools !== undefined && request.tools.length > 0;
  const { characters, images } = measureMessages(request.messages);
  const capabilities: Capability[] = ['Chat'];
  if (hasTools) capabilities.push('Tools');
  if (request.response_format?.type === 'json_schema') capabilities.push('JsonSchema');
  if (images > 0) capabilities.push('Vision');
  const toolCharacters = hasTools ? JSON.stringify(request.tools).length : 0;
  return {
    operation: 'chat',
    capabilities,
    estimatedInputTokens: estimateTokens(characters + toolCharacters) + images * TOKENS_PER_IMAGE,
  };
}

function measureMessages(messages: ChatRequest['messages']): { characters: number; images: number } {
  let characters = 0;
  let images = 0;
  for (const { content, tool_calls: toolCalls } of messages) {
    if (typeof content === 'string') characters += content.length;
    else {
      for (const part of content ?? []) {
        if (part.type === 'image_url') images += 1;
        else characters += part.text?.length ?? 0;
      }
    }
    for (const call of toolCalls ?? []) characters += call.function.arguments.length;
  }
  return { characters, images };
}

export function embeddingsNeeds(request: EmbeddingsRequest): RequestNeeds {
  const inputs = typeof request.input === 'string' ? [request.input] : request.input;
  return {
    operation: 'embeddings',
    capabilities: ['Embeddings'],
    estimatedInputTokens: estimateTokens(inputs.reduce((sum, input) => sum + input.length, 0)),
  };
}
