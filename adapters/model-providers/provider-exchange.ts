/**
 * One HTTP request to a provider under four separate time limits, told to a listener piece by piece:
 *
 *   start -> head (status, headers) -> data* -> end     or, at any point, -> failure, once and last
 *
 * A whole answer is silent until it is done, then comes in one piece: its silence is counted in bytes. A stream may send
 * bytes for ever that say nothing, so its silence ends with content alone, of which its listener tells by `progressed`.
 *
 * A listener that throws ends the exchange like any other failure. Cancelling closes the upstream socket at once and
 * tells the listener nothing. `pause` stops reading, so a slow client slows the provider down instead of filling our
 * memory; the idle limit rests meanwhile.
 */
import type { Dispatcher } from 'undici';
import type { ProviderRequest } from '#domain/dialects/dialect.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { AttemptTimeouts } from '#domain/routing/routable-model.ts';
import type { ProviderConnections } from './provider-connections.ts';
import { describeTransportError } from './transport-failure.ts';

export interface ExchangeLimits extends AttemptTimeouts {
  /**
   * What the caller has left, Infinity when he set no deadline. When it is shorter than the total, its end is the caller's
   * and not the model's.
   */
  readonly deadlineMilliseconds: number;
  /** What ends a silence. */
  readonly silenceEndsWith: 'bytes' | 'content';
}

export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

export interface ExchangeListener {
  /** From now on the provider may read the request, and bill it. */
  readonly onSent: () => void;
  readonly onHead: (status: number, headers: AnswerHeaders) => void;
  readonly onData: (chunk: Buffer) => void;
  readonly onEnd: () => void;
  readonly onFailure: (failure: AttemptFailure) => void;
}

export interface Exchange {
  /** What came has brought the answer on. */
  readonly progressed: () => void;
  readonly cancel: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

export function startExchange(
  connections: ProviderConnections,
  request: ProviderRequest,
  limits: ExchangeLimits,
  listener: ExchangeListener,
): Exchange {
  return new ProviderExchange(connections, request, limits, listener);
}

const CANCELLED = new Error('The exchange was cancelled.');
/** More than the largest event: what is no content after so much is not going to be. */
const LARGEST_SILENCE_BYTES = 16 * 1024 * 1024;

class ProviderExchange implements Dispatcher.DispatchHandler, Exchange {
  readonly #limits: ExchangeLimits;
  readonly #listener: ExchangeListener;
  #controller: Dispatcher.DispatchController | undefined;
  readonly #isStarting: boolean;
  #isOver = false;
  #hasHead = false;
  #silentBytes = 0;
  #hasProgress = false;
  #isPaused = false;
  #silence: NodeJS.Timeout;
  readonly #total: NodeJS.Timeout;

  constructor(
    connections: ProviderConnections,
    request: ProviderRequest,
    limits: ExchangeLimits,
    listener: ExchangeListener,
  ) {
    this.#isStarting = true;
    this.#limits = limits;
    this.#listener = listener;
    this.#silence = setTimeout(() => this.#timeOut('firstByte'), limits.firstByteMilliseconds);
    const isDeadlineFirst = limits.deadlineMilliseconds < limits.totalMilliseconds;
    this.#total = setTimeout(
      () => this.#timeOut(isDeadlineFirst ? 'deadline' : 'total'),
      Math.max(0, Math.min(limits.deadlineMilliseconds, limits.totalMilliseconds)),
    );
    try {
      const { url, method, headers, body } = request;
      const { pool, path } = connections.routeTo(url, limits.connectMilliseconds);
      pool.dispatch({ path, method, headers, ...(body === undefined ? {} : { body }) }, this);
    } catch (error) {
      this.#fail(describeTransportError(error, false));
    }
    this.#isStarting = false;
  }

  readonly cancel = (): void => {
    if (!this.#finish()) return;
    this.#controller?.abort(CANCELLED);
  };

  readonly progressed = (): void => {
    if (this.#isOver || this.#isPaused) return;
    this.#silentBytes = 0;
    if (this.#hasProgress) this.#silence.refresh();
    else this.#expectMore();
  };

  readonly pause = (): void => {
    if (this.#isOver) return;
    this.#isPaused = true;
    clearTimeout(this.#silence);
    this.#controller?.pause();
  };

  readonly resume = (): void => {
    if (this.#isOver) return;
    this.#isPaused = false;
    this.#expectMore();
    this.#controller?.resume();
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(CANCELLED);
    else this.#tell(() => this.#listener.onSent());
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 1xx answers only announce the real one.
    if (this.#isOver || status < 200) return;
    this.#hasHead = true;
    this.#tell(() => this.#listener.onHead(status, headers as AnswerHeaders));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#limits.silenceEndsWith === 'bytes') this.progressed();
    this.#silentBytes += chunk.length;
    if (this.#silentBytes > LARGEST_SILENCE_BYTES) this.#giveUp(ENDLESS_SILENCE);
    else this.#tell(() => this.#listener.onData(chunk));
  }

  onResponseEnd(): void {
    if (!this.#finish()) return;
    try {
      this.#listener.onEnd();
    } catch (error) {
      this.#listener.onFailure(mistake(error));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(describeTransportError(error, this.#hasHead));
  }

  /** From the first progress on, the idle limit takes the place of the first-byte limit. */
  #expectMore(): void {
    this.#hasProgress = true;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#timeOut('idle'), this.#limits.idleMilliseconds);
  }

  #timeOut(limit: TimeLimit): void {
    const seconds = Math.ceil(MILLISECONDS_OF_LIMIT[limit](this.#limits)) / 1000;
    const code = limit === 'deadline' ? 'deadline_exceeded' : 'timed_out';
    const failure = { code, message: `${WORDS_OF_LIMIT[limit]} ${seconds} s` } as const;
    this.#giveUp(failure);
  }

  #giveUp(failure: AttemptFailure): void {
    if (this.#fail(failure)) this.#controller?.abort(CANCELLED);
  }

  #tell(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#giveUp(mistake(error));
    }
  }

  #fail(failure: AttemptFailure): boolean {
    if (!this.#finish()) return false;
    // Whoever starts an exchange holds it only when the constructor is through, and needs it to hear of its end.
    if (this.#isStarting) queueMicrotask(() => this.#listener.onFailure(failure));
    else this.#listener.onFailure(failure);
    return true;
  }

  /** Whether this call was the one that ended it. */
  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#total);
    return true;
  }
}

const ENDLESS_SILENCE: AttemptFailure = {
  code: 'answer_malformed',
  message: `The provider sent more than ${LARGEST_SILENCE_BYTES} bytes without any content`,
};

/** What a listener threw. */
export function mistake(error: unknown): AttemptFailure {
  return { code: 'internal_error', message: 'The answer could not be worked on', cause: error };
}

type TimeLimit = 'firstByte' | 'idle' | 'total' | 'deadline';

const WORDS_OF_LIMIT: Readonly<Record<TimeLimit, string>> = {
  firstByte: 'The provider sent no content for',
  idle: 'The provider fell silent inside its answer for',
  total: 'The provider did not finish its answer within',
  deadline: "The caller's deadline was over after",
};

const MILLISECONDS_OF_LIMIT: Readonly<Record<TimeLimit, (limits: ExchangeLimits) => number>> = {
  firstByte: (limits) => limits.firstByteMilliseconds,
  idle: (limits) => limits.idleMilliseconds,
  total: (limits) => limits.totalMilliseconds,
  deadline: (limits) => limits.deadlineMilliseconds,
};
