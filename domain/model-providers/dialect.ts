/**
 * ProviderDialect: everything that differs between model providers, as pure functions. The router speaks the
 * OpenAI chat format on its front; a dialect turns a request into the provider's wire format and the provider's
 * answer back. No I/O here: the router sends the ProviderRequest and feeds what comes back.
 */
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatRequest,
  EmbeddingsRequest,
  EmbeddingsResponse,
} from './openai-chat.ts';
import type { TokenUsage } from './token-usage.ts';

/** Where a request goes. `endpoint` has no trailing slash; `apiKey` is absent for endpoints without keys. */
export interface ProviderTarget {
  readonly endpoint: string;
  readonly model: string;
  readonly apiKey?: string;
}

export interface ProviderRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A parsed value, or one sentence on why it could not be had. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

/** One server-sent event as it came from the provider. */
export interface ProviderEvent {
  readonly event?: string;
  readonly data: string;
}

/**
 * What a provider's event means. `end` is the provider's own word that the answer is complete: a stream that stops
 * without it was cut, and must never look like a clean end.
 */
export type StreamPart =
  | { readonly kind: 'chunk'; readonly chunk: ChatCompletionChunk }
  | { readonly kind: 'usage'; readonly usage: TokenUsage }
  | { readonly kind: 'error'; readonly error: ProviderFailure }
  | { readonly kind: 'end' };

/** Stateful, one per stream. Usage parts are cumulative: the last one counts. */
export interface StreamTranslator {
  readonly push: (event: ProviderEvent) => readonly StreamPart[];
}

/** Why a provider did not answer, independent of its dialect. */
export interface ProviderFailure {
  readonly kind:
    | 'rateLimited'
    | 'overloaded'
    | 'unavailable'
    | 'keyRefused'
    | 'notFound'
    | 'badRequest'
    | 'contextTooLong'
    | 'contentRefused'
    | 'malformed';
  /** One sentence; never contains a key. */
  readonly message: string;
  /** From Retry-After or the provider's own header, when given. */
  readonly retryAfterSeconds?: number;
}

export interface ProviderDialect {
  readonly defaultEndpoint?: string;
  readonly chatRequest: (request: ChatRequest, target: ProviderTarget) => Parsed<ProviderRequest>;
  readonly parseChatResponse: (
    body: unknown,
    context: { readonly id: string; readonly createdSeconds: number },
  ) => Parsed<{
    readonly completion: ChatCompletion;
    readonly usage: TokenUsage | undefined;
  }>;
  readonly createStreamTranslator: (context: {
    readonly id: string;
    readonly createdSeconds: number;
  }) => StreamTranslator;
  readonly embeddingsRequest: (request: EmbeddingsRequest, target: ProviderTarget) => Parsed<ProviderRequest>;
  readonly parseEmbeddingsResponse: (
    body: unknown,
  ) => Parsed<{ readonly response: EmbeddingsResponse; readonly usage: TokenUsage | undefined }>;
  /** The cheapest request that tells whether the endpoint answers and the key is taken (a model list). */
  readonly probeRequest: (target: ProviderTarget) => ProviderRequest;
  readonly parseFailure: (
    status: number,
    headers: Readonly<Record<string, string | undefined>>,
    body: string,
  ) => ProviderFailure;
}
