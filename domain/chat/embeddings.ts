/** Embeddings in words of our own. */
import type { Extensions } from './extensions.ts';
import type { TokenUsage } from './token-usage.ts';

export interface EmbeddingsRequest {
  /** `auto`, or the name of the Model that the caller wants. */
  readonly model: string;
  /** Texts, or texts that the caller has already cut into the model's own tokens. At least one. */
  readonly inputs: EmbeddingsInputs;
  readonly dimensions?: number;
  readonly encoding: 'float' | 'base64';
  readonly endUser?: string;
  readonly extensions?: Extensions;
}

export type EmbeddingsInputs =
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'tokens'; readonly tokens: readonly (readonly number[])[] };

export interface EmbeddingsAnswer {
  readonly servedModel?: string;
  /** In the order of the inputs; numbers, or base64 of little-endian 32-bit floats. */
  readonly vectors: readonly (readonly number[] | string)[];
  readonly usage?: TokenUsage;
}
