/**
 * Dialect: one wire format of chat models, as pure functions in both directions.
 *
 *   front:    caller's body --readRequest--> ChatRequest        ChatAnswer, AnswerPart, Refusal --write...--> caller
 *   provider: ChatRequest --writeRequest--> provider's request  provider's answer --read...--> ChatAnswer, AnswerPart
 *
 * No I/O, no clock, no chance. The router sends what `provider` writes and feeds it what comes back; it never looks
 * inside a wire format itself.
 */
import type { AnswerPart, ChatAnswer, FinishReason, ServedBy } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { EmbeddingsAnswer, EmbeddingsRequest } from '#domain/chat/embeddings.ts';
import type { DialectName } from '#domain/chat/extensions.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { ProviderFailure } from '#domain/failures/provider-failure.ts';
import type { Refusal } from '#domain/failures/refusal.ts';

/** Where a request goes. `endpoint` has no trailing slash; `apiKey` is absent for endpoints without keys. */
export interface ProviderTarget {
  readonly endpoint: string;
  /** The model's name at the provider. */
  readonly model: string;
  readonly apiKey?: string;
}

export interface ProviderRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `problem` is one sentence on what this provider cannot do: another Model is asked. */
export type Written<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

/**
 * A read answer, or why it is none. `usage` stands on an answer that is useless but was billed all the same. An answer
 * with status 200 whose body is an error is the failure that the body tells of, not a malformed answer.
 */
export type Read<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: ProviderFailure; readonly usage?: TokenUsage };

/** Of an answer whose text nobody need look at. */
export interface PlainAnswer extends ServedBy {
  readonly usage: TokenUsage;
  readonly finishReason: FinishReason;
}

/** One server-sent event as it came from the provider. */
export interface ProviderEvent {
  readonly event?: string;
  readonly data: string;
}

/** Stateful, one per stream. Nothing follows `failure` or `end`. */
export interface AnswerStreamReader {
  readonly push: (event: ProviderEvent) => readonly AnswerPart[];
  /**
   * The shortest way, instead of `push`: the text of an event that says nothing else and that a front of the same dialect
   * may send on as it came. Undefined when the event must be pushed.
   */
  readonly readPlainEvent?: (event: ProviderEvent) => string | undefined;
  /**
   * To be called once when the provider closed its body cleanly (never after a reset or an abort). A stream that said
   * its finish reason is complete even without the format's own closing event.
   */
  readonly close: () => readonly AnswerPart[];
}

/** The side of a dialect that faces a provider. */
export interface ProviderDialect {
  readonly name: DialectName;
  readonly defaultEndpoint?: string;
  /**
   * What the provider is known to refuse is adapted where the meaning stays, and is otherwise not ok: it is never sent
   * to be refused, and no field that changes the answer is dropped in silence.
   */
  readonly writeChatRequest: (request: ChatRequest, target: ProviderTarget) => Written<ProviderRequest>;
  /** `request` is the one that was written: names that the provider cannot take were replaced in it and come back. */
  readonly readChatAnswer: (body: string, request: ChatRequest) => Read<ChatAnswer>;
  /**
   * The shortest way, before `readChatAnswer`: what is to be known of an answer that a front of the same dialect may send on as it
   * came, with `annotatePlainAnswer`. Undefined when the answer must be read.
   */
  readonly readPlainAnswer?: (body: string, request: ChatRequest) => PlainAnswer | undefined;
  readonly createStreamReader: (request: ChatRequest) => AnswerStreamReader;
  readonly writeEmbeddingsRequest: (
    request: EmbeddingsRequest,
    target: ProviderTarget,
  ) => Written<ProviderRequest>;
  readonly readEmbeddingsAnswer: (body: string, request: EmbeddingsRequest) => Read<EmbeddingsAnswer>;
  /** The cheapest request that tells whether the endpoint answers and the key is taken (a model list). */
  readonly writeProbeRequest: (target: ProviderTarget) => ProviderRequest;
  /** For every status outside 2xx. Header names in lower case; times are read against the answer's own `date`. */
  readonly readFailure: (
    status: number,
    headers: Readonly<Record<string, string | undefined>>,
    body: string,
  ) => ProviderFailure;
}

/** What the router adds to an answer; a server of ours that answers by itself adds nothing. `costNanoUsd` is null when the price is not known. */
export interface AnswerAnnotation {
  readonly requestId: string;
  /** Name of the Model object that answered. */
  readonly model: string;
  readonly attempts: number;
  readonly costNanoUsd: number | null;
}

/** What stands in an answer where the provider gives nothing of its own. */
export interface AnswerIdentity {
  readonly id: string;
  readonly createdSeconds: number;
  readonly model: string;
}

/** One per stream. Each method returns the text to send: whole events, empty when there is nothing to say yet. */
export interface AnswerStreamWriter {
  readonly write: (part: AnswerPart) => string;
  /** An event of the same dialect as it came, after `readPlainEvent` has let it pass. */
  readonly relay?: (event: ProviderEvent) => string;
  /** The last events of a complete answer: usage where it was asked for, and the format's own end. */
  readonly end: (usage: TokenUsage | undefined, annotation?: AnswerAnnotation) => string;
  /** The event that ends a stream which was cut, and never looks like a clean end. */
  readonly fail: (refusal: Refusal) => string;
}

/** What a format says in its path instead of its body, as Gemini's does. */
export interface RequestPath {
  readonly model?: string;
  readonly isStreamed?: boolean;
}

/** The side of a dialect that faces the caller. */
export interface FrontDialect {
  readonly name: DialectName;
  /** A problem names the field (`param`, where one is to blame) and how to mend it. */
  readonly readChatRequest: (body: unknown, path?: RequestPath) => ReadRequest<ChatRequest>;
  readonly writeChatAnswer: (
    answer: ChatAnswer,
    identity: AnswerIdentity,
    annotation?: AnswerAnnotation,
  ) => string;
  /** An answer of the same dialect as it came, with the annotation in it. */
  readonly annotatePlainAnswer?: (body: string, annotation: AnswerAnnotation) => string;
  readonly createStreamWriter: (request: ChatRequest, identity: AnswerIdentity) => AnswerStreamWriter;
  readonly readEmbeddingsRequest?: (body: unknown) => ReadRequest<EmbeddingsRequest>;
  readonly writeEmbeddingsAnswer?: (
    answer: EmbeddingsAnswer,
    identity: AnswerIdentity,
    annotation?: AnswerAnnotation,
  ) => string;
  /** The body of an answer that refuses. */
  readonly writeRefusal: (refusal: Refusal) => string;
}

export type ReadRequest<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string; readonly param?: string };
