/** One request to a provider whose answer is read whole before anything is done with it. */
import type { ProviderRequest } from '#domain/dialects/dialect.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { Cancellation } from './cancellation.ts';
import type { ProviderConnections } from './provider-connections.ts';
import { type AnswerHeaders, type ExchangeLimits, startExchange } from './provider-exchange.ts';

export interface WholeAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: string;
}

export interface AskOptions {
  readonly limits: Omit<ExchangeLimits, 'silenceEndsWith' | 'firstByteMilliseconds'>;
  readonly cancellation: Cancellation;
  readonly onSent?: () => void;
  readonly largestAnswerBytes?: number;
}

export type AskResult =
  | { readonly ok: true; readonly answer: WholeAnswer }
  | { readonly ok: false; readonly failure: AttemptFailure };

/** Embeddings of a large batch are the largest honest answers. */
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * The first byte of a whole answer comes when all of it is made, so only `totalMilliseconds` bounds the wait for it.
 * Never rejects. A cancellation closes the upstream connection and answers `cancelled`.
 */
export function askProvider(
  connections: ProviderConnections,
  request: ProviderRequest,
  options: AskOptions,
): Promise<AskResult> {
  const { cancellation, largestAnswerBytes = LARGEST_ANSWER_BYTES } = options;
  const limits = {
    ...options.limits,
    firstByteMilliseconds: options.limits.totalMilliseconds,
    silenceEndsWith: 'bytes',
  } as const;
  return new Promise((resolve) => {
    let head: Pick<WholeAnswer, 'status' | 'headers'> = { status: 0, headers: {} };
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (result: AskResult): void => {
      cancellation.delete(onCancel);
      resolve(result);
    };
    const fail = (failure: AttemptFailure): void => settle({ ok: false, failure });
    const onCancel = (): void => {
      exchange.cancel();
      fail({ code: 'cancelled', message: 'The caller left.' });
    };
    const exchange = startExchange(connections, request, limits, {
      onSent: options.onSent ?? (() => undefined),
      onHead: (status, headers) => {
        head = { status, headers };
      },
      onData: (chunk) => {
        bytes += chunk.length;
        if (bytes <= largestAnswerBytes) {
          chunks.push(chunk);
          return;
        }
        exchange.cancel();
        fail({
          code: 'answer_malformed',
          message: `The provider's answer is larger than ${largestAnswerBytes} bytes`,
        });
      },
      onEnd: () => settle({ ok: true, answer: { ...head, body: textOf(chunks) } }),
      onFailure: fail,
    });
    cancellation.add(onCancel);
  });
}

function textOf(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined
    ? only.toString('utf8')
    : Buffer.concat(chunks).toString('utf8');
}
