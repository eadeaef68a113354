import { describe, expect, it } from 'vitest';
import { TILE_WIDTH } from '#domain/transparency/tiles.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import {
  streamOf,
  honestLedger,
  sampleEntries,
  signedAt,
  STRANGER_KEY,
  treeOf,
  verify,
  witnessedAt,
} from './testing/sample-ledger.ts';
import type { Served } from './testing/sample-ledger.ts';
import { entriesOfExport, formatExportLine } from './served-entries.ts';
import type { ServedEntry } from './served-entries.ts';
import type { VerificationReport } from './verification-report.ts';

const COUNT = 700;

async function ledger(change: (served: Served) => void | Promise<void>): Promise<VerificationReport> {
  const served = await honestLedger(COUNT, [300, 600]);
  await change(served);
  return verify(served);
}

function edited(canonical: string | undefined): string {
  return (canonical ?? '').replace('"seller"', '"buyer"');
}

function bodyAt({ entries }: Served, index: number): string {
  return entries[index]?.canonical ?? '';
}

/** In the database file alone: the body, and what else is said to be changed with it. */
function editEntry(served: Served, index: number, canonical = edited(bodyAt(served, index))): void {
  served.entries = served.entries.with(index, { index, canonical });
}

function first(report: VerificationReport) {
  const [finding] = report.findings;
  return { code: finding?.code, firstIndex: finding?.firstIndex, recordId: finding?.recordId };
}

describe('a ledger that nobody has touched', () => {
  it('is whole, up to what was signed and what was witnessed', async () => {
    expect(await ledger(() => undefined)).toMatchObject({
      isUntouched: true,
      isWhole: true,
      size: COUNT,
      witnessedSize: 600,
      witnessedAtSeconds: 1_764_000_000,
      entries: COUNT,
      entriesBeyondCheckpoint: 0,
      runs: 140,
      findingCount: 0,
    });
  });

  it('is whole at every size around the borders of tiles, and when it is empty', async () => {
    for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 513]) {
      const report = await verify(await honestLedger(size, [Math.floor(size / 2)]));
      expect({ size, isUntouched: report.isUntouched }).toEqual({ size, isUntouched: true });
      expect(report.findings.filter(({ code }) => code !== 'run_incomplete')).toEqual([]);
    }
  });

  it('is whole while it grows: what came after the checkpoint is counted and not yet vouched for', async () => {
    const report = await ledger(async (served) => {
      served.checkpoint = await signedAt(served.tree, 650);
    });
    expect(report).toMatchObject({ isUntouched: true, size: 650, entries: 650, entriesBeyondCheckpoint: 50 });
  });

  it('is whole when its oldest bodies are pruned, and chains of runs go on through them', async () => {
    for (const pruned of [1, 12, 256, 333, COUNT]) {
      const report = await ledger((served) => {
        served.entries = served.entries.map(({ index, canonical }) => ({
          index,
          canonical: index < pruned ? undefined : canonical,
        }));
      });
      expect(report).toMatchObject({ isWhole: true, prunedEntries: pruned, entries: COUNT - pruned });
    }
  });
});

