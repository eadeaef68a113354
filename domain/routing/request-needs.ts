/** What a request asks of a model, read from the request alone. */
import type { Capability } from '#crds/model.ts';
import type { ChatMessage, ChatRequest, Content, ToolDeclaration } from '#domain/chat/chat-request.ts';
import type { EmbeddingsRequest } from '#domain/chat/embeddings.ts';
import { estimateTokens } from '#domain/pricing/estimate-tokens.ts';

export interface RequestNeeds {
  readonly operation: 'chat' | 'embeddings';
  readonly capabilities: readonly Capability[];
  /** A rough count of input tokens; also what a call is charged for whose real count was never told. */
  readonly estimatedInputTokens: number;
}

/** What providers count for an image of middle size; its base64 bytes say nothing about its tokens. */
const TOKENS_PER_IMAGE = 1_000;

export function chatNeeds({ messages, tools, format }: ChatRequest): RequestNeeds {
  const capabilities: Capability[] = ['Chat'];
  if (tools.length > 0) capabilities.push('Tools');
  if (format?.kind === 'jsonSchema') capabilities.push('JsonSchema');
  if (messages.some(({ content }) => hasImage(content))) capabilities.push('Vision');
  let tokens = 0;
  for (const message of messages) tokens += tokensOfMessage(message);
  for (const tool of tools) tokens += tokensOfTool(tool);
  if (format?.kind === 'jsonSchema') tokens += estimateTokens(JSON.stringify(format.schema));
  return { operation: 'chat', capabilities, estimatedInputTokens: Math.ceil(tokens) };
}

function hasImage(content: Content | null): boolean {
  return Array.isArray(content) && content.some(({ kind }) => kind === 'image');
}

function tokensOfMessage(message: ChatMessage): number {
  let tokens = message.content === null ? 0 : tokensOfContent(message.content);
  if (message.role !== 'assistant') return tokens;
  for (const { name, argumentsText } of message.toolCalls ?? []) {
    tokens += estimateTokens(name) + estimateTokens(argumentsText);
  }
  return tokens;
}

function tokensOfContent(content: Content): number {
  if (typeof content === 'string') return estimateTokens(content);
  let tokens = 0;
  for (const part of content) {
    if (part.kind === 'text') tokens += estimateTokens(part.text);
    else if (part.kind === 'image') tokens += TOKENS_PER_IMAGE;
  }
  return tokens;
}

function tokensOfTool({ name, description = '', parameters }: ToolDeclaration): number {
  const schema = parameters === undefined ? '' : JSON.stringify(parameters);
  return estimateTokens(name) + estimateTokens(description) + estimateTokens(schema);
}

export function embeddingsNeeds({ inputs }: EmbeddingsRequest): RequestNeeds {
  const tokens =
    inputs.kind === 'texts'
      ? inputs.texts.reduce((sum, text) => sum + estimateTokens(text), 0)
      : inputs.tokens.reduce((sum, list) => sum + list.length, 0);
  return {
    operation: 'embeddings',
    capabilities: ['Embeddings'],
    estimatedInputTokens: Math.ceil(tokens),
  };
}
