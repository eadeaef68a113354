/**
 * Follows the operator's stream of configurations (server-sent events) for ever.
 *
 * connecting -> following: the answer is 200; the stream counts as up from its first bytes.
 * following -> waiting: the stream ends, breaks, or is silent for longer than `silenceSeconds` (a heartbeat comes every
 * 10 s, so a half-open connection is found). waiting -> connecting: after a backoff with jitter, so that a thousand
 * agents do not come back to a restarted operator in the same moment; it starts over once a stream has been up.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { Agent, type Dispatcher } from 'undici';
import { type BackoffLimits, backoffSeconds } from '#adapters/kubernetes/backoff.ts';
import type { Logger } from '#telemetry/logger.ts';

const SILENCE_SECONDS = 25;
const BACKOFF: BackoffLimits = { minimumSeconds: 0.2, maximumSeconds: 15 };
const CONNECT_MILLISECONDS = 5_000;
/** A document carries two prompts at most; this is far above its bound. */
const LARGEST_EVENT_CHARACTERS = 4 * 1024 * 1024;

export interface ConfigurationStreamOptions {
  readonly url: string;
  /** Read anew for each connection: the kubelet rotates the token. */
  readonly tokenPath: string | undefined;
  readonly onConfiguration: (text: string) => void;
  readonly onRollout: (text: string) => void;
  /** Anything was heard: bytes of any kind. */
  readonly onContact: () => void;
  readonly logger: Logger;
  readonly random: () => number;
  readonly silenceSeconds?: number;
  readonly backoff?: BackoffLimits;
}

export interface ConfigurationStream {
  readonly isUp: () => boolean;
  readonly close: () => Promise<void>;
}

export function followConfigurationStream(options: ConfigurationStreamOptions): ConfigurationStream {
  const stopping = new AbortController();
  const agent = new Agent({ connect: { timeout: CONNECT_MILLISECONDS }, headersTimeout: 0, bodyTimeout: 0 });
  let isUp = false;
  const following = follow();

  async function follow(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted;) {
      let problem = 'the operator ended the stream';
      try {
        await followOnce(agent, options, stopping.signal, () => {
          isUp = true;
          failures = 0;
        });
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
      isUp = false;
      failures += 1;
      if (stopping.signal.aborted) return;
      const seconds = backoffSeconds(failures, options.backoff ?? BACKOFF, options.random);
      // The operator ends every stream now and then, to judge the token again: that alone is no news.
      const level = failures === 1 ? 'info' : 'warn';
      options.logger[level]({ problem, failures, seconds }, 'the configuration stream is down');
      await sleep(seconds * 1000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    isUp: () => isUp,
    close: async () => {
      stopping.abort();
      await following;
      await agent.destroy();
    },
  };
}

async function followOnce(
  agent: Agent,
  options: ConfigurationStreamOptions,
  stopping: AbortSignal,
  onUp: () => void,
): Promise<void> {
  const silence = new SilenceGuard((options.silenceSeconds ?? SILENCE_SECONDS) * 1000);
  const signal = AbortSignal.any([stopping, silence.signal]);
  try {
    const { origin, pathname, search } = new URL(options.url);
    const response = await agent.request({
      origin,
      path: `${pathname}${search}`,
      method: 'GET',
      headers: { accept: 'text/event-stream', ...(await authorization(options.tokenPath)) },
      signal,
    });
    if (response.statusCode !== 200) {
      await response.body.dump({ limit: 65_536, signal });
      throw new Error(`the operator answered with status ${response.statusCode}`);
    }
    await readEvents(response, options, silence, onUp);
  } catch (error) {
    throw silence.signal.aborted ? new Error('the stream was silent for too long') : error;
  } finally {
    silence.stop();
  }
}

async function readEvents(
  response: Dispatcher.ResponseData,
  options: ConfigurationStreamOptions,
  silence: SilenceGuard,
  onUp: () => void,
): Promise<void> {
  const parser = createParser({
    maxBufferSize: LARGEST_EVENT_CHARACTERS,
    onError: (error) => {
      // Fields we do not know are no fault; a line without end is.
      if (error.type === 'max-buffer-size-exceeded') throw error;
    },
    onEvent: ({ event, data }) => {
      // An operator of version 0.1 says `configuration`, with the prompt in it.
      if (event === 'agent' || event === 'configuration') options.onConfiguration(data);
      else if (event === 'rollout') options.onRollout(data);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    silence.heard();
    onUp();
    options.onContact();
    parser.feed(decoder.decode(chunk, { stream: true }));
  }
}

async function authorization(tokenPath: string | undefined): Promise<Readonly<Record<string, string>>> {
  if (tokenPath === undefined) return {};
  return { authorization: `Bearer ${(await readFile(tokenPath, 'utf8')).trim()}` };
}

/** Aborts its signal when nothing is heard for so long; waiting for the connection is silence too. */
class SilenceGuard {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => this.#controller.abort(new Error('silence')), milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