describe('whoever edits the database without the key of the log', () => {
  it('is found in every entry, by its record', async () => {
    for (const index of [0, 1, 127, 255, 256, 257, 511, 512, 599, 600, COUNT - 1]) {
      const report = await ledger((served) => editEntry(served, index));
      expect(report).toMatchObject({ isUntouched: false, findingCount: 1 });
      expect(first(report)).toEqual({ code: 'entry_edited', firstIndex: index, recordId: `record-${index}` });
    }
  });

  it('is found whatever stands in the place of the body', async () => {
    const wrong = [
      '',
      '{',
      'null',
      '[]',
      '{}',
      '\ud800',
      '[['.repeat(40_000),
      'x'.repeat(70_000),
      '{"index":300}',
    ];
    for (const canonical of wrong) {
      const report = await ledger((served) => editEntry(served, 300, canonical));
      expect(first(report)).toMatchObject({ code: 'entry_edited', firstIndex: 300 });
      expect(report.findingCount).toBe(1);
    }
    for (const respell of [
      (body: string) => body.replace('{', '{ '),
      (body: string) => body.replace('"shop"', '"sho\\u0070"'),
      (body: string) => body.replace('"version":1', '"version":1.0'),
      (body: string) => body.replace('"version":1', '"version":2,"version":1'),
    ]) {
      const report = await ledger((served) => editEntry(served, 300, respell(bodyAt(served, 300))));
      expect(first(report)).toMatchObject({ code: 'entry_edited', firstIndex: 300 });
    }
  });

  it('is found when two entries are swapped', async () => {
    const report = await ledger((served) => {
      const [one, other] = [bodyAt(served, 20), bodyAt(served, 440)];
      editEntry(served, 20, other);
      editEntry(served, 440, one);
    });
    expect(report.findings.map(({ code, firstIndex, recordId }) => [code, firstIndex, recordId])).toEqual([
      ['entry_misplaced', 20, 'record-440'],
      ['entry_misplaced', 440, 'record-20'],
    ]);
  });

  it('is found when an entry is dropped, whether its place is left empty or the others move up', async () => {
    for (const index of [0, 100, 256, COUNT - 2]) {
      const left = await ledger((served) => {
        served.entries = served.entries.toSpliced(index, 1);
      });
      expect(first(left)).toMatchObject({ code: 'entry_missing', firstIndex: index });
      expect(left.findingCount).toBe(1);
      const moved = await ledger((served) => {
        served.entries = served.entries
          .toSpliced(index, 1)
          .map(({ canonical }, place) => ({ index: place, canonical }));
      });
      expect(moved.isUntouched).toBe(false);
      expect(moved.findings.find(({ firstIndex }) => firstIndex !== undefined)).toMatchObject({
        code: 'entry_misplaced',
        firstIndex: index,
      });
    }
  });

  it('is found when an entry is inserted, whether the others move or it stands twice', async () => {
    const foreign = edited(sampleEntries(COUNT)[99]);
    const moved = await ledger((served) => {
      const bodies = served.entries.toSpliced(99, 0, { index: 99, canonical: foreign });
      served.entries = bodies.map(({ canonical }, index) => ({ index, canonical }));
    });
    expect(first(moved)).toEqual({ code: 'entry_edited', firstIndex: 99, recordId: 'record-99' });
    const twice = await ledger((served) => {
      served.entries = served.entries.toSpliced(100, 0, { index: 99, canonical: foreign });
    });
    expect(first(twice)).toMatchObject({ code: 'entry_repeated', firstIndex: 99 });
  });

  it('is found when a body in the middle is said to be pruned', async () => {
    const report = await ledger((served) => {
      served.entries = served.entries.with(300, { index: 300, canonical: undefined });
    });
    expect(report.findings).toMatchObject([{ code: 'entry_missing', firstIndex: 300, lastIndex: 300 }]);
  });

  it('is found in the tiles, while the entries are known to be whole', async () => {
    const leaf = await ledger(({ tree }) => flip(tree, 'tile/0/001', 44));
    expect(leaf.findings).toMatchObject([
      { code: 'leaf_hash_edited', firstIndex: 300, recordId: 'record-300' },
    ]);
    const upper = await ledger(({ tree }) => flip(tree, 'tile/1/000', 1));
    expect(upper.findings).toMatchObject([{ code: 'tile_differs', firstIndex: 256, lastIndex: 511 }]);
    const gone = await ledger(({ tree }) => void tree.tiles.delete('tile/0/001'));
    expect(gone.findings).toMatchObject([{ code: 'tile_missing', firstIndex: 256, lastIndex: 511 }]);
  });

  it('is found in entry and leaf hash alike: between two checkpoints, and by the tile above', async () => {
    const report = await ledger((served) => {
      editEntry(served, 310);
      served.tree.tiles.set('tile/0/001', withLeaf(served, 1, 310 - TILE_WIDTH));
    });
    expect(report.isUntouched).toBe(false);
    expect(report.findings.map(({ code, firstIndex, lastIndex }) => [code, firstIndex, lastIndex])).toEqual(
      expect.arrayContaining([
        ['root_differs', 300, 599],
        ['tile_differs', 256, 511],
      ]),
    );
    const chain = report.findings.find(({ code }) => code === 'chain_broken');
    expect(chain?.message).toContain('entry 310');
  });

  it('is found with everything rewritten alike: between the checkpoints that fit and do not', async () => {
    const report = await ledger((served) => {
      const bodies = sampleEntries(COUNT).slice(0, 400).concat(sampleEntries(COUNT, '-x').slice(400));
      served.entries = bodies.map((canonical, index) => ({ index, canonical }));
      served.tree = treeOf(bodies);
    });
    expect(report.isUntouched).toBe(false);
    expect(report.witnessedSize).toBe(300);
    const root = report.findings.find(({ code }) => code === 'root_differs');
    expect(root).toMatchObject({ firstIndex: 300, lastIndex: 599 });
    expect(root?.message).toContain('a witness has seen');
  });

  it('is found when entries are cut off the end, with and without what was signed of them', async () => {
    const cut = await ledger((served) => {
      served.entries = served.entries.slice(0, 650);
    });
    expect(cut.findings).toMatchObject([{ code: 'truncated', firstIndex: 650, lastIndex: COUNT - 1 }]);
    const rolledBack = await ledger(async (served) => {
      served.entries = served.entries.slice(0, 500);
      served.tree = treeOf(sampleEntries(500));
      served.checkpoint = await signedAt(served.tree, 500);
    });
    expect(rolledBack.findings.map(({ code }) => code).sort()).toEqual(['rolled_back', 'truncated']);
    const all = await ledger((served) => {
      served.entries = [];
    });
    expect(all.findings).toMatchObject([{ code: 'truncated', firstIndex: 0 }]);
  });

  it('is found with a checkpoint that no trusted key has signed, or one of another log', async () => {
    const stranger = await ledger(async (served) => {
      served.checkpoint = await signedAt(served.tree, COUNT, STRANGER_KEY);
    });
    expect(stranger.findings[0]).toMatchObject({ code: 'checkpoint_untrusted' });
    const unreadable = await ledger((served) => {
      served.checkpoint = 'nothing';
      served.otherCheckpoints = [];
    });
    expect(unreadable).toMatchObject({
      isUntouched: false,
      size: 0,
      entries: 0,
      entriesBeyondCheckpoint: COUNT,
    });
  });
});

