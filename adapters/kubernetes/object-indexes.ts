/**
 * Finds objects of a local copy by what they say, without looking at all of them: `pods of this agent`, `agents that
 * allow this Model`. Each index is a pure function from an object to the values it is found by.
 */
import type { KubeObject } from './kube-object.ts';

export type IndexFunctions<T, Index extends string = string> = Readonly<
  Record<Index, (object: T) => readonly string[]>
>;

export class ObjectIndexes<T extends KubeObject, Index extends string> {
  readonly #functions: IndexFunctions<T, Index>;
  /** By index, then by value: keys of objects. */
  readonly #keys = new Map<string, Map<string, Set<string>>>();

  constructor(functions: IndexFunctions<T, Index>) {
    this.#functions = functions;
    for (const index of Object.keys(functions)) this.#keys.set(index, new Map());
  }

  /** Tells of every change of the copy: an object that is new, changed or gone. */
  update(key: string, previous: T | undefined, current: T | undefined): void {
    for (const [index, keysByValue] of this.#keys) {
      const valuesOf = this.#functions[index as Index];
      for (const value of previous === undefined ? [] : valuesOf(previous)) {
        const keys = keysByValue.get(value);
        keys?.delete(key);
        // A value that nothing has any more leaves no trace, or names that come and go would pile up.
        if (keys?.size === 0) keysByValue.delete(value);
      }
      for (const value of current === undefined ? [] : valuesOf(current)) {
        const keys = keysByValue.get(value) ?? new Set();
        keysByValue.set(value, keys.add(key));
      }
    }
  }

  keys(index: Index, value: string): Iterable<string> {
    return this.#keys.get(index)?.get(value) ?? [];
  }

  /** How many values are remembered, over all indexes. */
  size(): number {
    let size = 0;
    for (const keysByValue of this.#keys.values()) size += keysByValue.size;
    return size;
  }
}
