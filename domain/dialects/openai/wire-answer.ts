/** The answers of chat completions and embeddings as OpenAI's format has them, for servers of ours that make them. */
import type { FinishReason } from '#domain/chat/chat-answer.ts';
import type { OpenAiUsage } from './usage.ts';

export interface ChatCompletion {
  readonly id: string;
  readonly object: 'chat.completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly message: {
      readonly role: 'assistant';
      readonly content: string | null;
      readonly refusal: string | null;
    };
    readonly finish_reason: FinishReason;
  }[];
  readonly usage: OpenAiUsage;
}

export interface ChatCompletionChunk {
  readonly id: string;
  readonly object: 'chat.completion.chunk';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: { readonly role?: 'assistant'; readonly content?: string };
    readonly finish_reason: FinishReason | null;
  }[];
  readonly usage?: OpenAiUsage;
}

export interface EmbeddingsResponse {
  readonly object: 'list';
  readonly model: string;
  readonly data: readonly {
    readonly object: 'embedding';
    readonly index: number;
    readonly embedding: readonly number[] | string;
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}