describe('whoever has the key of the log', () => {
  const forged = sampleEntries(COUNT, '-forged');

  async function forge(served: Served, from: number): Promise<void> {
    const bodies = sampleEntries(COUNT).slice(0, from).concat(forged.slice(from));
    served.entries = bodies.map((canonical, index) => ({ index, canonical }));
    served.tree = treeOf(bodies);
    served.checkpoint = await signedAt(served.tree, COUNT);
  }

  it('is found to have forked history when a witness has seen what was before', async () => {
    const report = await ledger((served) => forge(served, 400));
    expect(report).toMatchObject({ isUntouched: false, witnessedSize: 300 });
    expect(report.findings.find(({ code }) => code === 'forked')).toMatchObject({
      firstIndex: 300,
      lastIndex: 599,
    });
  });

  it('is found to have rolled it back and gone on differently', async () => {
    const report = await ledger(async (served) => {
      await forge(served, 500);
      served.entries = served.entries.slice(0, 550);
      served.checkpoint = await signedAt(served.tree, 550);
    });
    expect(report.findings.map(({ code }) => code)).toContain('rolled_back');
  });

  it('can write anew only what no witness has seen: the report says up to where that is not possible', async () => {
    const report = await ledger(async (served) => {
      // Runs begin anew at 600, so that the chains of the other history hold.
      const bodies = sampleEntries(600).concat(forged.slice(600));
      served.entries = bodies.map((canonical, index) => ({ index, canonical }));
      served.tree = treeOf(bodies);
      served.checkpoint = await signedAt(served.tree, COUNT);
    });
    expect(report).toMatchObject({ isUntouched: true, witnessedSize: 600, size: COUNT });
  });

  it('is found to have signed entries that are none, or whose chain is broken', async () => {
    const report = await ledger(async (served) => {
      const bodies = sampleEntries(COUNT);
      bodies[610] = 'no entry';
      bodies[620] = edited(bodies[620]);
      served.entries = bodies.map((canonical, index) => ({ index, canonical }));
      served.tree = treeOf(bodies);
      served.checkpoint = await signedAt(served.tree, COUNT);
    });
    const named = report.findings.map(({ code, firstIndex }) => [code, firstIndex]);
    expect(named).toContainEqual(['entry_malformed', 610]);
    expect(report.findings.find(({ code }) => code === 'chain_broken')?.message).toMatch(
      /after entry 6[01]\d/,
    );
  });
});

