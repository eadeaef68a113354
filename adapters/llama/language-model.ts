/** What the local model server needs of a model. Implemented by llama.cpp; the routes are tested without it. */

export interface ChatTurn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly text: string;
}

/** `value` is a JSON Schema, or undefined for any JSON object. */
export interface RequiredJson {
  readonly schema: Readonly<Record<string, unknown>> | undefined;
}

export interface GenerationRequest {
  readonly turns: readonly ChatTurn[];
  readonly maximumOutputTokens: number;
  /** 0 always takes the most likely token. */
  readonly temperature: number;
  readonly topP: number;
  /** Only so many of the most likely tokens; 0 for all. */
  readonly topK?: number;
  /** Unsigned 32 bit. Without it every sampling differs. */
  readonly seed?: number;
  /** Per occurrence in the answer so far, and once for having occurred. */
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** The answer ends before the first of these. */
  readonly stopSequences: readonly string[];
  /** Set when the answer must be JSON; a grammar then allows no other token. */
  readonly json?: RequiredJson;
}

export interface GenerationUsage {
  readonly promptTokens: number;
  /** Those of the prompt that were still in the context from an earlier request. */
  readonly cachedPromptTokens: number;
  readonly outputTokens: number;
}

/** A generation is some `text` parts, then one `end`. */
export type GenerationPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly reason: 'stop' | 'length'; readonly usage: GenerationUsage };

export interface ChatModel {
  readonly id: string;
  readonly contextTokens: number;
  /** How many generations can run at the same time. */
  readonly parallelGenerations: number;
  /**
   * Throws ContextLengthExceededError or UnsupportedSchemaError before the first part; the signal's reason when
   * aborted. Leaving the loop early frees the place at once.
   */
  readonly generate: (
    request: GenerationRequest,
    signal: AbortSignal,
  ) => AsyncGenerator<GenerationPart, void>;
}

export interface TextEmbedding {
  /** Length 1. */
  readonly vector: readonly number[];
  readonly tokens: number;
}

export interface EmbeddingModel {
  readonly id: string;
  readonly contextTokens: number;
  readonly dimensions: number;
  /** Throws ContextLengthExceededError or EmptyTextError. */
  readonly embed: (text: string) => Promise<TextEmbedding>;
}

/** The text is longer than the model can see. `tokens` is undefined when it was too long even to be counted. */
export class ContextLengthExceededError extends Error {
  readonly tokens: number | undefined;
  readonly contextTokens: number;

  constructor(tokens: number | undefined, contextTokens: number) {
    super(
      `the text has ${tokens === undefined ? 'far more' : `${tokens}`} tokens and the model sees ${contextTokens}`,
    );
    this.tokens = tokens;
    this.contextTokens = contextTokens;
  }
}

/** The text holds nothing but white space. */
export class EmptyTextError extends Error {
  constructor() {
    super('the text is empty');
  }
}

/** The JSON Schema cannot be turned into a grammar; the message is one clause that says where and why. */
export class UnsupportedSchemaError extends Error {}
