/**
 * The hashes of an RFC 6962 Merkle tree (SHA-256). The byte before what is hashed tells leaves from nodes, so that no
 * entry can pass for a node.
 */
import { hash } from 'node:crypto';

export const HASH_BYTES = 32;

/** Root of a tree without leaves. */
export const EMPTY_TREE_ROOT: Uint8Array = sha256(new Uint8Array());

// One pair of buffers for all: hashing is the cost of everything here, and nothing waits between filling and hashing.
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, 1);
let leafInput = Buffer.alloc(65_536);

/** A string is hashed as its UTF-8. */
export function hashLeaf(entry: string | Uint8Array): Uint8Array {
  const maximumBytes = 1 + (typeof entry === 'string' ? 3 * entry.length : entry.length);
  if (maximumBytes > leafInput.length) leafInput = Buffer.alloc(maximumBytes);
  leafInput[0] = 0;
  if (typeof entry === 'string') return sha256(leafInput.subarray(0, 1 + leafInput.write(entry, 1)));
  leafInput.set(entry, 1);
  return sha256(leafInput.subarray(0, maximumBytes));
}

export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_BYTES);
  return sha256(nodeInput);
}

/** Of public hashes: it need not take the same time for all. */
export function areEqualHashes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}
