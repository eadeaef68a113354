/**
 * The right edge of a tree: all that is needed to append to it and to know its root. What lies left of it is never read
 * again. Pure: whoever keeps the tree writes the tiles that appendLeaves answers with.
 */
import { hashesOfLevel, rootWithinTile, TILE_LEVELS, TILE_WIDTH, tileInTree } from './tiles.ts';
import type { Tile, TileCoordinates } from './tiles.ts';
import { EMPTY_TREE_ROOT, HASH_BYTES, hashNode } from './tree-hashes.ts';

export interface TreeEdge {
  /** Leaves in the tree. */
  readonly size: number;
  /** By level: the hashes of the tile that is not full yet, one after another; empty where all tiles are full. */
  readonly partialTiles: readonly Uint8Array[];
}

const NO_HASHES = new Uint8Array();

export const EMPTY_TREE: TreeEdge = { size: 0, partialTiles: [] };

/** The tiles that make up the edge of a tree of `size` leaves, for openEdge. At most one a level. */
export function edgeTiles(size: number): readonly TileCoordinates[] {
  const tiles: TileCoordinates[] = [];
  for (let level = 0; level < TILE_LEVELS; level += 1) {
    const hashes = hashesOfLevel(size, level);
    const tile = tileInTree(size, level, Math.floor(hashes / TILE_WIDTH));
    if (tile !== undefined) tiles.push(tile);
  }
  return tiles;
}

/** The edge from the tiles that edgeTiles names. Throws a RangeError when one is missing or shorter than it must be. */
export function openEdge(size: number, tiles: readonly Pick<Tile, 'level' | 'hashes'>[]): TreeEdge {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`A tree cannot have ${size} leaves.`);
  const partialTiles: Uint8Array[] = [];
  for (const { level, index, width } of edgeTiles(size)) {
    const hashes = tiles.find((tile) => tile.level === level)?.hashes;
    if (hashes === undefined || hashes.length < width * HASH_BYTES) {
      throw new RangeError(
        `Tile ${index} of level ${level} must hold ${width} hashes in a tree of ${size} leaves.`,
      );
    }
    while (partialTiles.length < level) partialTiles.push(NO_HASHES);
    partialTiles[level] = hashes.slice(0, width * HASH_BYTES);
  }
  return { size, partialTiles };
}

/**
 * Appends leaf hashes in order. `tiles` are all that are new or have grown, in their new whole: those that became full
 * and, of each level, the one that is not full yet. Written over what was there before, they are the tree.
 */
export function appendLeaves(
  edge: TreeEdge,
  leafHashes: readonly Uint8Array[],
): { readonly edge: TreeEdge; readonly tiles: readonly Tile[] } {
  const size = edge.size + leafHashes.length;
  if (!Number.isSafeInteger(size)) throw new RangeError('A tree has at most 9,007,199,254,740,991 leaves.');
  const partialTiles = [...edge.partialTiles];
  const tiles: Tile[] = [];
  let added = leafHashes;
  for (let level = 0; added.length > 0; level += 1) {
    const hashes = Buffer.concat([partialTiles[level] ?? NO_HASHES, ...added]);
    const firstIndex = Math.floor(hashesOfLevel(edge.size, level) / TILE_WIDTH);
    const fullTiles = Math.floor(hashes.length / (TILE_WIDTH * HASH_BYTES));
    const roots: Uint8Array[] = [];
    for (let full = 0; full < fullTiles; full += 1) {
      const start = full * TILE_WIDTH * HASH_BYTES;
      const ofTile = hashes.subarray(start, start + TILE_WIDTH * HASH_BYTES);
      tiles.push({ level, index: firstIndex + full, width: TILE_WIDTH, hashes: ofTile });
      roots.push(rootWithinTile(ofTile, 0, TILE_WIDTH));
    }
    // A copy: what stays must not hold on to the hashes of full tiles.
    const rest = Uint8Array.from(hashes.subarray(fullTiles * TILE_WIDTH * HASH_BYTES));
    partialTiles[level] = rest;
    if (rest.length > 0) {
      tiles.push({ level, index: firstIndex + fullTiles, width: rest.length / HASH_BYTES, hashes: rest });
    }
    added = roots;
  }
  return { edge: { size, partialTiles }, tiles };
}

/** Root of the whole tree: its complete subtrees, folded from the right. */
export function rootOfEdge({ partialTiles }: TreeEdge): Uint8Array {
  let root: Uint8Array | undefined;
  for (const hashes of partialTiles) {
    let end = hashes.length / HASH_BYTES;
    for (let count = 1; end > 0; count *= 2) {
      if (end % (2 * count) === 0) continue;
      end -= count;
      const left = rootWithinTile(hashes, end, count);
      root = root === undefined ? left : hashNode(left, root);
    }
  }
  return root ?? EMPTY_TREE_ROOT;
}
