/**
 * The label-free signals of one agent on its present prompt. What is usual is learned anew when the prompt changes, because
 * another prompt may rightly be another in each of them; a candidate is judged by its rollout, and not seen here.
 */
import { z } from 'zod';
import type { CusumDesign, Shares } from '../drift/bernoulli-cusum.ts';
import { type UsualSize, isLarge, isSmall, learnSize, unseenSize } from '../drift/usual-size.ts';
import { LEARNED_FROM_RUNS, UNSEEN, type WatchedShare, watchRun } from '../drift/watched-share.ts';
import { SIGNALS, type Signal } from './signals.ts';
import { UsualSizeSnapshot, WatchedShareSnapshot } from './watched-share-snapshot.ts';

/** The recent share is a mean over about so many. */
const RECENT_RUNS = 100;

export const SIZES = ['steps', 'answer', 'input'] as const;
export type Size = (typeof SIZES)[number];
const SHARES_OF_SIZE: Readonly<Record<Size, { readonly small?: WatchedName; readonly large: WatchedName }>> =
  {
    steps: { large: 'many_steps' },
    answer: { small: 'short_answers', large: 'long_answers' },
    input: { small: 'short_inputs', large: 'long_inputs' },
  };

/** What comes in is no quality: it explains a drift, and is none. */
export const TRAFFIC = ['long_inputs', 'short_inputs'] as const;
export type WatchedName = Signal | (typeof TRAFFIC)[number];
const NAMES: readonly WatchedName[] = [...SIGNALS, ...TRAFFIC];

export interface SignalState {
  readonly watched: WatchedShare;
  /** From 0 to 1, of the last hundred or so. */
  readonly recentShare: number;
  readonly runs: number;
}

const UNSEEN_SIGNAL: SignalState = { watched: UNSEEN, recentShare: 0, runs: 0 };

const SignalSnapshot = z.strictObject({
  watched: WatchedShareSnapshot,
  recentShare: z.number(),
  runs: z.int().min(0),
});
export const QualityWatchSnapshot = z.strictObject({
  signals: z.partialRecord(z.enum(NAMES), SignalSnapshot),
  sizes: z.partialRecord(z.enum(SIZES), UsualSizeSnapshot),
});
export type QualityWatchSnapshot = z.infer<typeof QualityWatchSnapshot>;

export class QualityWatch {
  readonly #signals: Map<WatchedName, SignalState>;
  readonly #sizes: Map<Size, UsualSize>;

  constructor(stored?: QualityWatchSnapshot) {
    const signals = Object.entries(stored?.signals ?? {}) as [WatchedName, SignalState][];
    this.#signals = new Map(signals);
    this.#sizes = new Map(Object.entries(stored?.sizes ?? {}) as [Size, UsualSize][]);
  }

  add(name: WatchedName, isBad: boolean, atMicroseconds: number, design: Design): void {
    const { watched, recentShare, runs } = this.#signals.get(name) ?? UNSEEN_SIGNAL;
    const weight = Math.max(1 / RECENT_RUNS, 1 / (runs + 1));
    this.#signals.set(name, {
      watched: watchRun(watched, { isBad, atMicroseconds }, design),
      recentShare: recentShare + weight * ((isBad ? 1 : 0) - recentShare),
      runs: runs + 1,
    });
  }

  /** Returns the signals for which it was a bad one. */
  addSize(name: Size, amount: number, atMicroseconds: number, design: Design): readonly WatchedName[] {
    const size = this.#sizes.get(name) ?? unseenSize();
    const { small, large } = SHARES_OF_SIZE[name];
    if (size.phase === 'learning') {
      this.#sizes.set(name, learnSize(size, amount, LEARNED_FROM_RUNS) ?? size);
      return [];
    }
    const isTooLarge = isLarge(size, amount);
    this.add(large, isTooLarge, atMicroseconds, design);
    const isTooSmall = small !== undefined && isSmall(size, amount);
    if (small !== undefined) this.add(small, isTooSmall, atMicroseconds, design);
    return [...(isTooLarge ? [large] : []), ...(isTooSmall ? [small] : [])];
  }

  stateOf(name: WatchedName): SignalState {
    return this.#signals.get(name) ?? UNSEEN_SIGNAL;
  }

  /** Those of which anything was seen. */
  *states(): IterableIterator<readonly [WatchedName, SignalState]> {
    for (const name of NAMES) {
      const state = this.#signals.get(name);
      if (state !== undefined) yield [name, state];
    }
  }

  toSnapshot(): QualityWatchSnapshot {
    return { signals: Object.fromEntries(this.#signals), sizes: Object.fromEntries(this.#sizes) };
  }
}

export type Design = (shares: Shares) => CusumDesign;
