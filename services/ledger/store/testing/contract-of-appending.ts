import { describe, expect, it } from 'vitest';
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import type { LedgerStore } from '../ledger-store.ts';
import {
  attempt,
  common,
  feedback,
  RECEIVED_AT,
  rotation,
  runBegun,
  runEnded,
  submitted,
} from './sample-records.ts';
import { withStore } from './store-place.ts';
import type { NewPlace } from './store-place.ts';

async function everyEntry(store: LedgerStore) {
  const { entries } = await store.entriesAfter(0, {}, 10_000);
  return entries;
}

function recordOf({ canonical }: { readonly canonical: string }): LedgerRecord {
  return (JSON.parse(canonical) as { record: LedgerRecord }).record;
}

export function describeAppending(newPlace: NewPlace): void {
  describe('when records are appended', () => {
    it('is empty at first: no namespaces, no entries, position 0', async () => {
      await withStore(newPlace, async (store) => {
        expect(await store.namespaces()).toEqual([]);
        expect(await store.lastPosition()).toBe(0);
        expect(await store.entriesAfter(0, {}, 10)).toEqual({ entries: [], position: 0, isEnd: true });
        expect(await store.runs({ namespaces: undefined, limit: 10 })).toEqual({ runs: [] });
        expect(await store.costs({ namespaces: undefined, by: [], limit: 10 })).toEqual([]);
        expect(await store.append([], RECEIVED_AT)).toEqual([]);
      });
    });

    it('numbers entries of all namespaces from 1 in their order, and those of each tree from 0', async () => {
      await withStore(newPlace, async (store) => {
        const namespaces = ['shop', 'mail', 'shop', 'shop', 'mail'];
        const batch = namespaces.map((namespace, place) => submitted(rotation(`r-${place}`, { namespace })));
        const outcomes = await store.append(batch, RECEIVED_AT);
        expect(outcomes).toEqual([
          { kind: 'written', position: 1, index: 0 },
          { kind: 'written', position: 2, index: 0 },
          { kind: 'written', position: 3, index: 1 },
          { kind: 'written', position: 4, index: 2 },
          { kind: 'written', position: 5, index: 1 },
        ]);
        expect(await store.append([submitted(rotation('r-9'))], RECEIVED_AT)).toEqual([
          { kind: 'written', position: 6, index: 3 },
        ]);
        const entries = await everyEntry(store);
        expect(entries.map(({ position, namespace, index }) => [position, namespace, index])).toEqual([
          [1, 'shop', 0],
          [2, 'mail', 0],
          [3, 'shop', 1],
          [4, 'shop', 2],
          [5, 'mail', 1],
          [6, 'shop', 3],
        ]);
        expect(await store.namespaces()).toEqual(['mail', 'shop']);
        expect(await store.lastPosition()).toBe(6);
      });
    });

    it('gives back each entry as its canonical JSON, with who told it, when it came and how far it is trusted', async () => {
      await withStore(newPlace, async (store) => {
        await store.append(
          [submitted(rotation('r-1'), { reporter: 'somebody', trust: 'reported' })],
          RECEIVED_AT,
        );
        const [entry] = await everyEntry(store);
        expect(entry?.canonical).toBe(
          `{"index":0,"receivedAtMicroseconds":${RECEIVED_AT},"record":{"atMicroseconds":${RECEIVED_AT + 1},` +
            '"id":"r-1","keySource":"openai","model":"fast","namespace":"shop",' +
            '"source":{"boot":"boot","instance":"router-0","process":"router","sequence":2},' +
            '"type":"key_rotation","version":"1"},"reporter":"somebody","trust":"reported","version":1}',
        );
        expect(await store.entryOfRecord('shop', 'r-1')).toEqual(entry);
        expect(await store.entryOfRecord('mail', 'r-1')).toBeUndefined();
      });
    });

    it('writes a record that is told again only once, in the same batch, in another, and whatever the order of its fields', async () => {
      await withStore(newPlace, async (store) => {
        const record = attempt('r-1');
        const turned = Object.fromEntries(Object.entries(record).toReversed()) as typeof record;
        const first = await store.append([submitted(record), submitted(record)], RECEIVED_AT);
        const again = await store.append([submitted(turned), submitted(rotation('r-2'))], RECEIVED_AT + 5);
        expect(first).toEqual([
          { kind: 'written', position: 1, index: 0 },
          { kind: 'duplicate', position: 1, index: 0 },
        ]);
        expect(again).toEqual([
          { kind: 'duplicate', position: 1, index: 0 },
          { kind: 'written', position: 2, index: 1 },
        ]);
        const [cost] = await store.costs({ namespaces: undefined, by: [], limit: 10 });
        expect(cost).toMatchObject({ attempts: 1, costNanoUsd: 1_000 });
      });
    });

    it('refuses another content under an id that is taken, in the same batch and in another, and writes what is beside it', async () => {
      await withStore(newPlace, async (store) => {
        const outcomes = await store.append(
          [
            submitted(rotation('r-1')),
            submitted(rotation('r-1', { version: '2' })),
            submitted(rotation('r-2')),
          ],
          RECEIVED_AT,
        );
        expect(outcomes).toMatchObject([
          { kind: 'written', index: 0 },
          { kind: 'refused', code: 'record_conflict', message: expect.stringContaining('r-1') },
          { kind: 'written', index: 1 },
        ]);
        const later = await store.append([submitted(rotation('r-1', { version: '3' }))], RECEIVED_AT);
        expect(later).toMatchObject([{ kind: 'refused', code: 'record_conflict' }]);
        expect((await everyEntry(store)).map((entry) => recordOf(entry))).toEqual([
          rotation('r-1'),
          rotation('r-2'),
        ]);
      });
    });

    it('keeps the ids of records and runs of one namespace apart from those of another', async () => {
      await withStore(newPlace, async (store) => {
        const records = ['shop', 'mail'].map((namespace) => attempt('r-1', { namespace }));
        const outcomes = await store.append(
          records.map((record) => submitted(record)),
          RECEIVED_AT,
        );
        expect(outcomes).toMatchObject([
          { kind: 'written', index: 0 },
          { kind: 'written', index: 0 },
        ]);
        const runs = await store.runsOfId('run-1');
        expect(runs.map(({ namespace, attempts }) => [namespace, attempts])).toEqual([
          ['mail', 1],
          ['shop', 1],
        ]);
      });
    });

    it('gives a run to the agent that tells of it first, and takes nothing from another, in the same batch and in others', async () => {
      await withStore(newPlace, async (store) => {
        const other = { agent: { name: 'other' } };
        const kindsOf = async (...records: readonly LedgerRecord[]) =>
          (
            await store.append(
              records.map((record) => submitted(record)),
              RECEIVED_AT,
            )
          ).map((outcome) => (outcome.kind === 'refused' ? outcome.code : outcome.kind));
        // What the router tells of an agent that names the run in a request makes it no owner.
        expect(await kindsOf(attempt('r-1', other))).toEqual(['written']);
        expect(await kindsOf(runBegun('r-2'), runEnded('r-3', other), attempt('r-4', other))).toEqual([
          'written',
          'record_not_allowed',
          'written',
        ]);
        expect(
          await kindsOf(
            runEnded('r-5', other),
            runEnded('r-6'),
            runEnded('r-7', { ...other, namespace: 'mail' }),
          ),
        ).toEqual(['record_not_allowed', 'written', 'written']);
        expect((await everyEntry(store)).map((entry) => recordOf(entry).id)).toEqual([
          'r-1',
          'r-2',
          'r-4',
          'r-6',
          'r-7',
        ]);
      });
    });

    it('makes nobody the owner of a run by a record that it refuses', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([submitted(rotation('r-1'))], RECEIVED_AT);
        const [taken] = await store.append(
          [submitted(runBegun('r-1', { agent: { name: 'other' } }))],
          RECEIVED_AT,
        );
        expect(taken).toMatchObject({ kind: 'refused', code: 'record_conflict' });
        expect(await store.append([submitted(runBegun('r-2'))], RECEIVED_AT)).toMatchObject([
          { kind: 'written' },
        ]);
      });
    });

    it('refuses a record whose entry would be larger than 65,535 bytes, and nothing of it is seen', async () => {
      await withStore(newPlace, async (store) => {
        const large = runBegun('r-2', {
          run: { id: 'run-large' },
          tools: Array.from({ length: 64 }, () => '\u{1f40c}'.repeat(256)),
        });
        const outcomes = await store.append(
          [submitted(rotation('r-1')), submitted(large), submitted(rotation('r-3'))],
          RECEIVED_AT,
        );
        expect(outcomes).toMatchObject([
          { kind: 'written', index: 0 },
          { kind: 'refused', code: 'record_too_large' },
          { kind: 'written', index: 1 },
        ]);
        expect(await store.runsOfId('run-large')).toEqual([]);
        expect(await store.append([submitted({ ...large, tools: [] })], RECEIVED_AT)).toMatchObject([
          { kind: 'written', index: 2 },
        ]);
      });
    });

    it('keeps what is hostile as it came: quotes, NUL, emoji, line ends and the longest fields', async () => {
      const names = [
        "'; DROP TABLE entries; --",
        '"\\%_[]{}$1:name?@',
        'before\u0000after',
        '\u{1f9d1}\u200d\u{1f680}\u202e\u2028\ufeff',
        '\r\n\t\u0001',
        'x'.repeat(256),
        '\u{10ffff}'.repeat(128),
        '__proto__',
      ];
      await withStore(newPlace, async (store) => {
        const records = names.map((name, place) =>
          attempt(`r-${place}`, {
            run: { id: `run-${place}` },
            agent: { name },
            model: name,
            provider: name,
            providerModel: name,
            source: { process: 'external', instance: name.slice(0, 253), boot: 'b', sequence: 1 },
          }),
        );
        const outcomes = await store.append(
          records.map((record, place) => submitted(record, { reporter: names[place] ?? '' })),
          RECEIVED_AT,
        );
        expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['written']));
        expect((await everyEntry(store)).map((entry) => recordOf(entry))).toEqual(records);
        for (const [place, name] of names.entries()) {
          const [run] = await store.runsOfId(`run-${place}`);
          expect(run).toMatchObject({ agent: name, models: [name] });
          const query = { namespaces: ['shop'], agent: name, limit: 10 };
          expect((await store.runs(query)).runs.map(({ id }) => id)).toEqual([`run-${place}`]);
          const costs = await store.costs({ ...query, model: name, by: ['agent', 'model'] });
          expect(costs).toMatchObject([{ group: { agent: name, model: name }, attempts: 1 }]);
          const { entries } = await store.entriesAfter(0, { agent: name }, 10);
          expect(entries.map((entry) => recordOf(entry).id)).toEqual([`r-${place}`]);
        }
      });
    });

    it('takes many appends at once, one after another, without a hole', async () => {
      await withStore(newPlace, async (store) => {
        const batches = Array.from({ length: 20 }, (_, batch) =>
          store.append(
            [0, 1, 2].map((place) =>
              submitted(attempt(`r-${batch * 3 + place}`, { run: { id: `run-${batch % 4}` } })),
            ),
            RECEIVED_AT,
          ),
        );
        const outcomes = (await Promise.all(batches)).flat();
        const positions = outcomes.map((outcome) => (outcome.kind === 'written' ? outcome.position : 0));
        expect(positions.toSorted((one, other) => one - other)).toEqual(
          Array.from({ length: 60 }, (_, place) => place + 1),
        );
      });
    });

    it('orders by position and never by time: a clock that steps back, or jumps ahead, changes nothing', async () => {
      await withStore(newPlace, async (store) => {
        const times = [RECEIVED_AT, RECEIVED_AT - 86_400_000_000, RECEIVED_AT * 2, RECEIVED_AT, 0];
        for (const [place, time] of times.entries()) {
          await store.append([submitted(feedback(`r-${place}`, { atMicroseconds: time }))], time);
        }
        const entries = await everyEntry(store);
        expect(entries.map(({ canonical }) => JSON.parse(canonical))).toMatchObject(
          times.map((receivedAtMicroseconds, index) => ({
            index,
            receivedAtMicroseconds,
            chain: { sequence: index },
          })),
        );
      });
    });

    it('keeps all that it has acknowledged when it is closed and opened again, and goes on where it was', async () => {
      await using place = await newPlace();
      const before = await (async () => {
        await using store = await place.open();
        await store.append(
          [attempt('r-1'), rotation('r-2')].map((record) => submitted(record)),
          RECEIVED_AT,
        );
        return { entries: await everyEntry(store), head: await store.treeHead('shop') };
      })();
      await using store = await place.open();
      expect({ entries: await everyEntry(store), head: await store.treeHead('shop') }).toEqual(before);
      expect(await store.append([submitted(attempt('r-3')), submitted(attempt('r-1'))], RECEIVED_AT)).toEqual(
        [
          { kind: 'written', position: 3, index: 2 },
          { kind: 'duplicate', position: 1, index: 0 },
        ],
      );
      const [run] = await store.runsOfId('run-1');
      expect(run).toMatchObject({ attempts: 2, records: 2 });
    });

    it('writes nothing of a batch of which something cannot be written', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([submitted(attempt('r-1'))], RECEIVED_AT);
        const before = [await everyEntry(store), await store.treeHead('shop'), await store.runsOfId('run-1')];
        // What no schema lets through: the database itself refuses it, when most of the batch is in its tables.
        const source = { ...common('r-3').source, boot: undefined as unknown as string };
        const batch = [attempt('r-2'), attempt('r-3', { source }), attempt('r-4')];
        await expect(
          store.append(
            batch.map((record) => submitted(record)),
            RECEIVED_AT,
          ),
        ).rejects.toThrow(Error);
        expect([
          await everyEntry(store),
          await store.treeHead('shop'),
          await store.runsOfId('run-1'),
        ]).toEqual(before);
        expect(await store.append([submitted(attempt('r-2'))], RECEIVED_AT)).toEqual([
          { kind: 'written', position: 2, index: 1 },
        ]);
      });
    });
  });
}
