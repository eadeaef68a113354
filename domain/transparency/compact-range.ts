/** The root of a tree whose leaves pass by one at a time: it keeps one hash for each complete subtree, 53 at most. */
import { EMPTY_TREE_ROOT, hashNode } from './tree-hashes.ts';

export class CompactRange {
  #size = 0;
  /** Roots of the complete subtrees, the largest first: one for each bit of the size. */
  readonly #subtrees: Uint8Array[] = [];

  get size(): number {
    return this.#size;
  }

  append(leafHash: Uint8Array): void {
    let subtree = leafHash;
    for (let bits = this.#size; bits % 2 === 1; bits = Math.floor(bits / 2)) {
      const left = this.#subtrees.pop();
      if (left !== undefined) subtree = hashNode(left, subtree);
    }
    this.#subtrees.push(subtree);
    this.#size += 1;
  }

  root(): Uint8Array {
    const [last, ...others] = this.#subtrees.toReversed();
    if (last === undefined) return EMPTY_TREE_ROOT;
    let root = last;
    for (const left of others) root = hashNode(left, root);
    return root;
  }
}
