/**
 * One request to a provider whose answer is a stream of server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html), or a refusal with another status.
 */
import { StringDecoder } from 'node:string_decoder';
import { createParser } from 'eventsource-parser';
import type { ProviderEvent, ProviderRequest } from '#domain/dialects/dialect.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { WholeAnswer } from './ask-provider.ts';
import type { ProviderConnections } from './provider-connections.ts';
import {
  type AnswerHeaders,
  type Exchange,
  type ExchangeLimits,
  mistake,
  startExchange,
} from './provider-exchange.ts';

export interface EventStreamListener {
  readonly onSent: () => void;
  readonly onEvent: (event: ProviderEvent) => void;
  /** After the events of one network read, the moment to write what they became. */
  readonly onBatchEnd: () => void;
  /** The provider closed the body cleanly. Says nothing about whether the answer was complete. */
  readonly onClose: () => void;
  /** A status other than 2xx, with at most 64 KiB of its body. */
  readonly onRefusal: (refusal: WholeAnswer) => void;
  readonly onFailure: (failure: AttemptFailure) => void;
}

const LARGEST_EVENT_CHARACTERS = 4 * 1024 * 1024;
const LARGEST_REFUSAL_BYTES = 64 * 1024;

/**
 * Exactly one of onClose, onRefusal and onFailure is called, once and last; none after `cancel`. When onClose or
 * onRefusal throws, onFailure follows.
 */
export function streamFromProvider(
  connections: ProviderConnections,
  request: ProviderRequest,
  limits: Omit<ExchangeLimits, 'silenceEndsWith'>,
  listener: EventStreamListener,
): Exchange {
  let head: { readonly status: number; readonly headers: AnswerHeaders } = { status: 0, headers: {} };
  let isRefusal = false;
  const refusal: Buffer[] = [];
  let refusalBytes = 0;
  let isOver = false;
  // Bytes of one character may arrive in two reads.
  const decoder = new StringDecoder('utf8');
  const parser = createParser({
    maxBufferSize: LARGEST_EVENT_CHARACTERS,
    onEvent: (event) => {
      if (!isOver) listener.onEvent(event as ProviderEvent);
    },
    onError: ({ type }) => {
      // Lines with unknown fields are to be ignored by the standard.
      if (type === 'max-buffer-size-exceeded') endWith(() => listener.onFailure(ENDLESS_EVENT));
    },
  });
  const endWith = (tell: () => void): void => {
    if (isOver) return;
    isOver = true;
    exchange.cancel();
    try {
      tell();
    } catch (error) {
      // The exchange is over, so nobody else would tell whoever waits for the end.
      listener.onFailure(mistake(error));
    }
  };
  const readRefusal = (chunk: Buffer): void => {
    refusal.push(chunk.subarray(0, LARGEST_REFUSAL_BYTES - refusalBytes));
    refusalBytes += chunk.length;
    if (refusalBytes >= LARGEST_REFUSAL_BYTES) tellRefusal();
  };
  const tellRefusal = (): void =>
    endWith(() => listener.onRefusal({ ...head, body: Buffer.concat(refusal).toString('utf8') }));

  const contentLimits = { ...limits, silenceEndsWith: 'content' } as const;
  const exchange = startExchange(connections, request, contentLimits, {
    onSent: listener.onSent,
    onHead: (status, headers) => {
      head = { status, headers };
      isRefusal = status > 299;
    },
    onData: (chunk) => {
      if (isOver) return;
      if (isRefusal) {
        readRefusal(chunk);
        return;
      }
      parser.feed(decoder.write(chunk));
      if (!isOver) listener.onBatchEnd();
    },
    onEnd: () => {
      if (isRefusal) tellRefusal();
      else endWith(listener.onClose);
    },
    onFailure: (failure) => endWith(() => listener.onFailure(failure)),
  });
  return {
    cancel: () => {
      isOver = true;
      exchange.cancel();
    },
    progressed: exchange.progressed,
    pause: exchange.pause,
    resume: exchange.resume,
  };
}

const ENDLESS_EVENT: AttemptFailure = {
  code: 'answer_malformed',
  message: `The provider sent an event of more than ${LARGEST_EVENT_CHARACTERS} characters`,
};