describe('what was lost on the way', () => {
  it('is told apart from tampering: a run whose count is not reached, a process that counted more', async () => {
    const bodies = sampleEntries(50);
    const without = rechainedWithout(bodies, 27);
    const tree = treeOf(without);
    const report = await verify({
      entries: without.map((canonical, index) => ({ index, canonical })),
      tree,
      checkpoint: await witnessedAt(tree, without.length),
      otherCheckpoints: [],
    });
    expect(report).toMatchObject({ isUntouched: true, isWhole: false });
    expect(report.findings.map(({ code }) => code).sort()).toEqual(['run_incomplete', 'source_gap']);
    expect(report.findings.find(({ code }) => code === 'source_gap')?.message).toContain('Records 28 to 28');
  });
});

/** The ledger as it would be if one record had never arrived. */
function rechainedWithout(bodies: readonly string[], lost: number): string[] {
  const leaves = new Map<string, { sequence: number; previous: string }>();
  return bodies.toSpliced(lost, 1).map((body, index) => {
    const entry = JSON.parse(body) as { chain: unknown; index: number; record: { run: { id: string } } };
    const run = entry.record.run.id;
    const { sequence, previous } = leaves.get(run) ?? { sequence: 0, previous: '0'.repeat(64) };
    const canonical = JSON.stringify({ ...entry, chain: { previous, sequence }, index });
    leaves.set(run, { sequence: sequence + 1, previous: Buffer.from(hashLeaf(canonical)).toString('hex') });
    return canonical;
  });
}

function flip(tree: Served['tree'], path: string, place: number): void {
  const hashes = Uint8Array.from(tree.tiles.get(path) ?? []);
  hashes[place * 32] = (hashes[place * 32] ?? 0) ^ 1;
  tree.tiles.set(path, hashes);
}

function withLeaf(served: Served, tile: number, place: number): Uint8Array {
  const hashes = Uint8Array.from(served.tree.tiles.get(`tile/0/00${tile}`) ?? []);
  hashes.set(hashLeaf(bodyAt(served, tile * TILE_WIDTH + place)), place * 32);
  return hashes;
}

describe('an export', () => {
  it('is aligned with its places: what is misplaced stays where it is served, what is left out leaves a hole', async () => {
    const bodies = sampleEntries(8);
    const placesOf = async (lines: readonly string[]) => {
      const places: (number | undefined)[] = [];
      for await (const { index } of entriesOfExport(streamOf(lines), 0)) places.push(index);
      return places;
    };
    const at = (index: number): string => bodies[index] ?? '';
    expect(await placesOf(bodies)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await placesOf(bodies.toSpliced(3, 1))).toEqual([0, 1, 2, 4, 5, 6, 7]);
    expect(await placesOf(bodies.with(2, at(5)).with(5, at(2)))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await placesOf(bodies.with(2, 'no entry'))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await placesOf(bodies.toSpliced(3, 0, at(1)))).toEqual([0, 1, 2, 1, 3, 4, 5, 6, 7]);
    const pruned = bodies.map((canonical, index) =>
      formatExportLine({ index, canonical: index < 4 ? undefined : canonical }),
    );
    expect(await placesOf(pruned)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const report = await verifyExport(bodies, pruned);
    expect(report).toMatchObject({ isUntouched: true, prunedEntries: 4, entries: 4 });
  });
});

async function verifyExport(
  bodies: readonly string[],
  lines: readonly string[],
): Promise<VerificationReport> {
  const entries: ServedEntry[] = [];
  for await (const entry of entriesOfExport(streamOf(lines), 0)) entries.push(entry);
  const tree = treeOf(bodies);
  return verify({ entries, tree, checkpoint: await signedAt(tree, bodies.length), otherCheckpoints: [] });
}
