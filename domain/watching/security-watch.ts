/** Security events of the last day by what happened and where it came from, in bins of ten minutes. */
import { z } from 'zod';
import type { Trust } from '../ledger/ledger-entry.ts';
import { type RecordOf, SEVERITIES } from '../ledger/ledger-record.ts';

const BIN_MICROSECONDS = 600_000_000;
const BINS_OF_DAY = 144;
const BINS_OF_HOUR = 6;
const MOST_SOURCES = 2_000;
/** More of one namespace are told together, without what they came from: nobody takes the room of the others. */
const MOST_SOURCES_OF_NAMESPACE = 200;
const MOST_AGENTS = 50;
const MOST_RUNS = 10;

const Bin = z.tuple([z.int(), z.int(), z.int()]);
const Run = z.strictObject({ namespace: z.string().max(63), id: z.string().max(128) });

export const SecuritySourceSnapshot = z.strictObject({
  namespace: z.string().max(63),
  event: z.string().max(64),
  /** What it came from or was about: a mail, a tool, a caller; empty where the record does not say. */
  subject: z.string().max(256),
  severity: z.enum(SEVERITIES),
  owasp: z.array(z.string().max(8)).max(8),
  /** Of the latest one. */
  sentence: z.string().max(2_048),
  /** Number of the bin since 1970, events, blocked ones; oldest first. */
  bins: z.array(Bin).max(BINS_OF_DAY + 1),
  agents: z.array(z.string().max(256)).max(MOST_AGENTS),
  /** Latest last. */
  runs: z.array(Run).max(MOST_RUNS),
  lastMicroseconds: z.number(),
});
export type SecuritySource = z.infer<typeof SecuritySourceSnapshot>;
export const SecurityWatchSnapshot = z.array(SecuritySourceSnapshot).max(MOST_SOURCES);

export interface SecurityCounts {
  readonly total: number;
  readonly blocked: number;
}

/** Of one agent, by bins. */
export const AgentSecuritySnapshot = z.array(
  z.tuple([z.string().max(320), z.array(Bin).max(BINS_OF_DAY + 1)]),
);

export class SecurityWatch {
  readonly #sources = new Map<string, SecuritySource>();
  readonly #agents = new Map<string, [number, number, number][]>();

  constructor(sources: readonly SecuritySource[] = [], agents: z.infer<typeof AgentSecuritySnapshot> = []) {
    for (const source of sources) this.#sources.set(keyOf(source), source);
    for (const [agent, bins] of agents) this.#agents.set(agent, bins);
  }

