/**
 * Roots and proofs of a tree at any size it ever had, from its tiles (RFC 6962 2.1). A proof needs a few tiles a level,
 * however large the tree; all that one needs are asked for at once.
 */
import { HASH_BYTES, EMPTY_TREE_ROOT, hashNode } from './tree-hashes.ts';
import { rootWithinTile, TILE_WIDTH, tileInTree } from './tiles.ts';
import type { TileCoordinates } from './tiles.ts';

/**
 * Answers with at least `width` hashes of the tile, or with undefined where there are not so many. May be asked for
 * several tiles at a time.
 */
export type TileReader = (tile: TileCoordinates) => Promise<Uint8Array | undefined>;

export class MissingTileError extends Error {
  override readonly name = 'MissingTileError';
  readonly tile: TileCoordinates;
  constructor(tile: TileCoordinates) {
    super(`Tile ${tile.index} of level ${tile.level} is missing or has fewer than ${tile.width} hashes.`);
    this.tile = tile;
  }
}

/** Leaves from `start` up to `end`, that one not included. */
interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** A complete subtree that lies within one tile. */
interface Subtree {
  readonly tile: TileCoordinates;
  /** Of its first hash in the tile. */
  readonly place: number;
  /** Hashes of the tile beneath it: a power of two up to 128, or 256 of a full tile. */
  readonly count: number;
}

/** Rejects with RangeError for a size that is none, with MissingTileError, and with what the reader rejects with. */
export async function rootAtSize(size: number, read: TileReader): Promise<Uint8Array> {
  checkSize(size);
  if (size === 0) return EMPTY_TREE_ROOT;
  const [root = EMPTY_TREE_ROOT] = await rootsOfRanges(size, [{ start: 0, end: size }], read);
  return root;
}

/** Hashes from the leaf's sibling up to the child of the root. `size`: of the tree in which it is proven. */
export async function proveInclusion(
  index: number,
  size: number,
  read: TileReader,
): Promise<readonly Uint8Array[]> {
  checkSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`A tree of ${size} leaves has no leaf ${index}.`);
  }
  const siblings: LeafRange[] = [];
  let { start, end }: LeafRange = { start: 0, end: size };
  while (end - start > 1) {
    const middle = start + largestPowerOfTwoBelow(end - start);
    if (index < middle) {
      siblings.unshift({ start: middle, end });
      end = middle;
    } else {
      siblings.unshift({ start, end: middle });
      start = middle;
    }
  }
  return rootsOfRanges(size, siblings, read);
}

/** That the tree of `fromSize` leaves is the beginning of the one of `toSize`. Empty from 0 and between equal sizes. */
export async function proveConsistency(
  fromSize: number,
  toSize: number,
  read: TileReader,
): Promise<readonly Uint8Array[]> {
  checkSize(fromSize);
  checkSize(toSize);
  if (fromSize > toSize) throw new RangeError(`A tree of ${toSize} leaves does not begin with ${fromSize}.`);
  if (fromSize === 0 || fromSize === toSize) return [];
  const ranges: LeafRange[] = [];
  let { start, end }: LeafRange = { start: 0, end: toSize };
  // Down to the last complete subtree of the older tree; when that is the older tree itself, its root is known.
  while (end !== fromSize) {
    const middle = start + largestPowerOfTwoBelow(end - start);
    if (fromSize <= middle) {
      ranges.unshift({ start: middle, end });
      end = middle;
    } else {
      ranges.unshift({ start, end: middle });
      start = middle;
    }
  }
  if (start > 0) ranges.unshift({ start, end });
  return rootsOfRanges(toSize, ranges, read);
}

async function rootsOfRanges(
  size: number,
  ranges: readonly LeafRange[],
  read: TileReader,
): Promise<readonly Uint8Array[]> {
  const subtrees = ranges.map((range) => subtreesOf(range, size));
  const tiles = new Map(subtrees.flat().map(({ tile }) => [`${tile.level}/${tile.index}`, tile]));
  const hashes = new Map(
    await Promise.all([...tiles].map(async ([key, tile]) => [key, await readTile(tile, read)] as const)),
  );
  return subtrees.map((ofRange) =>
    ofRange
      .map(({ tile, place, count }) => {
        const ofTile = hashes.get(`${tile.level}/${tile.index}`);
        if (ofTile === undefined) throw new MissingTileError(tile);
        return rootWithinTile(ofTile, place, count);
      })
      .reduceRight((right, left) => hashNode(left, right)),
  );
}

async function readTile(tile: TileCoordinates, read: TileReader): Promise<Uint8Array> {
  const hashes = await read(tile);
  if (hashes === undefined || hashes.length < tile.width * HASH_BYTES) throw new MissingTileError(tile);
  return hashes;
}

/**
 * The complete subtrees of a range, from the left. Ranges of proofs begin where their largest subtree may begin, so each
 * next one is smaller.
 */
function subtreesOf({ start, end }: LeafRange, size: number): readonly Subtree[] {
  const subtrees: Subtree[] = [];
  for (let from = start; from < end;) {
    const leaves = largestPowerOfTwoBelow(end - from + 1);
    subtrees.push(subtreeInTile(from, leaves, size));
    from += leaves;
  }
  return subtrees;
}

function subtreeInTile(start: number, leaves: number, size: number): Subtree {
  let level = 0;
  let leavesOfHash = 1;
  while (leavesOfHash * TILE_WIDTH <= leaves) {
    leavesOfHash *= TILE_WIDTH;
    level += 1;
  }
  const first = start / leavesOfHash;
  const index = Math.floor(first / TILE_WIDTH);
  const tile = tileInTree(size, level, index);
  if (tile === undefined)
    throw new RangeError(`A tree of ${size} leaves has no tile ${index} of level ${level}.`);
  return { tile, place: first % TILE_WIDTH, count: leaves / leavesOfHash };
}

/** The largest power of two that is less than `count`; `count` is at least 2. */
function largestPowerOfTwoBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`A tree cannot have ${size} leaves.`);
}
