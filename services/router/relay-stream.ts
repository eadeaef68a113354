/**
 * One attempt at one model whose answer is a stream.
 *
 *   held --(first real content)--> committed --(the provider's own end)--> complete
 *     |                                |--(error event, cut, silence)--> cut
 *     +--(anything else)--> failed     +--(the client left or reads nothing)--> cancelled
 *
 * While it is held, nothing has gone to the client and another model may still be asked. From then on this answer is
 * the answer: it is completed, or it ends with an error event, never with a false [DONE].
 */
import type { ServerResponse } from 'node:http';
import type { Cancellation } from '#adapters/model-providers/cancellation.ts';
import type { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import type { Exchange } from '#adapters/model-providers/provider-exchange.ts';
import { streamFromProvider } from '#adapters/model-providers/stream-from-provider.ts';
import type { ProviderEvent, StreamPart, StreamTranslator } from '#domain/model-providers/dialect.ts';
import { dialectOf } from '#domain/model-providers/dialects.ts';
import type { ChatCompletionChunk, ChatRequest, OpenAiUsage } from '#domain/model-providers/openai-chat.ts';
import type { TokenUsage } from '#domain/model-providers/token-usage.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import { EventStream } from '#process/http/event-stream.ts';
import { attemptFailure, providerTarget, speaksOpenAi } from './call-model.ts';
import type { AttemptResult } from './failover.ts';
import { contentOfPlainChunk } from './relay-chunk.ts';

export interface StreamEnd {
  readonly kind: 'complete' | 'cut' | 'cancelled';
  readonly failure?: AttemptFailure;
  /** What the provider told, when it did. */
  readonly usage?: { readonly usage: TokenUsage; readonly reported: OpenAiUsage };
  readonly outputCharacters: number;
  readonly firstTokenAt: number;
  /** Chunks that were read but not yet written. */
  readonly rest: string;
  /** The identity that the last chunks must share with the first ones. */
  readonly identity: Pick<ChatCompletionChunk, 'id' | 'created' | 'model'>;
}

export interface CommittedStream {
  readonly client: EventStream;
  readonly ended: Promise<StreamEnd>;
}

export interface StreamAttempt {
  readonly connections: ProviderConnections;
  readonly model: RoutableModel;
  readonly request: ChatRequest;
  readonly deadlineMilliseconds: number;
  readonly cancellation: Cancellation;
  readonly response: ServerResponse;
  readonly headers: () => Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly createdSeconds: number;
  readonly now: () => number;
}

export function attemptStream(attempt: StreamAttempt): Promise<AttemptResult<CommittedStream>> {
  const { model, request } = attempt;
  const built = dialectOf(model.provider).chatRequest(request, providerTarget(model));
  if (!built.ok)
    return Promise.resolve({ ok: false, failure: { code: 'unsupported', message: built.problem } });
  const relay = new StreamRelay(attempt);
  relay.start(
    streamFromProvider(
      attempt.connections,
      built.value,
      { ...model.timeouts, deadlineMilliseconds: attempt.deadlineMilliseconds },
      relay,
    ),
  );
  return relay.committed;
}

const KEEP_ALIVE_SECONDS = 15;
const ENDED_EARLY: AttemptFailure = {
  code: 'answer_cut',
  message: 'The provider closed its stream before the end of the answer.',
};
const NO_STREAM: AttemptFailure = {
  code: 'answer_malformed',
  message: 'The provider answered a request for a stream with something that is not one.',
};
const CANCELLED: AttemptFailure = { code: 'cancelled', message: 'The caller left.' };

class StreamRelay {
  readonly committed: Promise<AttemptResult<CommittedStream>>;
  readonly #attempt: StreamAttempt;
  readonly #translator: StreamTranslator;
  readonly #settleCommitted: (result: AttemptResult<CommittedStream>) => void;
  readonly #ended = Promise.withResolvers<StreamEnd>();
  readonly #relaysPlainChunks: boolean;
  #exchange: Exchange | undefined;
  #client: EventStream | undefined;
  #pending = '';
  #isOver = false;
  #usage: StreamEnd['usage'];
  #outputCharacters = 0;
  #firstTokenAt = 0;
  #hasChunk = false;
  #identity: StreamEnd['identity'];

  constructor(attempt: StreamAttempt) {
    this.#attempt = attempt;
    const { model, request, requestId, createdSeconds } = attempt;
    const { promise, resolve } = Promise.withResolvers<AttemptResult<CommittedStream>>();
    this.committed = promise;
    this.#settleCommitted = resolve;
    const context = { id: `chatcmpl-${requestId}`, createdSeconds, model: model.providerModel };
    this.#identity = { id: context.id, created: createdSeconds, model: context.model };
    this.#translator = dialectOf(model.provider).createStreamTranslator(context);
    // With several choices in one stream the dialect must see every chunk to know which of them are open.
    const isOneChoice = (request['n'] ?? 1) === 1;
    this.#relaysPlainChunks = isOneChoice && speaksOpenAi(model);
  }

  start(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#attempt.cancellation.add(this.#onCancel);
  }

  readonly onEvent = (event: ProviderEvent): void => {
    if (this.#isOver) return;
    if (this.#client !== undefined && this.#relaysPlainChunks && event.event === undefined) {
      const characters = contentOfPlainChunk(event.data);
      if (characters !== undefined) {
        this.#outputCharacters += characters;
        this.#pending += `data: ${event.data}\n\n`;
        return;
      }
    }
    this.#take(this.#translator.push(event));
  };

  readonly onBatchEnd = (): void => {
    if (this.#client === undefined || this.#pending === '' || this.#isOver) return;
    const text = this.#pending;
    this.#pending = '';
    this.#client.write(text);
  };

  readonly onClose = (): void => {
    if (this.#isOver) return;
    this.#take(this.#translator.close());
    if (!this.#isOver) this.#fail(this.#hasChunk ? ENDED_EARLY : NO_STREAM);
  };

  readonly onRefusal = (refusal: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly body: string;
  }): void => {
    const { provider } = this.#attempt.model;
    this.#fail(
      attemptFailure(dialectOf(provider).parseFailure(refusal.status, refusal.headers, refusal.body)),
    );
  };

  readonly onFailure = (failure: AttemptFailure): void => this.#fail(failure);

  readonly #onCancel = (): void => this.#fail(CANCELLED);

  #take(parts: readonly StreamPart[]): void {
    for (const part of parts) {
      if (this.#isOver) return;
      switch (part.kind) {
        case 'chunk':
          this.#takeChunk(part.chunk);
          break;
        case 'usage':
          this.#usage = { usage: part.usage, reported: part.reported };
          break;
        case 'error':
          this.#fail(attemptFailure(part.error));
          break;
        case 'end':
          this.#complete();
          break;
      }
    }
  }

  #complete(): void {
    if (!this.#hasChunk) {
      this.#fail(NO_STREAM);
      return;
    }
    if (this.#client === undefined) this.#commit();
    this.#end({ kind: 'complete' });
  }

  #takeChunk(chunk: ChatCompletionChunk): void {
    this.#hasChunk = true;
    this.#identity = { id: chunk.id, created: chunk.created, model: chunk.model };
    this.#outputCharacters += outputCharacters(chunk);
    this.#pending += `data: ${JSON.stringify(chunk)}\n\n`;
    if (this.#client === undefined && isRealContent(chunk)) this.#commit();
  }

  #commit(): void {
    const { response, model, headers, now } = this.#attempt;
    this.#firstTokenAt = now();
    const client = new EventStream(response, {
      headers,
      keepAliveSeconds: KEEP_ALIVE_SECONDS,
      stallSeconds: model.timeouts.idleMilliseconds / 1000,
      onPause: () => this.#exchange?.pause(),
      onResume: () => this.#exchange?.resume(),
      onStall: () => this.#fail({ code: 'cancelled', message: 'The client stopped reading.' }),
    });
    client.open();
    this.#client = client;
    this.#settleCommitted({ ok: true, value: { client, ended: this.#ended.promise } });
  }

  #fail(failure: AttemptFailure): void {
    if (this.#isOver) return;
    if (this.#client !== undefined) {
      this.#end({ kind: failure.code === 'cancelled' ? 'cancelled' : 'cut', failure });
      return;
    }
    this.#close();
    this.#settleCommitted({ ok: false, failure });
  }

  #end(end: Pick<StreamEnd, 'kind' | 'failure'>): void {
    this.#close();
    this.#ended.resolve({
      ...end,
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      outputCharacters: this.#outputCharacters,
      firstTokenAt: this.#firstTokenAt,
      rest: this.#pending,
      identity: this.#identity,
    });
  }

  #close(): void {
    this.#isOver = true;
    this.#client?.close();
    this.#attempt.cancellation.delete(this.#onCancel);
    this.#exchange?.cancel();
  }
}

/** A role alone is no content: providers send it before they know whether they can answer. */
function isRealContent(chunk: ChatCompletionChunk): boolean {
  return chunk.choices.some(
    ({ delta, finish_reason: finishReason }) =>
      finishReason !== null || Object.entries(delta).some(([key, value]) => key !== 'role' && Boolean(value)),
  );
}

function outputCharacters(chunk: ChatCompletionChunk): number {
  let characters = 0;
  for (const { delta } of chunk.choices) {
    for (const [key, value] of Object.entries(delta)) {
      if (key !== 'role' && typeof value === 'string') characters += value.length;
    }
    for (const call of delta.tool_calls ?? []) characters += call.function?.arguments?.length ?? 0;
  }
  return characters;
}