  see(record: RecordOf<'security_event'>, atMicroseconds: number, trust: Trust): void {
    const { namespace, event, owasp, sentence, agent, run, action } = record;
    // What somebody tells of himself wakes nobody.
    const severity = trust === 'witnessed' ? record.severity : 'low';
    const subject = this.#hasRoomFor(record) ? (record.subject ?? '') : '';
    const key = keyOf({ namespace, event, subject });
    const isBlocked = action === 'blocked';
    const source = this.#sources.get(key) ?? unseen({ namespace, event, subject, severity, owasp, sentence });
    source.severity = graver(source.severity, severity);
    source.sentence = sentence;
    source.lastMicroseconds = Math.max(source.lastMicroseconds, atMicroseconds);
    count(source.bins, atMicroseconds, isBlocked);
    if (agent !== undefined && source.agents.length < MOST_AGENTS && !source.agents.includes(agent.name)) {
      source.agents.push(agent.name);
    }
    if (run !== undefined && !source.runs.some(({ id }) => id === run.id)) {
      source.runs.push({ namespace, id: run.id });
      if (source.runs.length > MOST_RUNS) source.runs.shift();
    }
    if (!this.#sources.has(key) && this.#sources.size >= MOST_SOURCES) this.#makeRoom();
    this.#sources.set(key, source);
    if (agent === undefined) return;
    const ofAgent = `${namespace}/${agent.name}`;
    const bins = this.#agents.get(ofAgent) ?? [];
    count(bins, atMicroseconds, isBlocked);
    this.#agents.set(ofAgent, bins);
  }

  #hasRoomFor({ namespace, event, subject = '' }: RecordOf<'security_event'>): boolean {
    if (this.#sources.has(keyOf({ namespace, event, subject }))) return true;
    let ofNamespace = 0;
    for (const source of this.#sources.values()) if (source.namespace === namespace) ofNamespace += 1;
    return ofNamespace < MOST_SOURCES_OF_NAMESPACE;
  }

  /** Forgets what is older than a day. */
  sweep(nowMicroseconds: number): void {
    const oldest = binOf(nowMicroseconds) - BINS_OF_DAY;
    for (const [key, source] of this.#sources) {
      if (binOf(source.lastMicroseconds) < oldest) this.#sources.delete(key);
    }
    for (const [agent, bins] of this.#agents) {
      if ((bins.at(-1)?.[0] ?? 0) < oldest) this.#agents.delete(agent);
    }
  }

  sources(): IterableIterator<SecuritySource> {
    return this.#sources.values();
  }

  ofAgent(namespace: string, name: string, nowMicroseconds: number): SecurityCounts {
    return countsIn(this.#agents.get(`${namespace}/${name}`) ?? [], nowMicroseconds, BINS_OF_DAY);
  }

  toSnapshot(): {
    readonly sources: readonly SecuritySource[];
    readonly agents: z.infer<typeof AgentSecuritySnapshot>;
  } {
    return { sources: [...this.#sources.values()], agents: [...this.#agents] };
  }

  /** The quarter that was silent for the longest time goes: not one by one, or each newcomer would look at all. */
  #makeRoom(): void {
    const oldestFirst = [...this.#sources].toSorted(
      ([, one], [, other]) => one.lastMicroseconds - other.lastMicroseconds,
    );
    for (const [key] of oldestFirst.slice(0, MOST_SOURCES / 4)) this.#sources.delete(key);
  }
}

export function countsOfHour({ bins }: SecuritySource, nowMicroseconds: number): SecurityCounts {
  return countsIn(bins, nowMicroseconds, BINS_OF_HOUR);
}

/** When the events of this hour began: the bin after the latest ten minutes without any, not more than a day ago. */
export function burstSince({ bins }: SecuritySource): number {
  let since = bins.at(-1)?.[0] ?? 0;
  for (const [bin] of bins.toReversed()) {
    if (since - bin > BINS_OF_HOUR) break;
    since = bin;
  }
  return since * BIN_MICROSECONDS;
}

function countsIn(
  bins: readonly (readonly [number, number, number])[],
  now: number,
  width: number,
): SecurityCounts {
  const newest = binOf(now);
  let total = 0;
  let blocked = 0;
  for (const [bin, all, kept] of bins) {
    if (bin <= newest - width - 1 || bin > newest) continue;
    total += all;
    blocked += kept;
  }
  return { total, blocked };
}

type Description = Pick<
  RecordOf<'security_event'>,
  'namespace' | 'event' | 'severity' | 'owasp' | 'sentence'
> & { readonly subject: string };

function unseen({ namespace, event, subject, severity, owasp, sentence }: Description): SecuritySource {
  // In the order of the snapshot's schema: a replay is compared with it by the letter.
  return {
    namespace,
    event,
    subject,
    severity,
    owasp: [...owasp],
    sentence,
    bins: [],
    agents: [],
    runs: [],
    lastMicroseconds: 0,
  };
}

function graver(
  one: SecuritySource['severity'],
  other: SecuritySource['severity'],
): SecuritySource['severity'] {
  return SEVERITIES.indexOf(one) >= SEVERITIES.indexOf(other) ? one : other;
}

function count(bins: [number, number, number][], atMicroseconds: number, isBlocked: boolean): void {
  const bin = binOf(atMicroseconds);
  let at = bins.length - 1;
  while (at >= 0 && (bins[at]?.[0] ?? 0) > bin) at -= 1;
  const known = bins[at];
  if (known?.[0] === bin) {
    known[1] += 1;
    if (isBlocked) known[2] += 1;
    return;
  }
  bins.splice(at + 1, 0, [bin, 1, isBlocked ? 1 : 0]);
  if (bins.length > BINS_OF_DAY) bins.shift();
}

function binOf(atMicroseconds: number): number {
  return Math.floor(atMicroseconds / BIN_MICROSECONDS);
}

function keyOf({
  namespace,
  event,
  subject,
}: Pick<SecuritySource, 'namespace' | 'event' | 'subject'>): string {
  return `${namespace} ${event} ${subject}`;
}
