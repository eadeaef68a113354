import { describe, expect, it } from 'vitest';
import { isConsistent, isIncluded, PROOF_MAXIMUM_HASHES } from './proof-verification.ts';
import type { ConsistencyClaim, InclusionClaim } from './proof-verification.ts';
import { TileMap } from './testing/tile-map.ts';
import { EMPTY_TREE_ROOT, hashLeaf } from './tree-hashes.ts';
import { proveConsistency, proveInclusion, rootAtSize } from './tree-proofs.ts';

const LEAVES = Array.from({ length: 80 }, (_, index) => hashLeaf(`entry ${index}`));
const TREE = new TileMap().append(LEAVES);
const SIZES = [1, 2, 3, 7, 8, 9, 31, 33, 64, 80];

/** Every change of one bit of what is claimed, and every hash taken out, put in twice or put elsewhere. */
function* changesOf(proof: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  for (const [place, hash] of proof.entries()) {
    for (const flipped of flipsOf(hash)) yield proof.with(place, flipped);
    yield proof.toSpliced(place, 1);
    yield proof.toSpliced(place, 0, hash);
    yield proof.with(place, hash.subarray(1));
    const next = proof[place + 1];
    if (next !== undefined) yield proof.with(place, next).with(place + 1, hash);
  }
  yield [...proof, EMPTY_TREE_ROOT];
}

function* flipsOf(hash: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < 8 * hash.length; bit += 1) {
    const flipped = Uint8Array.from(hash);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield flipped;
  }
}

async function inclusionIn(size: number, index: number): Promise<InclusionClaim> {
  const root = await rootAtSize(size, TREE.read);
  const proof = await proveInclusion(index, size, TREE.read);
  return { leafHash: LEAVES[index] ?? EMPTY_TREE_ROOT, index, size, root, proof };
}

async function consistencyOf(fromSize: number, toSize: number): Promise<ConsistencyClaim> {
  const fromRoot = await rootAtSize(fromSize, TREE.read);
  const toRoot = await rootAtSize(toSize, TREE.read);
  return { fromSize, fromRoot, toSize, toRoot, proof: await proveConsistency(fromSize, toSize, TREE.read) };
}

describe('a proof of inclusion', () => {
  it('is refused when any bit of leaf, root or proof is another, or a hash of it is gone, doubled or elsewhere', async () => {
    for (const size of SIZES) {
      for (const index of [0, Math.floor(size / 2), size - 1]) {
        const claim = await inclusionIn(size, index);
        expect(isIncluded(claim)).toBe(true);
        for (const leafHash of flipsOf(claim.leafHash))
          expect(isIncluded({ ...claim, leafHash })).toBe(false);
        for (const root of flipsOf(claim.root)) expect(isIncluded({ ...claim, root })).toBe(false);
        for (const proof of changesOf(claim.proof)) expect(isIncluded({ ...claim, proof })).toBe(false);
        for (const other of [index - 1, index + 1, size, -1, 0.5, 2 ** 53]) {
          expect(isIncluded({ ...claim, index: other })).toBe(false);
        }
      }
    }
  });
});

describe('a proof of consistency', () => {
  it('is refused when any bit of it or of the roots is another, or a hash of it is gone, doubled or elsewhere', async () => {
    for (const toSize of SIZES) {
      for (const fromSize of SIZES.filter((size) => size < toSize)) {
        const claim = await consistencyOf(fromSize, toSize);
        expect(isConsistent(claim)).toBe(true);
        for (const fromRoot of flipsOf(claim.fromRoot))
          expect(isConsistent({ ...claim, fromRoot })).toBe(false);
        for (const toRoot of flipsOf(claim.toRoot)) expect(isConsistent({ ...claim, toRoot })).toBe(false);
        for (const proof of changesOf(claim.proof)) expect(isConsistent({ ...claim, proof })).toBe(false);
      }
    }
  });

  it('is needed from one size to another, and neither from the empty tree nor to the same size', async () => {
    const [from, to] = [await rootAtSize(5, TREE.read), await rootAtSize(9, TREE.read)];
    const none = { fromSize: 0, fromRoot: EMPTY_TREE_ROOT, toSize: 9, toRoot: to, proof: [] };
    expect(isConsistent(none)).toBe(true);
    expect(isConsistent({ ...none, proof: [to] })).toBe(false);
    expect(isConsistent({ ...none, fromRoot: from })).toBe(false);
    expect(isConsistent({ ...none, toSize: 0 })).toBe(false);
    expect(isConsistent({ ...none, toSize: 0, toRoot: EMPTY_TREE_ROOT })).toBe(true);
    expect(isConsistent({ ...none, fromSize: 9 })).toBe(false);
    expect(isConsistent({ ...none, fromSize: 9, fromRoot: to })).toBe(true);
    expect(isConsistent({ ...none, fromSize: 9, fromRoot: to, proof: [to] })).toBe(false);
  });
});

describe('whoever judges a proof', () => {
  it('neither fails nor works long on sizes that are none, the largest there are, and endless proofs', async () => {
    const hash = EMPTY_TREE_ROOT;
    const endless = Array.from({ length: 1_000_000 }, () => hash);
    for (const size of [-1, 0, 0.5, Number.NaN, Infinity, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 2 ** 64]) {
      for (const proof of [[], [hash], endless.slice(0, PROOF_MAXIMUM_HASHES), endless]) {
        expect(isIncluded({ leafHash: hash, index: 1, size, root: hash, proof })).toBe(false);
        expect(isConsistent({ fromSize: 3, fromRoot: hash, toSize: size, toRoot: hash, proof })).toBe(false);
      }
    }
    const claim = await inclusionIn(64, 63);
    expect(isIncluded({ ...claim, proof: claim.proof.map((hash) => Buffer.concat([hash, hash])) })).toBe(
      false,
    );
  });
});
