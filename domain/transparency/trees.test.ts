import { array, assert, integer, maxSafeNat, nat, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompactRange } from './compact-range.ts';
import { isConsistent, isIncluded } from './proof-verification.ts';
import { consistencyOf, leafOf, pathOf, rootOf } from './testing/recursive-tree.ts';
import { TileMap } from './testing/tile-map.ts';
import { EMPTY_TREE_ROOT, hashLeaf } from './tree-hashes.ts';
import { parseTilePath, tilePath } from './tiles.ts';
import { MissingTileError, proveConsistency, proveInclusion, rootAtSize } from './tree-proofs.ts';
import { appendLeaves, edgeTiles, EMPTY_TREE, openEdge, rootOfEdge } from './tree-edge.ts';

const LEAVES = Array.from({ length: 70_000 }, (_, index) => hashLeaf(`entry ${index}`));
const SMALL = Array.from({ length: 130 }, (_, index) => index);
const LARGE = [255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 70_000];
const TREE = new TileMap().append(LEAVES);

describe('a tree', () => {
  it('hashes leaves as RFC 6962 says, whatever characters they have and however long they are', () => {
    assert(
      property(string({ unit: 'grapheme' }), (entry) => {
        expect(Buffer.from(hashLeaf(entry))).toEqual(Buffer.from(leafOf(entry)));
        expect(Buffer.from(hashLeaf(Buffer.from(entry)))).toEqual(Buffer.from(leafOf(entry)));
      }),
    );
    const long = 'ñ'.repeat(100_000);
    expect(Buffer.from(hashLeaf(long))).toEqual(Buffer.from(leafOf(long)));
  });

  it('has the root of RFC 6962 at every size, by its edge, by its tiles and by what streams past', async () => {
    const range = new CompactRange();
    let edge = EMPTY_TREE;
    for (const size of Array.from({ length: 600 }, (_, size) => size)) {
      const expected = Buffer.from(rootOf(LEAVES.slice(0, size)));
      expect(Buffer.from(range.root())).toEqual(expected);
      expect(Buffer.from(rootOfEdge(edge))).toEqual(expected);
      expect(Buffer.from(await rootAtSize(size, TREE.read))).toEqual(expected);
      const leaf = LEAVES[size] ?? EMPTY_TREE_ROOT;
      range.append(leaf);
      ({ edge } = appendLeaves(edge, [leaf]));
    }
    expect(range.size).toBe(600);
    for (const size of LARGE) {
      const expected = Buffer.from(rootOf(LEAVES.slice(0, size)));
      expect(Buffer.from(await rootAtSize(size, TREE.read))).toEqual(expected);
    }
  });

  it('holds the same tiles however its leaves were cut into batches, and after every reopening', () => {
    assert(
      property(array(nat(700), { maxLength: 8 }), (batches) => {
        const cut = new TileMap();
        let from = 0;
        for (const batch of batches) {
          const kept = [...cut.tiles].map(([path, hashes]) => ({ path, hashes }));
          const tiles = edgeTiles(from).map((tile) => ({
            level: tile.level,
            hashes:
              kept.find(({ path }) => path === tilePath({ ...tile, width: 256 }))?.hashes ?? new Uint8Array(),
          }));
          expect(openEdge(from, tiles)).toEqual(cut.edge);
          cut.append(LEAVES.slice(from, from + batch));
          from += batch;
        }
        const whole = new TileMap().append(LEAVES.slice(0, from));
        expect(cut.tiles).toEqual(whole.tiles);
        expect(cut.edge).toEqual(whole.edge);
      }),
      { numRuns: 30 },
    );
  });

  it('has the tiles that C2SP counts for 70,000 leaves', () => {
    const widths = [...TREE.tiles].map(([path, hashes]) => [path.split('/')[1], hashes.length / 32]);
    const count = (level: string, width: number) =>
      widths.filter(([ofLevel, ofWidth]) => ofLevel === level && ofWidth === width).length;
    expect([count('0', 256), count('0', 112), count('1', 256), count('1', 17), count('2', 1)]).toEqual([
      273, 1, 1, 1, 1,
    ]);
    expect(TREE.tiles.size).toBe(277);
  });

  it('proves every leaf in every size, word for word as RFC 6962', async () => {
    const sizes = SMALL.slice(1).filter((size) => size < 40 || size > 120);
    for (const size of sizes) {
      const leaves = LEAVES.slice(0, size);
      const root = rootOf(leaves);
      for (const [index, leafHash] of leaves.entries()) {
        const proof = await proveInclusion(index, size, TREE.read);
        expect(proof.map(hex)).toEqual(pathOf(index, leaves).map(hex));
        expect(isIncluded({ leafHash, index, size, root, proof })).toBe(true);
      }
    }
  });

  it('proves that every size begins with every smaller one, word for word as RFC 6962', async () => {
    const roots = SMALL.map((size) => rootOf(LEAVES.slice(0, size)));
    for (const toSize of SMALL) {
      for (const fromSize of SMALL.slice(0, toSize + 1)) {
        const proof = await proveConsistency(fromSize, toSize, TREE.read);
        expect(proof.map(hex)).toEqual(consistencyOf(fromSize, LEAVES.slice(0, toSize)).map(hex));
        const [fromRoot = EMPTY_TREE_ROOT, toRoot = EMPTY_TREE_ROOT] = [roots[fromSize], roots[toSize]];
        expect(isConsistent({ fromSize, fromRoot, toSize, toRoot, proof })).toBe(true);
      }
    }
  });

  it('proves across the borders of tiles', async () => {
    for (const size of LARGE) {
      const root = await rootAtSize(size, TREE.read);
      for (const index of [0, 1, 127, 255, 256, 65_535, size - 1].filter((index) => index < size)) {
        const proof = await proveInclusion(index, size, TREE.read);
        const [leafHash = EMPTY_TREE_ROOT] = LEAVES.slice(index);
        expect(isIncluded({ leafHash, index, size, root, proof })).toBe(true);
      }
      for (const fromSize of LARGE.filter((from) => from <= size)) {
        const proof = await proveConsistency(fromSize, size, TREE.read);
        const fromRoot = await rootAtSize(fromSize, TREE.read);
        expect(isConsistent({ fromSize, fromRoot, toSize: size, toRoot: root, proof })).toBe(true);
      }
    }
  });

  it('says which tile is missing or too short, and refuses sizes and leaves that it cannot have', async () => {
    const without = async () => undefined;
    await expect(rootAtSize(300, without)).rejects.toThrow(MissingTileError);
    await expect(proveInclusion(5, 300, async () => new Uint8Array(64))).rejects.toThrow(
      /of level \d is missing/,
    );
    for (const size of [-1, 1.5, 2 ** 53, Number.NaN]) {
      await expect(rootAtSize(size, without)).rejects.toThrow(RangeError);
      await expect(proveInclusion(0, size, without)).rejects.toThrow(RangeError);
      await expect(proveConsistency(0, size, without)).rejects.toThrow(RangeError);
      expect(() => openEdge(size, [])).toThrow(RangeError);
    }
    await expect(proveInclusion(7, 7, without)).rejects.toThrow(RangeError);
    await expect(proveConsistency(8, 7, without)).rejects.toThrow(RangeError);
    expect(() => openEdge(3, [{ level: 0, hashes: new Uint8Array(64) }])).toThrow(/must hold 3 hashes/);
  });
});

describe('the path of a tile', () => {
  it('is the one of C2SP, and read back only as it was written', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 2, index: 5, width: 17 })).toBe('tile/2/005.p/17');
    assert(
      property(nat(6), maxSafeNat(), integer({ min: 1, max: 256 }), (level, index, width) => {
        expect(parseTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width });
      }),
    );
    for (const wrong of [
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/x000/001',
      'tile/00/001',
      'tile/7/000',
      'tile/0/1',
      'tile/0/001\n',
      'tile/0/../001',
      'tile/0/x999/x999/x999/x999/x999/999',
    ]) {
      expect(parseTilePath(wrong)).toBeUndefined();
    }
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
