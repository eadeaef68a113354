/** The definitions of RFC 6962 2.1, word for word and slow: what the trees of domain/transparency/ are held to. */
import { createHash } from 'node:crypto';

export type Hash = Uint8Array;

const sha256 = (...parts: readonly Uint8Array[]): Hash =>
  Uint8Array.from(parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest());

export const leafOf = (entry: string): Hash => sha256(Uint8Array.of(0), Buffer.from(entry, 'utf8'));

/** MTH. */
export function rootOf(leaves: readonly Hash[]): Hash {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  const split = splitOf(leaves.length);
  return sha256(Uint8Array.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

/** PATH. */
export function pathOf(index: number, leaves: readonly Hash[]): readonly Hash[] {
  if (leaves.length <= 1) return [];
  const split = splitOf(leaves.length);
  return index < split
    ? [...pathOf(index, leaves.slice(0, split)), rootOf(leaves.slice(split))]
    : [...pathOf(index - split, leaves.slice(split)), rootOf(leaves.slice(0, split))];
}

/** PROOF, which begins with 1; nothing needs to be proven of the empty tree. */
export function consistencyOf(fromSize: number, leaves: readonly Hash[]): readonly Hash[] {
  return fromSize === 0 ? [] : subproof(fromSize, leaves, true);
}

function subproof(fromSize: number, leaves: readonly Hash[], isWhole: boolean): readonly Hash[] {
  if (fromSize === leaves.length) return isWhole ? [] : [rootOf(leaves)];
  const split = splitOf(leaves.length);
  return fromSize <= split
    ? [...subproof(fromSize, leaves.slice(0, split), isWhole), rootOf(leaves.slice(split))]
    : [...subproof(fromSize - split, leaves.slice(split), false), rootOf(leaves.slice(0, split))];
}

function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}
