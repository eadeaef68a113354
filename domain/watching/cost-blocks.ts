/**
 * Sums of what one agent spent at one Model in blocks of three hours over eight days: what changed between two times is
 * worked out from them (domain/normality/cost-change.ts). 2 kB a Model.
 */
import { COST_SUMS, type CostSums } from '../ledger/rollups/period-sums.ts';
import { numbersAsText, numbersFromText } from '../normality/numbers-as-text.ts';

export const BLOCK_HOURS = 3;
export const BLOCKS_OF_DAY = 8;
export const BLOCKS_OF_WEEK = 56;
/** A week before each block of the last day, and the one that is running. */
export const KEPT_BLOCKS = 66;

/** A ring of blocks of some numbers each. Numbers are added up to seven digits. */
export class BlockSums {
  readonly #width: number;
  readonly #sums: Float32Array;
  #newest: number;

  constructor(width: number, newest: number, stored?: string) {
    this.#width = width;
    this.#sums = numbersFromText(Float32Array, stored, width * KEPT_BLOCKS);
    this.#newest = newest;
  }

  get newest(): number {
    return this.#newest;
  }

  /** What is older than the blocks that are kept is passed over. */
  add(block: number, column: number, amount: number): void {
    if (block > this.#newest) this.#moveTo(block);
    if (block <= this.#newest - KEPT_BLOCKS) return;
    const at = (block % KEPT_BLOCKS) * this.#width + column;
    this.#sums[at] = (this.#sums[at] ?? 0) + amount;
  }

  /** Of a block that is not kept: zero. */
  at(block: number, column: number): number {
    if (block > this.#newest || block <= this.#newest - KEPT_BLOCKS) return 0;
    return this.#sums[(block % KEPT_BLOCKS) * this.#width + column] ?? 0;
  }

  toText(): string {
    return numbersAsText(this.#sums);
  }

  #moveTo(block: number): void {
    const from = Math.max(this.#newest + 1, block - KEPT_BLOCKS + 1);
    for (let passed = from; passed <= block; passed += 1) {
      const at = (passed % KEPT_BLOCKS) * this.#width;
      this.#sums.fill(0, at, at + this.#width);
    }
    this.#newest = block;
  }
}

export function blockOf(hour: number): number {
  return Math.floor(hour / BLOCK_HOURS);
}

export interface WeightedBlock {
  readonly block: number;
  /** How much of it counts, from 0 to 1. */
  readonly weight: number;
}

export function costSumsOf(sums: BlockSums, blocks: readonly WeightedBlock[]): CostSums {
  const total: Record<string, number> = {};
  for (const [column, name] of COST_SUMS.entries()) {
    let sum = 0;
    for (const { block, weight } of blocks) sum += weight * sums.at(block, column);
    total[name] = sum;
  }
  return total as CostSums;
}
