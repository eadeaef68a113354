/**
 * The open streams of agents, and what each was told last. A stream follows two documents: the configuration of its
 * agent and, where that names one, the document of a rollout; a release costs one look at the followers of that
 * rollout. A slow reader never makes memory grow: while its socket is full only the latest of each document waits for
 * it, and one that stays full for long is cut off.
 */
import type { ServerResponse } from 'node:http';
import { EventStream, formatEvent } from '#process/http/event-stream.ts';
import type { PublishedConfiguration } from './published-documents.ts';

export const HEARTBEAT_SECONDS = 10;
const SLOW_READER_SECONDS = 30;

/** Pods of version 0.1 know one document alone, with the prompt in it. */
export type StreamLayout = 'documents' | 'former';

export interface AgentStreams {
  /** Follows what the agent with this key is told until the connection ends. False when there is no room for another. */
  readonly open: (
    key: string,
    layout: StreamLayout,
    response: ServerResponse,
    lifetimeSeconds: number,
  ) => boolean;
  /** The configuration of the agent with this key has changed. */
  readonly configurationChanged: (key: string) => void;
  /** The document with this key has changed, which any number of agents follow. */
  readonly rolloutChanged: (rolloutKey: string) => void;
  readonly count: () => number;
  /** Ends every stream, so that its agent comes back at another replica. */
  readonly close: () => void;
}

/** What is known now, by key; undefined when there is nothing that may be told. */
export interface StreamSources {
  readonly configuration: (key: string) => PublishedConfiguration | undefined;
  readonly formerConfiguration: (key: string) => string | undefined;
  readonly rollout: (rolloutKey: string) => string | undefined;
}

export interface AgentStreamsOptions {
  readonly sources: StreamSources;
  readonly maximumStreams: number;
  /** Of one agent: a thousand pods, and their reconnections. */
  readonly maximumStreamsPerKey: number;
  readonly heartbeatSeconds?: number;
  readonly slowReaderSeconds?: number;
}

export function createAgentStreams(options: AgentStreamsOptions): AgentStreams {
  const { sources } = options;
  const byAgent = new StreamSets();
  const byRollout = new StreamSets();
  let count = 0;
  let isClosed = false;

  function tellConfiguration(stream: AgentStream): void {
    if (stream.layout === 'former') {
      const former = sources.formerConfiguration(stream.key);
      if (former !== undefined) stream.tell(frameOf('configuration', former));
      return;
    }
    const configuration = sources.configuration(stream.key);
    if (configuration === undefined) return;
    const { text, rolloutKey } = configuration;
    if (rolloutKey !== stream.rolloutKey) {
      byRollout.remove(stream.rolloutKey, stream);
      stream.rolloutKey = rolloutKey;
      byRollout.add(rolloutKey, stream);
    }
    stream.tell(frameOf('agent', text));
    const rollout = rolloutKey === undefined ? undefined : sources.rollout(rolloutKey);
    if (rollout !== undefined) stream.tell(frameOf('rollout', rollout));
  }

  return {
    open: (key, layout, response, lifetimeSeconds) => {
      const isFull = count >= options.maximumStreams || byAgent.of(key).size >= options.maximumStreamsPerKey;
      if (isClosed || isFull) return false;
      const stream = new AgentStream(key, layout, response, {
        lifetimeSeconds,
        heartbeatSeconds: options.heartbeatSeconds ?? HEARTBEAT_SECONDS,
        slowReaderSeconds: options.slowReaderSeconds ?? SLOW_READER_SECONDS,
      });
      byAgent.add(key, stream);
      count += 1;
      response.once('close', () => {
        stream.dispose();
        byAgent.remove(key, stream);
        byRollout.remove(stream.rolloutKey, stream);
        count -= 1;
      });
      tellConfiguration(stream);
      stream.open();
      return true;
    },
    configurationChanged: (key) => {
      for (const stream of byAgent.of(key)) tellConfiguration(stream);
    },
    rolloutChanged: (rolloutKey) => {
      const followers = byRollout.of(rolloutKey);
      if (followers.size === 0) return;
      const text = sources.rollout(rolloutKey);
      if (text === undefined) return;
      const frame = frameOf('rollout', text);
      for (const stream of followers) stream.tell(frame);
    },
    count: () => count,
    close: () => {
      isClosed = true;
      for (const stream of byAgent.all()) stream.end();
    },
  };
}

const NONE: ReadonlySet<AgentStream> = new Set();

class StreamSets {
  readonly #sets = new Map<string, Set<AgentStream>>();

  of(key: string): ReadonlySet<AgentStream> {
    return this.#sets.get(key) ?? NONE;
  }

  all(): readonly AgentStream[] {
    return Array.from(this.#sets.values(), (streams) => Array.from(streams)).flat();
  }

  add(key: string | undefined, stream: AgentStream): void {
    if (key === undefined) return;
    const streams = this.#sets.get(key) ?? new Set();
    this.#sets.set(key, streams.add(stream));
  }

  remove(key: string | undefined, stream: AgentStream): void {
    if (key === undefined) return;
    const streams = this.#sets.get(key);
    if (streams?.delete(stream) === true && streams.size === 0) this.#sets.delete(key);
  }
}

interface StreamTimes {
  readonly lifetimeSeconds: number;
  readonly heartbeatSeconds: number;
  readonly slowReaderSeconds: number;
}

type EventName = 'configuration' | 'agent' | 'rollout';

/** An event as it goes over the wire: made once, however many it goes to. */
interface Frame {
  readonly event: EventName;
  readonly text: string;
  readonly bytes: Buffer;
}

function frameOf(event: EventName, text: string): Frame {
  return { event, text, bytes: Buffer.from(formatEvent(text, event)) };
}

class AgentStream {
  readonly key: string;
  readonly layout: StreamLayout;
  rolloutKey: string | undefined;
  readonly #stream: EventStream;
  readonly #lifetime: NodeJS.Timeout;
  readonly #told = new Map<EventName, string>();
  readonly #pending = new Map<EventName, Frame>();

  constructor(key: string, layout: StreamLayout, response: ServerResponse, times: StreamTimes) {
    this.key = key;
    this.layout = layout;
    this.#stream = new EventStream(response, {
      keepAliveSeconds: times.heartbeatSeconds,
      stallSeconds: times.slowReaderSeconds,
      onResume: () => this.#tellPending(),
    });
    // A token is judged when a stream is opened: coming back now and then lets it be judged again.
    this.#lifetime = setTimeout(() => this.end(), times.lifetimeSeconds * 1000);
  }

  tell(frame: Frame): void {
    const { event, text, bytes } = frame;
    if (text === this.#told.get(event)) {
      // It went back to what the reader has before the reader could be told of the change.
      this.#pending.delete(event);
      return;
    }
    if (this.#stream.isPaused) {
      this.#pending.set(event, frame);
      return;
    }
    this.#told.set(event, text);
    this.#stream.write(bytes);
  }

  /** A reader for whom there is nothing yet hears at least that. */
  open(): void {
    if (!this.#stream.isOpen) this.#stream.keepAlive();
  }

  end(): void {
    this.dispose();
    this.#stream.end();
  }

  dispose(): void {
    clearTimeout(this.#lifetime);
  }

  #tellPending(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const frame of pending) this.tell(frame);
  }
}
