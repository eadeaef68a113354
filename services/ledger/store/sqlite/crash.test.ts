/**
 * Kills a real process in the middle of writing, again and again, and holds what is in the file against what the process
 * was told is durable. 500 times: CAPATAZ_LEDGER_KILLS=500.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FIRST_OF_CHAIN, LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { CompactRange } from '#domain/transparency/compact-range.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import { openDatabaseReader } from './database-reader.ts';
import type { DatabaseReader } from './database-reader.ts';

const KILLS = Number(process.env['CAPATAZ_LEDGER_KILLS'] ?? 40);
const PROGRAM = join(import.meta.dirname, 'testing/append-until-killed.ts');

describe('a ledger whose process is killed', () => {
  it(`has lost nothing that it acknowledged, and its trees and chains are whole, after ${KILLS} kills`, async () => {
    await using place = await temporaryFolder();
    const path = join(place.folder, 'ledger.db');
    const trees = new Map<string, VerifiedTree>();
    let acknowledged = 0;
    let number = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      // Now and then before it has written anything: while it opens, makes its tables or fences.
      const told = await appendAndKill(
        path,
        number,
        kill % 8 === 7 ? 'while it opens' : 'while it writes',
        kill,
      );
      number += 1_000_000;
      acknowledged += told.length;
      verifyAll(path, trees);
      expect(told.filter((name) => !isWritten(name, trees))).toEqual([]);
    }
    expect(acknowledged).toBeGreaterThan(KILLS);
    process.stdout.write(`${KILLS} kills: ${acknowledged} records acknowledged, none of them lost.\n`);
  }, 3_600_000);
});

interface VerifiedTree {
  readonly range: CompactRange;
  readonly ids: Set<string>;
  /** Of each run: leaf hash and sequence of its last record. */
  readonly chains: Map<string, { readonly sequence: number; readonly leafHash: string }>;
}

/** Nothing where the kill came before there was a table. */
function verifyAll(path: string, trees: Map<string, VerifiedTree>): void {
  const reader = openWhenThere(path);
  if (reader === undefined) return;
  try {
    for (const namespace of reader.namespaces()) verifyNew(reader, namespace, trees);
    const entries = [...trees.values()].reduce((sum, { range }) => sum + range.size, 0);
    expect(reader.lastPosition()).toBe(entries);
  } finally {
    reader.close();
  }
}

/** What came since the last time: every entry by its hash, every chain link, and the root over all. */
function verifyNew(reader: DatabaseReader, namespace: string, trees: Map<string, VerifiedTree>): void {
  const tree = trees.get(namespace) ?? { range: new CompactRange(), ids: new Set(), chains: new Map() };
  trees.set(namespace, tree);
  const { size, root } = reader.treeHead(namespace);
  for (const { canonical } of reader.entriesByIndex(namespace, tree.range.size, size)) {
    const { record, chain, index } = LedgerEntry.parse(JSON.parse(canonical));
    expect(index).toBe(tree.range.size);
    const runId = 'run' in record ? (record.run?.id ?? '') : '';
    const before = tree.chains.get(runId) ?? { sequence: -1, leafHash: FIRST_OF_CHAIN };
    expect(chain).toEqual({ sequence: before.sequence + 1, previous: before.leafHash });
    const leafHash = hashLeaf(canonical);
    tree.range.append(leafHash);
    tree.ids.add(record.id);
    tree.chains.set(runId, {
      sequence: before.sequence + 1,
      leafHash: Buffer.from(leafHash).toString('hex'),
    });
  }
  expect(tree.range.size).toBe(size);
  expect(Buffer.from(tree.range.root()).equals(root)).toBe(true);
}

function isWritten(name: string, trees: ReadonlyMap<string, VerifiedTree>): boolean {
  const [namespace = '', id = ''] = name.split(' ');
  return trees.get(namespace)?.ids.has(id) === true;
}

function openWhenThere(path: string): DatabaseReader | undefined {
  try {
    return openDatabaseReader(path);
  } catch (error) {
    if (error instanceof Error && /unable to open|no such table/.test(error.message)) return undefined;
    throw error;
  }
}

/** Answers with what the process was told is durable, as `NAMESPACE ID`. */
async function appendAndKill(
  path: string,
  firstNumber: number,
  when: 'while it opens' | 'while it writes',
  kill: number,
): Promise<readonly string[]> {
  const acknowledged = `${path}-acknowledged`;
  await writeFile(acknowledged, '');
  const child = spawn(process.execPath, [PROGRAM, path, String(firstNumber), acknowledged], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  if (when === 'while it writes') await Promise.race([once(child.stdout, 'data'), closed]);
  // Spread over whatever it does, not drawn: a failure comes again.
  await sleep(when === 'while it writes' ? (kill * 7) % 97 : 20 + ((kill * 37) % 400));
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await closed;
  const text = await readFile(acknowledged, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
}

async function temporaryFolder(): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'capataz-ledger-crash-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
