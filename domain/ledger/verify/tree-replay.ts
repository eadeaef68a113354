/**
 * Grows the tree again as entries pass, from the leaf hashes that the log keeps and, where the bodies say otherwise, from
 * the bodies too; and judges both at every size that was signed.
 */
import { appendLeaves, edgeTiles, EMPTY_TREE, rootOfEdge } from '#domain/transparency/tree-edge.ts';
import type { TreeEdge } from '#domain/transparency/tree-edge.ts';
import type { TileReader } from '#domain/transparency/tree-proofs.ts';
import { hashInTile, TILE_WIDTH, tilePath } from '#domain/transparency/tiles.ts';
import type { Tile } from '#domain/transparency/tiles.ts';
import { areEqualHashes } from '#domain/transparency/tree-hashes.ts';
import type { CheckpointsToFit } from './checkpoints-to-fit.ts';
import type { ReadEntry } from './read-entry.ts';
import type { Finding, Findings } from './verification-report.ts';

interface Difference {
  readonly index: number;
  readonly read: ReadEntry;
}

/** Differences that wait for a signed root to say who is right; beyond, the body is taken for the edited one. */
const WAITING_MAXIMUM = 10_000;

export class TreeReplay {
  readonly #checkpoints: CheckpointsToFit;
  readonly #findings: Findings;
  /** Of the leaf hashes that the log keeps, or of the bodies where it keeps none. */
  #kept: TreeEdge = EMPTY_TREE;
  /** Of the bodies, from the first on that differs. */
  #bodies: TreeEdge | undefined;
  #keptLeaves: Uint8Array[] = [];
  #bodyLeaves: Uint8Array[] = [];
  #differences: Difference[] = [];
  /** A leaf is known by nothing: no root can be had from here on. */
  #isBroken = false;
  /** Full tiles above the leaf hashes, as they must be. */
  readonly #fullUpperTiles: Tile[] = [];

  constructor(checkpoints: CheckpointsToFit, findings: Findings) {
    this.#checkpoints = checkpoints;
    this.#findings = findings;
  }

  get size(): number {
    return this.#kept.size + this.#keptLeaves.length;
  }

  /** The next leaf, by its body and by what the log keeps; `read` where the two are not the same. */
  append(body: Uint8Array | undefined, kept: Uint8Array | undefined, read?: ReadEntry): void {
    if (read !== undefined) {
      this.#differences.push({ index: this.size, read });
      this.#bodies ??= this.#kept;
    }
    const leaf = kept ?? body;
    this.#isBroken ||= leaf === undefined;
    if (leaf === undefined || this.#isBroken) {
      this.#keptLeaves.push(EMPTY_LEAF);
      this.#bodyLeaves.push(EMPTY_LEAF);
      return;
    }
    this.#keptLeaves.push(leaf);
    this.#bodyLeaves.push(body ?? leaf);
  }

  /** After at most 256 leaves: judges what was signed within them. */
  endOfTile(): void {
    const from = this.#kept.size;
    for (const size of this.#checkpoints.sizesWithin(from, this.size)) this.#judgeAt(size, size - from);
    const { edge, tiles } = appendLeaves(this.#kept, this.#keptLeaves);
    if (this.#bodies !== undefined) this.#bodies = appendLeaves(this.#bodies, this.#bodyLeaves).edge;
    this.#fullUpperTiles.push(...tiles.filter(({ level, width }) => level > 0 && width === TILE_WIDTH));
    this.#kept = edge;
    this.#keptLeaves = [];
    this.#bodyLeaves = [];
    if (this.#differences.length > WAITING_MAXIMUM) this.#settle('entry_edited', Number.POSITIVE_INFINITY);
  }

  async finish(readTile: TileReader): Promise<void> {
    this.#settle('entry_edited', Number.POSITIVE_INFINITY);
    if (this.#isBroken) return;
    for (const tile of [...this.#fullUpperTiles, ...upperTilesOf(this.#kept)]) {
      this.#compare(tile, await readTile(tile));
    }
  }

  #judgeAt(size: number, leaves: number): void {
    if (this.#isBroken) return;
    const root = rootOfEdge(appendLeaves(this.#kept, this.#keptLeaves.slice(0, leaves)).edge);
    if (this.#bodies === undefined || this.#checkpoints.doesFit(size, root)) {
      this.#checkpoints.judge(size, root);
      this.#settle('entry_edited', size);
      return;
    }
    const bodies = this.#bodyLeaves.slice(0, leaves);
    const rootOfBodies = rootOfEdge(appendLeaves(this.#bodies, bodies).edge);
    if (this.#checkpoints.doesFit(size, rootOfBodies)) {
      this.#checkpoints.judge(size, rootOfBodies);
      this.#kept = this.#bodies;
      this.#keptLeaves.splice(0, leaves, ...bodies);
      this.#settle('leaf_hash_edited', size);
    } else {
      this.#checkpoints.judge(size, root);
      this.#settle('entry_edited', size);
    }
  }

  /** Says of the differences before `size` who is wrong. */
  #settle(code: 'entry_edited' | 'leaf_hash_edited', size: number): void {
    if (this.#differences.length === 0) return;
    for (const { index, read } of this.#differences)
      if (index < size) this.#findings.add(findingOf(code, index, read));
    this.#differences = this.#differences.filter(({ index }) => index >= size);
  }

  #compare({ level, index, width, hashes }: Tile, served: Uint8Array | undefined): void {
    const leaves = TILE_WIDTH ** level;
    for (let place = 0; place < width; place += 1) {
      const firstIndex = (index * TILE_WIDTH + place) * leaves;
      const lastIndex = firstIndex + leaves - 1;
      const hash = served === undefined ? undefined : hashInTile(served, place);
      if (hash !== undefined && areEqualHashes(hash, hashInTile(hashes, place))) continue;
      const isMissing = hash === undefined || hash.length === 0;
      this.#findings.add({
        code: isMissing ? 'tile_missing' : 'tile_differs',
        firstIndex,
        lastIndex,
        message: `In ${tilePath({ level, index, width: TILE_WIDTH })} the hash of entries ${firstIndex} to ${lastIndex} ${isMissing ? 'is missing' : 'is not theirs'}.`,
      });
    }
  }
}

function upperTilesOf({ size, partialTiles }: TreeEdge): readonly Tile[] {
  return edgeTiles(size)
    .filter(({ level }) => level > 0)
    .map(({ level, index, width }) => ({
      level,
      index,
      width,
      hashes: partialTiles[level] ?? new Uint8Array(),
    }));
}

const EMPTY_LEAF = new Uint8Array(32);

function findingOf(
  code: 'entry_edited' | 'leaf_hash_edited',
  index: number,
  { outline, problem }: ReadEntry,
): Finding {
  const place = { firstIndex: index, lastIndex: index };
  if (outline === undefined) return { code, ...place, message: `Entry ${index} was edited: it ${problem}.` };
  const { id } = outline.record;
  const named = { ...place, recordId: id };
  if (code === 'leaf_hash_edited') {
    return {
      code,
      ...named,
      message: `The hash that is kept for entry ${index} (record ${id}) was edited; the entry was not.`,
    };
  }
  return outline.index === index
    ? {
        code,
        ...named,
        message: `Entry ${index} (record ${id}) was edited: its content is not what was signed.`,
      }
    : {
        code: 'entry_misplaced',
        ...named,
        message: `In the place of entry ${index} stands record ${id}, which says it is entry ${outline.index}.`,
      };
}
