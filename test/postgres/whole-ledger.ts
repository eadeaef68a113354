/** Says of a store all that must hold of every ledger, whatever happened to it. */
import { expect } from 'vitest';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { FIRST_OF_CHAIN } from '#domain/ledger/ledger-entry.ts';
import { runIdOf } from '#domain/ledger/seal-records.ts';
import { appendLeaves, EMPTY_TREE, rootOfEdge } from '#domain/transparency/tree-edge.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import type { LedgerStore, StoredEntry } from '#services/ledger/store/ledger-store.ts';

async function everyEntry(store: LedgerStore): Promise<readonly StoredEntry[]> {
  const all: StoredEntry[] = [];
  for (let position = 0; ;) {
    const page = await store.entriesAfter(position, {}, 5_000);
    all.push(...page.entries);
    if (page.isEnd) return all;
    position = page.position;
  }
}

/**
 * Positions and places in trees follow each other without holes, no id is there twice, each tree's root is that of its
 * entries, each run's chain is whole, rows and sums count each record once, and no record of a source is missing.
 */
export async function expectWholeLedger(store: LedgerStore, ids: Iterable<string>): Promise<void> {
  const entries = await everyEntry(store);
  expect(entries.map(({ position }) => position)).toEqual(entries.map((_, place) => place + 1));
  const parsed = entries.map(parse);
  const written = parsed.map(({ record }) => record.id);
  expect(new Set(written).size).toBe(written.length);
  expect(written.toSorted(byName)).toEqual([...ids].toSorted(byName));
  for (const [namespace, ofTree] of Map.groupBy(entries, (entry) => entry.namespace)) {
    expect(ofTree.map(({ index }) => index)).toEqual(ofTree.map((_, place) => place));
    const { edge } = appendLeaves(
      EMPTY_TREE,
      ofTree.map(({ canonical }) => hashLeaf(canonical)),
    );
    const { size, root } = await store.treeHead(namespace);
    expect([size, Buffer.from(root).toString('hex')]).toEqual([
      ofTree.length,
      Buffer.from(rootOfEdge(edge)).toString('hex'),
    ]);
    expectWholeChains(ofTree);
  }
  const { runs } = await store.runs({ namespaces: undefined, limit: 1000 });
  expect(runs.reduce((sum, run) => sum + run.records, 0)).toBe(entries.length);
  const [total] = await store.costs({ namespaces: undefined, by: [], limit: 1 });
  expect(total?.attempts).toBe(entries.length);
  expect(await store.sourceGaps()).toEqual([]);
}

function expectWholeChains(ofTree: readonly StoredEntry[]): void {
  for (const ofRun of Map.groupBy(ofTree, (entry) => runIdOf(parse(entry).record)).values()) {
    let previous = FIRST_OF_CHAIN;
    for (const [sequence, entry] of ofRun.entries()) {
      expect(parse(entry).chain).toEqual({ sequence, previous });
      previous = Buffer.from(hashLeaf(entry.canonical)).toString('hex');
    }
  }
}

function parse({ canonical }: StoredEntry): LedgerEntry {
  return LedgerEntry.parse(JSON.parse(canonical));
}

function byName(one: string, other: string): number {
  return one < other ? -1 : 1;
}
