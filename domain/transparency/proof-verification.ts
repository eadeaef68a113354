/**
 * Judging proofs (RFC 9162 2.1.3.2 and 2.1.4.2). What comes in is not trusted: a size or index that is none, a proof that
 * is too long or too short, a hash of another length is false, never an error, and costs no more than 64 hashes.
 */
import { areEqualHashes, EMPTY_TREE_ROOT, HASH_BYTES, hashNode } from './tree-hashes.ts';

/** No tree has a longer path (C2SP tlog-witness). */
export const PROOF_MAXIMUM_HASHES = 63;

export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export function isIncluded({ leafHash, index, size, root, proof }: InclusionClaim): boolean {
  if (!isSize(size) || !isSize(index) || index >= size) return false;
  if (!isPath(proof, [leafHash, root])) return false;
  const sides = sidesOfPath(index, size - 1);
  if (sides.length !== proof.length) return false;
  let hash = leafHash;
  for (const [step, sibling] of proof.entries()) {
    hash = sides[step] === 'left' ? hashNode(sibling, hash) : hashNode(hash, sibling);
  }
  return areEqualHashes(hash, root);
}

export interface ConsistencyClaim {
  readonly fromSize: number;
  readonly fromRoot: Uint8Array;
  readonly toSize: number;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Whether the tree of `toSize` begins with the one of `fromSize`. Every tree begins with the empty one. */
export function isConsistent({ fromSize, fromRoot, toSize, toRoot, proof }: ConsistencyClaim): boolean {
  if (!isSize(fromSize) || !isSize(toSize) || fromSize > toSize) return false;
  if (!isPath(proof, [fromRoot, toRoot])) return false;
  if (toSize === 0 && !areEqualHashes(toRoot, EMPTY_TREE_ROOT)) return false;
  if (fromSize === 0) return proof.length === 0 && areEqualHashes(fromRoot, EMPTY_TREE_ROOT);
  if (fromSize === toSize) return proof.length === 0 && areEqualHashes(fromRoot, toRoot);
  return leadsToBoth({ fromSize, fromRoot, toSize, toRoot, proof });
}

/** Of sizes from 1 that differ. */
function leadsToBoth({ fromSize, fromRoot, toSize, toRoot, proof }: ConsistencyClaim): boolean {
  let node = fromSize - 1;
  let last = toSize - 1;
  while (node % 2 === 1) {
    node = half(node);
    last = half(last);
  }
  // The proof leaves out the root of the older tree where that is a complete subtree of the newer one.
  const [first, ...path] = node === 0 ? [fromRoot, ...proof] : proof;
  const sides = sidesOfPath(node, last);
  if (first === undefined || sides.length !== path.length) return false;
  let fromHash = first;
  let toHash = first;
  for (const [step, sibling] of path.entries()) {
    if (sides[step] === 'left') fromHash = hashNode(sibling, fromHash);
    toHash = sides[step] === 'left' ? hashNode(sibling, toHash) : hashNode(toHash, sibling);
  }
  return areEqualHashes(fromHash, fromRoot) && areEqualHashes(toHash, toRoot);
}

/** On which side of the path each of its siblings stands, from the bottom up; `last` is the last node beside `node`. */
function sidesOfPath(node: number, last: number): readonly ('left' | 'right')[] {
  const sides: ('left' | 'right')[] = [];
  for (let [at, end] = [node, last]; end > 0; [at, end] = [half(at), half(end)]) {
    sides.push(at % 2 === 1 || at === end ? 'left' : 'right');
    // The last node without a sibling stands for itself in the rows above, up to where it has one.
    while (at === end && at % 2 === 0 && at !== 0) [at, end] = [half(at), half(end)];
  }
  return sides;
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPath(proof: readonly Uint8Array[], ends: readonly Uint8Array[]): boolean {
  return (
    proof.length <= PROOF_MAXIMUM_HASHES && [...ends, ...proof].every(({ length }) => length === HASH_BYTES)
  );
}

/** Not `>> 1`: that would cut to 32 bits. */
function half(value: number): number {
  return Math.floor(value / 2);
}
