/**
 * One attempt at one model whose answer is a stream.
 *
 *   held --(first content)--> committed --(the provider's own end)--> complete
 *     |                           |--(error event, cut, silence)--> cut
 *     +--(anything else)--> failed+--(the caller left or reads nothing)--> cancelled
 *
 * While it is held, nothing of it has gone to the caller and another model may still be asked. Thought is held too: what a
 * model thinks is no answer yet. From the first content on this answer is the answer: it is completed, or it ends with an
 * error event, never with a false end.
 */
import type { Cancellation } from '#adapters/model-providers/cancellation.ts';
import type { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import type { Exchange } from '#adapters/model-providers/provider-exchange.ts';
import { streamFromProvider } from '#adapters/model-providers/stream-from-provider.ts';
import type { AnswerPart } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type {
  AnswerStreamReader,
  AnswerStreamWriter,
  ProviderDialect,
  ProviderEvent,
} from '#domain/dialects/dialect.ts';
import { providerDialectOf } from '#domain/dialects/dialects.ts';
import { estimateTokens } from '#domain/pricing/estimate-tokens.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { Attempt } from './attempt.ts';
import { providerTarget } from './call-model.ts';
import type { AttemptResult } from './failover.ts';
import type { StreamingCaller } from './streaming-caller.ts';

export interface StreamEnd {
  /** Undefined when the answer is complete. */
  readonly failure: AttemptFailure | undefined;
  /** What was read but not yet written. */
  readonly rest: string;
}

export interface CommittedStream {
  readonly writer: AnswerStreamWriter;
  readonly ended: Promise<StreamEnd>;
}

export interface StreamAttempt {
  readonly connections: ProviderConnections;
  readonly attempt: Attempt;
  readonly request: ChatRequest;
  /** Made anew for each attempt. */
  readonly writer: AnswerStreamWriter;
  /** Whether the caller speaks the provider's own dialect, so that plain events need no translation. */
  readonly mayRelay: boolean;
  readonly deadlineMilliseconds: number;
  readonly cancellation: Cancellation;
  readonly caller: StreamingCaller;
  readonly onCommit: () => void;
}

export function attemptStream(options: StreamAttempt): Promise<AttemptResult<CommittedStream>> {
  const { attempt, connections, request, deadlineMilliseconds } = options;
  const { model } = attempt;
  const dialect = providerDialectOf(model.provider);
  const written = dialect.writeChatRequest(request, providerTarget(model));
  if (!written.ok) {
    return Promise.resolve({ ok: false, failure: { code: 'unsupported', message: written.problem } });
  }
  const relay = new StreamRelay(options, dialect);
  const limits = { ...model.timeouts, deadlineMilliseconds };
  relay.start(streamFromProvider(connections, attempt.requestOf(written.value), limits, relay));
  return relay.committed;
}

/** Of thought that is held back; a model that thinks for longer is the one that answers. */
const LARGEST_HELD_CHARACTERS = 256 * 1024;
const ENDED_EARLY: AttemptFailure = {
  code: 'answer_cut',
  message: 'The provider closed its stream before the end of the answer.',
};
const NO_STREAM: AttemptFailure = {
  code: 'answer_malformed',
  message: 'The provider answered a request for a stream with something that is not one.',
};
const CANCELLED: AttemptFailure = { code: 'cancelled', message: 'The caller left.' };
const STALLED: AttemptFailure = { code: 'cancelled', message: 'The caller stopped reading.' };

class StreamRelay {
  readonly committed: Promise<AttemptResult<CommittedStream>>;
  readonly #options: StreamAttempt;
  readonly #dialect: ProviderDialect;
  readonly #reader: AnswerStreamReader;
  readonly #settleCommitted: (result: AttemptResult<CommittedStream>) => void;
  readonly #ended = Promise.withResolvers<StreamEnd>();
  #exchange: Exchange | undefined;
  #isCommitted = false;
  #pending = '';
  #isOver = false;
  #hasBegun = false;
  #hasContent = false;
  #hasProgress = false;

  constructor(options: StreamAttempt, dialect: ProviderDialect) {
    this.#options = options;
    this.#dialect = dialect;
    this.#reader = dialect.createStreamReader(options.request);
    const { promise, resolve } = Promise.withResolvers<AttemptResult<CommittedStream>>();
    this.committed = promise;
    this.#settleCommitted = resolve;
  }

  start(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#options.cancellation.add(this.#onCancel);
  }

  readonly onSent = (): void => this.#options.attempt.sent();

  readonly onEvent = (event: ProviderEvent): void => {
    if (this.#isOver) return;
    const { mayRelay, writer } = this.#options;
    if (mayRelay && this.#isCommitted && writer.relay !== undefined) {
      const text = this.#reader.readPlainEvent?.(event);
      if (text !== undefined) {
        this.#received(text);
        this.#pending += writer.relay(event);
        return;
      }
    }
    this.#take(this.#reader.push(event));
  };

  readonly onBatchEnd = (): void => {
    if (this.#isOver) return;
    if (this.#hasProgress) {
      this.#hasProgress = false;
      this.#exchange?.progressed();
    }
    if (!this.#isCommitted && this.#pending.length > LARGEST_HELD_CHARACTERS) this.#commit();
    if (this.#isCommitted && this.#pending !== '') this.#options.caller.write(this.#takePending());
  };

  readonly onClose = (): void => {
    if (this.#isOver) return;
    this.#take(this.#reader.close());
    if (!this.#isOver) this.#fail(this.#hasBegun ? ENDED_EARLY : NO_STREAM);
  };

  readonly onRefusal = (refusal: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly body: string;
  }): void => this.#fail(this.#dialect.readFailure(refusal.status, refusal.headers, refusal.body));

  readonly onFailure = (failure: AttemptFailure): void => this.#fail(failure);

  readonly #onCancel = (): void => this.#fail(CANCELLED);

  #take(parts: readonly AnswerPart[]): void {
    for (const part of parts) {
      if (this.#isOver) return;
      this.#hasBegun = true;
      this.#takePart(part);
    }
  }

  #takePart(part: AnswerPart): void {
    const { attempt, writer } = this.#options;
    switch (part.kind) {
      case 'failure':
        this.#fail(part.failure);
        return;
      case 'end':
        this.#complete();
        return;
      case 'usage':
        attempt.told(part.usage);
        break;
      case 'start':
      case 'served':
        attempt.servedBy(part);
        break;
      case 'toolCall':
        this.#received(part.name);
        break;
      case 'finish':
        attempt.finished(part.reason);
        break;
      case 'text':
      case 'reasoning':
      case 'refusal':
      case 'toolArguments':
        this.#received(part.text);
    }
    this.#pending += writer.write(part);
    if (!isContent(part)) return;
    this.#hasContent = true;
    if (!this.#isCommitted) this.#commit();
  }

  #complete(): void {
    if (!this.#hasContent) {
      this.#fail(NO_STREAM);
      return;
    }
    this.#end(undefined);
  }

  #received(text: string): void {
    if (text === '') return;
    this.#hasProgress = true;
    this.#options.attempt.received(estimateTokens(text));
  }

  #commit(): void {
    const { attempt, caller, writer, onCommit } = this.#options;
    this.#isCommitted = true;
    attempt.begins();
    onCommit();
    caller.answerFrom(attempt.model, {
      pause: () => this.#exchange?.pause(),
      resume: () => this.#exchange?.resume(),
      abandon: () => this.#fail(STALLED),
    });
    this.#settleCommitted({ ok: true, value: { writer, ended: this.#ended.promise } });
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
    this.#ended.resolve({ failure, rest: this.#takePending() });
  }

  #takePending(): string {
    const text = this.#pending;
    this.#pending = '';
    return text;
  }

  #close(): void {
    this.#isOver = true;
    this.#options.cancellation.delete(this.#onCancel);
    this.#exchange?.cancel();
  }
}

/** A beginning, a count and a thought are no content: providers send them before they know whether they can answer. */
function isContent(part: AnswerPart): boolean {
  if (part.kind === 'text' || part.kind === 'refusal') return part.text !== '';
  return part.kind === 'toolCall' || part.kind === 'toolArguments' || part.kind === 'finish';
}
