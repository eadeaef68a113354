/**
 * The live streams of all tabs: each second each is told which topics changed that the person may see. Rights are asked again
 * every half minute; who has lost his session or cannot be asked for any more is ended.
 */
import type { FastifyReply } from 'fastify';
import { type EventStream, eventStreamOf } from '#process/http/event-stream.ts';
import type { StreamEvent } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { type Visible, visibleTo } from '../rights/visible.ts';
import type { Session } from '../sessions/session.ts';
import type { Change } from './change-log.ts';

const TICK_MILLISECONDS = 1_000;
const BEAT_MILLISECONDS = 5_000;
const RIGHTS_MILLISECONDS = 30_000;
/** So long the API server may be away before nobody knows any more who may see what. */
const RIGHTS_LOST_MILLISECONDS = 120_000;
/** A tab that has read nothing for so long is given up. */
const STALL_SECONDS = 15;
const MOST_OF_ONE_SESSION = 20;
/** Whoever logs in again and again does not take the streams of all others. */
const MOST_OF_ONE_PERSON = 100;
const MOST_AGENT_TOPICS = 200;
const ALL_TOPICS = ['now', 'agents', 'rollouts', 'security', 'models'] as const;

interface LiveStream {
  readonly events: EventStream;
  readonly session: Session;
  visible: Visible;
  /** Which namespaces there were when it was asked. */
  visibleAt: number;
  isAsking: boolean;
  version: number;
  problem: string | null;
  saidAt: number;
}

type StreamParts = Pick<
  ConsoleParts,
  'changes' | 'fleet' | 'rights' | 'ended' | 'nowMilliseconds' | 'nowSeconds' | 'drain' | 'settings'
>;

export class LiveStreams implements Disposable {
  readonly #parts: StreamParts;
  readonly #streams = new Set<LiveStream>();
  readonly #clock: NodeJS.Timeout;
  readonly #forget: () => void;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#clock = setInterval(() => this.tick(), TICK_MILLISECONDS);
    this.#forget = parts.ended.onEnd((id) => {
      for (const stream of this.#streams) if (stream.session.id === id) stream.events.end();
    });
    parts.drain.onBegin(() => {
      for (const { events } of this.#streams) events.end();
    });
  }

  get count(): number {
    return this.#streams.size;
  }

  /** Whether one more may be opened. */
  hasRoom({ id, user }: Session): boolean {
    const sessions = [...this.#streams].map(({ session }) => session);
    const ofPerson = sessions.filter((session) => session.user.username === user.username);
    return (
      sessions.length < this.#parts.settings.mostStreams &&
      ofPerson.length < MOST_OF_ONE_PERSON &&
      ofPerson.filter((session) => session.id === id).length < MOST_OF_ONE_SESSION
    );
  }

  open(reply: FastifyReply, session: Session, visible: Visible): void {
    const { changes, nowMilliseconds, fleet } = this.#parts;
    const now = nowMilliseconds();
    const stream: LiveStream = {
      events: eventStreamOf(reply, { stallSeconds: STALL_SECONDS }),
      session,
      visible,
      visibleAt: now,
      isAsking: false,
      version: changes.version,
      problem: fleet.currency().problem,
      saidAt: now,
    };
    this.#streams.add(stream);
    reply.raw.once('close', () => this.#streams.delete(stream));
    this.#say(stream, 'beat', []);
  }

  /** Once a second, by the clock. */
  tick(): void {
    for (const stream of this.#streams) this.#tell(stream);
  }

  #tell(stream: LiveStream): void {
    const { nowMilliseconds, nowSeconds, ended, changes, fleet } = this.#parts;
    const now = nowMilliseconds();
    const { id, expiresAtSeconds } = stream.session;
    const isOver = expiresAtSeconds <= nowSeconds() || ended.has(id);
    if (isOver || now - stream.visibleAt > RIGHTS_LOST_MILLISECONDS) {
      stream.events.end();
      this.#streams.delete(stream);
      return;
    }
    if (now - stream.visibleAt > RIGHTS_MILLISECONDS && !stream.isAsking) void this.#askAgain(stream);
    // It is told all of it when it has read what it was told.
    if (stream.events.isPaused) return;
    const { problem } = fleet.currency();
    const topics = topicsOf(changes.since(stream.version), stream.visible);
    if (problem !== stream.problem) topics.add('now').add('agents');
    stream.version = changes.version;
    stream.problem = problem;
    if (topics.size > 0) this.#say(stream, 'changed', [...topics]);
    else if (now - stream.saidAt >= BEAT_MILLISECONDS) this.#say(stream, 'beat', []);
  }

  /** Whatever he may see now, the page asks for anew. */
  async #askAgain(stream: LiveStream): Promise<void> {
    stream.isAsking = true;
    try {
      stream.visible = await visibleTo(this.#parts.rights, stream.session.user);
      stream.visibleAt = this.#parts.nowMilliseconds();
      if (!stream.events.isPaused) this.#say(stream, 'changed', ALL_TOPICS);
    } catch {
      // Asked again with the next tick, until it is too long ago.
    } finally {
      stream.isAsking = false;
    }
  }

  #say(stream: LiveStream, event: StreamEvent['event'], topics: readonly string[]): void {
    const data: StreamEvent['data'] = { ...this.#parts.fleet.currency(), topics };
    stream.saidAt = this.#parts.nowMilliseconds();
    stream.events.sendJson(data, event);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#clock);
    this.#forget();
    for (const { events } of this.#streams) events.destroy();
    this.#streams.clear();
  }
}

function topicsOf(changes: readonly Change[], visible: Visible): Set<string> {
  const topics = new Set<string>();
  let agents = 0;
  for (const { topic, namespace } of changes) {
    if (!isVisible(topic, namespace, visible)) continue;
    if (!topic.startsWith('agent/')) {
      topics.add(topic);
      continue;
    }
    topics.add('agents');
    agents += 1;
    if (agents <= MOST_AGENT_TOPICS) topics.add(topic);
  }
  return topics;
}

function isVisible(topic: string, namespace: string | undefined, visible: Visible): boolean {
  if (namespace === undefined) return visible.agents.isEverywhere;
  if (topic === 'rollouts') return visible.rollouts.includes(namespace);
  if (topic === 'models') return visible.models.includes(namespace);
  if (topic === 'security') return visible.securityEvents.includes(namespace);
  return visible.agents.includes(namespace);
}
