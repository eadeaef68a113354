/** What the ledger says of itself and of releases, and which findings somebody has silenced. */
import { z } from 'zod';
import type { RecordOf } from '../ledger/ledger-record.ts';
import { DAY_MICROSECONDS } from './time-units.ts';

const MOST_GAPS = 200;
const MOST_DECISIONS = 500;
const MOST_SILENCES = 2_000;
const WEEK_MICROSECONDS = 604_800_000_000;

const Gap = z.strictObject({
  namespace: z.string().max(63),
  cause: z.string().max(64),
  sentence: z.string().max(2_048),
  atMicroseconds: z.number(),
});
export type SeenGap = z.infer<typeof Gap>;

const Decision = z.strictObject({
  namespace: z.string().max(63),
  rollout: z.string().max(256),
  decision: z.string().max(64),
  reason: z.string().max(64),
  sentence: z.string().max(2_048),
  to: z.string().max(256),
  atMicroseconds: z.number(),
});
export type SeenDecision = z.infer<typeof Decision>;

const Silence = z.strictObject({
  finding: z.string().max(2_048),
  action: z.enum(['muted', 'expected']),
  by: z.string().max(256),
  reason: z.string().max(2_048),
  untilMicroseconds: z.number(),
});
export type SeenSilence = z.infer<typeof Silence>;

export const PlatformWatchSnapshot = z.strictObject({
  gaps: z.array(Gap).max(MOST_GAPS),
  decisions: z.array(Decision).max(MOST_DECISIONS),
  silences: z.array(Silence).max(MOST_SILENCES),
});
export type PlatformWatchSnapshot = z.infer<typeof PlatformWatchSnapshot>;

/** The longest that anything is silenced; a silence without an end ends then. */
const LONGEST_SILENCE_MICROSECONDS = 30 * DAY_MICROSECONDS;

export class PlatformWatch {
  readonly #gaps: SeenGap[];
  readonly #decisions: SeenDecision[];
  readonly #silences: Map<string, SeenSilence>;

  constructor(stored?: PlatformWatchSnapshot) {
    this.#gaps = [...(stored?.gaps ?? [])];
    this.#decisions = [...(stored?.decisions ?? [])];
    this.#silences = new Map(stored?.silences.map((silence) => [silence.finding, silence]));
  }

  seeGap({ namespace, cause, sentence }: RecordOf<'gap'>, atMicroseconds: number): void {
    this.#gaps.push({ namespace, cause, sentence, atMicroseconds });
    if (this.#gaps.length > MOST_GAPS) this.#gaps.shift();
  }

  seeDecision(record: RecordOf<'rollout_decision'>, atMicroseconds: number): void {
    const { namespace, rollout, decision, reason, sentence = '', to } = record;
    const version = to?.version ?? to?.digest?.slice(0, 12) ?? '';
    this.#decisions.push({ namespace, rollout, decision, reason, sentence, to: version, atMicroseconds });
    if (this.#decisions.length > MOST_DECISIONS) this.#decisions.shift();
  }

  /** The latest word on a finding counts. */
  seeSilence(record: RecordOf<'silence'>, atMicroseconds: number): void {
    const { finding, action, by, reason, untilMicroseconds } = record;
    this.#silences.delete(finding);
    if (action === 'ended') return;
    const longest = atMicroseconds + LONGEST_SILENCE_MICROSECONDS;
    this.#silences.set(finding, {
      finding,
      action,
      by,
      reason,
      untilMicroseconds: Math.min(untilMicroseconds ?? longest, longest),
    });
    if (this.#silences.size <= MOST_SILENCES) return;
    const [oldest] = this.#silences.keys();
    if (oldest !== undefined) this.#silences.delete(oldest);
  }

  sweep(nowMicroseconds: number): void {
    for (const [finding, { untilMicroseconds }] of this.#silences) {
      if (untilMicroseconds <= nowMicroseconds) this.#silences.delete(finding);
    }
  }

  silenceOf(finding: string, nowMicroseconds: number): SeenSilence | undefined {
    const silence = this.#silences.get(finding);
    return silence !== undefined && silence.untilMicroseconds > nowMicroseconds ? silence : undefined;
  }

  gapsSince(microseconds: number): readonly SeenGap[] {
    return this.#gaps.filter(({ atMicroseconds }) => atMicroseconds >= microseconds);
  }

  /** Of the last week, oldest first. */
  decisionsOf(namespace: string, rollout: string, nowMicroseconds: number): readonly SeenDecision[] {
    return this.#decisions.filter(
      (decision) =>
        decision.namespace === namespace &&
        decision.rollout === rollout &&
        decision.atMicroseconds > nowMicroseconds - WEEK_MICROSECONDS,
    );
  }

  toSnapshot(): PlatformWatchSnapshot {
    return {
      gaps: [...this.#gaps],
      decisions: [...this.#decisions],
      silences: [...this.#silences.values()],
    };
  }
}
