/**
 * One attempt at one model whose answer is a stream.
 *
 *   held --(first real content)--> committed --(the provider's own end)--> complete
 *     |                                |--(error event, cut, silence)--> cut
 *     +--(anything else)--> failed     +--(the client left or reads nothing)--> cancelled
 *
 * While it is held, nothing of it has gone to the caller and another model may still be asked. From then on this answer
 * is the answer: it is completed, or it ends with an error event, never with a false [DONE].
 */
import type { Cancellation } from '#adapters/model-providers/cancellation.ts';
import type { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import type { Exchange } from '#adapters/model-providers/provider-exchange.ts';
import { streamFromProvider } from '#adapters/model-providers/stream-from-provider.ts';
import type { ProviderEvent, StreamPart, StreamTranslator } from '#domain/model-providers/dialect.ts';
import { dialectOf } from '#domain/model-providers/dialects.ts';
import type { ChatCompletionChunk, ChatRequest, OpenAiUsage } from '#domain/model-providers/openai-chat.ts';
import { estimateTokens } from '#domain/pricing/estimate-tokens.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { Attempt } from './attempt.ts';
import { attemptFailure, providerTarget, speaksOpenAi } from './call-model.ts';
import type { AttemptResult } from './failover.ts';
import { contentOfPlainChunk } from './relay-chunk.ts';
import type { StreamingCaller } from './streaming-caller.ts';

export interface StreamEnd {
  /** Undefined when the answer is complete. */
  readonly failure: AttemptFailure | undefined;
  /** What the provider told, when it did, as the caller is to read it. */
  readonly reportedUsage: OpenAiUsage | undefined;
  /** Chunks that were read but not yet written. */
  readonly rest: string;
  /** The identity that the last chunks must share with the first ones. */
  readonly identity: Pick<ChatCompletionChunk, 'id' | 'created' | 'model'>;
}

export interface CommittedStream {
  readonly ended: Promise<StreamEnd>;
}

export interface StreamAttempt {
  readonly connections: ProviderConnections;
  readonly attempt: Attempt;
  readonly request: ChatRequest;
  readonly deadlineMilliseconds: number;
  readonly cancellation: Cancellation;
  readonly caller: StreamingCaller;
  readonly requestId: string;
  readonly createdSeconds: number;
  readonly onCommit: () => void;
}

export function attemptStream(options: StreamAttempt): Promise<AttemptResult<CommittedStream>> {
  const { model } = options.attempt;
  const built = dialectOf(model.provider).chatRequest(options.request, providerTarget(model));
  if (!built.ok)
    return Promise.resolve({ ok: false, failure: { code: 'unsupported', message: built.problem } });
  const relay = new StreamRelay(options);
  relay.start(
    streamFromProvider(
      options.connections,
      built.value,
      { ...model.timeouts, deadlineMilliseconds: options.deadlineMilliseconds },
      relay,
    ),
  );
  return relay.committed;
}

/** What may be held back before the first content. */
const LARGEST_HELD_CHARACTERS = 256 * 1024;
const ENDED_EARLY: AttemptFailure = {
  code: 'answer_cut',
  message: 'The provider closed its stream before the end of the answer.',
};
const NO_STREAM: AttemptFailure = {
  code: 'answer_malformed',
  message: 'The provider answered a request for a stream with something that is not one.',
};
const NO_CONTENT: AttemptFailure = {
  code: 'answer_malformed',
  message: `The provider sent more than ${LARGEST_HELD_CHARACTERS} characters before any content.`,
};
const CANCELLED: AttemptFailure = { code: 'cancelled', message: 'The caller left.' };
const STALLED: AttemptFailure = { code: 'cancelled', message: 'The caller stopped reading.' };

class StreamRelay {
  readonly committed: Promise<AttemptResult<CommittedStream>>;
  readonly #options: StreamAttempt;
  readonly #translator: StreamTranslator;
  readonly #settleCommitted: (result: AttemptResult<CommittedStream>) => void;
  readonly #ended = Promise.withResolvers<StreamEnd>();
  readonly #relaysPlainChunks: boolean;
  #exchange: Exchange | undefined;
  #isCommitted = false;
  #pending = '';
  #isOver = false;
  #reportedUsage: OpenAiUsage | undefined;
  #hasChunk = false;
  #hasProgress = false;
  #identity: StreamEnd['identity'];

  constructor(options: StreamAttempt) {
    this.#options = options;
    const { request, requestId, createdSeconds } = options;
    const { model } = options.attempt;
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
    this.#options.cancellation.add(this.#onCancel);
  }

  readonly onSent = (): void => this.#options.attempt.sent();

  readonly onEvent = (event: ProviderEvent): void => {
    if (this.#isOver) return;
    if (this.#isCommitted && this.#relaysPlainChunks && event.event === undefined) {
      const content = contentOfPlainChunk(event.data);
      if (content !== undefined) {
        this.#received(content);
        this.#pending += `data: ${event.data}\n\n`;
        return;
      }
    }
    this.#take(this.#translator.push(event));
  };

  readonly onBatchEnd = (): void => {
    if (this.#isOver) return;
    if (this.#hasProgress) {
      this.#hasProgress = false;
      this.#exchange?.progressed();
    }
    if (!this.#isCommitted) {
      if (this.#pending.length > LARGEST_HELD_CHARACTERS) this.#fail(NO_CONTENT);
      return;
    }
    if (this.#pending === '') return;
    const text = this.#pending;
    this.#pending = '';
    this.#options.caller.write(text);
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
    const { provider } = this.#options.attempt.model;
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
          this.#options.attempt.told(part.usage);
          this.#reportedUsage = part.reported;
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
    if (!this.#isCommitted) this.#commit();
    this.#end(undefined);
  }

  #takeChunk(chunk: ChatCompletionChunk): void {
    this.#hasChunk = true;
    this.#identity = { id: chunk.id, created: chunk.created, model: chunk.model };
    this.#received(textOf(chunk));
    this.#pending += `data: ${JSON.stringify(chunk)}\n\n`;
    if (!isRealContent(chunk)) return;
    this.#hasProgress = true;
    if (!this.#isCommitted) this.#commit();
  }

  #received(text: string): void {
    if (text === '') return;
    this.#hasProgress = true;
    this.#options.attempt.received(estimateTokens(text));
  }

  #commit(): void {
    const { attempt, caller, onCommit } = this.#options;
    this.#isCommitted = true;
    attempt.servedBy(this.#identity.model);
    attempt.begins();
    onCommit();
    caller.answerFrom(attempt.model, {
      pause: () => this.#exchange?.pause(),
      resume: () => this.#exchange?.resume(),
      abandon: () => this.#fail(STALLED),
    });
    this.#settleCommitted({ ok: true, value: { ended: this.#ended.promise } });
  }

  #fail(failure: AttemptFailure): void {
    if (this.#isOver) return;
    if (this.#isCommitted) {
      this.#end(failure);
      return;
    }
    this.#close();
    this.#settleCommitted({ ok: false, failure });
  }

  #end(failure: AttemptFailure | undefined): void {
    this.#close();
    this.#ended.resolve({
      failure,
      reportedUsage: this.#reportedUsage,
      rest: this.#pending,
      identity: this.#identity,
    });
  }

  #close(): void {
    this.#isOver = true;
    this.#options.cancellation.delete(this.#onCancel);
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

function textOf(chunk: ChatCompletionChunk): string {
  let text = '';
  for (const { delta } of chunk.choices) {
    for (const [key, value] of Object.entries(delta)) {
      if (key !== 'role' && typeof value === 'string') text += value;
    }
    for (const call of delta.tool_calls ?? []) text += call.function?.arguments ?? '';
  }
  return text;
}
