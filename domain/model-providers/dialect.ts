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
  OpenAiUsage,
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

/**
 * A parsed value, or one sentence on why it could not be had. `usage` stands on an answer that is useless but was
 * billed all the same, such as a tool call that the provider itself could not read.
 */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string; readonly usage?: TokenUsage };

/** One server-sent event as it came from the provider. */
export interface ProviderEvent {
  readonly event?: string;
  readonly data: string;
}

/** What a dialect puts into an answer where the provider gives nothing of its own. */
export interface AnswerContext {
  readonly id: string;
  readonly createdSeconds: number;
  /** The model's name at the provider. */
  readonly model: string;
}

export interface EmbeddingsContext {
  readonly model: string;
  /** What the client asked for; the answer is converted when the provider gives the other one. */
  readonly encodingFormat: 'float' | 'base64';
}

/**
 * What a provider's event means. Chunks never carry usage: it comes as its own part, `usage` for the bill and
 * `reported` for a client that asked for it. `end` is the provider's own word that the answer is complete: a stream that stops
 * without it was cut, and must never look like a clean end.
 */
export type StreamPart =
  | { readonly kind: 'chunk'; readonly chunk: ChatCompletionChunk }
  | { readonly kind: 'usage'; readonly usage: TokenUsage; readonly reported: OpenAiUsage }
  | { readonly kind: 'error'; readonly error: ProviderFailure }
  | { readonly kind: 'end' };

/** Stateful, one per stream. Usage parts are cumulative: the last one counts. Nothing follows `error` or `end`. */
export interface StreamTranslator {
  readonly push: (event: ProviderEvent) => readonly StreamPart[];
  /**
   * To be called once when the provider closed its body cleanly (never after a reset or an abort). Gemini has no
   * closing event, so its `end` comes from here; the other dialects know no more than before.
   */
  readonly close: () => readonly StreamPart[];
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
  /** "Not ok" when this provider cannot do what the request asks: no field that changes the meaning is dropped. */
  readonly chatRequest: (request: ChatRequest, target: ProviderTarget) => Parsed<ProviderRequest>;
  readonly parseChatResponse: (
    body: unknown,
    context: AnswerContext,
  ) => Parsed<{
    readonly completion: ChatCompletion;
    readonly usage: TokenUsage | undefined;
  }>;
  readonly createStreamTranslator: (context: AnswerContext) => StreamTranslator;
  readonly embeddingsRequest: (request: EmbeddingsRequest, target: ProviderTarget) => Parsed<ProviderRequest>;
  readonly parseEmbeddingsResponse: (
    body: unknown,
    context: EmbeddingsContext,
  ) => Parsed<{ readonly response: EmbeddingsResponse; readonly usage: TokenUsage | undefined }>;
  /** The cheapest request that tells whether the endpoint answers and the key is taken (a model list). */
  readonly probeRequest: (target: ProviderTarget) => ProviderRequest;
  /** For every status outside 2xx. Header names in lower case; times are read against the answer's own `date`. */
  readonly parseFailure: (
    status: number,
    headers: Readonly<Record<string, string | undefined>>,
    body: string,
  ) => ProviderFailure;
}
