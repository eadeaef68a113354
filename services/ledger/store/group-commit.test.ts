import { describe, expect, it, vi } from 'vitest';
import { GROUP_COMMIT_DEFAULTS, GroupCommit, QueueFullError } from './group-commit.ts';
import type { GroupCommitOptions } from './group-commit.ts';
import { StoreClosedError, StoreFencedError, StoreFullError } from './ledger-store.ts';
import type { AppendOutcome, SubmittedRecord } from './ledger-store.ts';
import { rotation, submitted } from './testing/sample-records.ts';

function records(...ids: readonly string[]): readonly SubmittedRecord[] {
  return ids.map((id) => submitted(rotation(id)));
}

/** A store of which the test says when, and how, each append ends. */
class HeldStore {
  readonly batches: (readonly string[])[] = [];
  readonly #ends: PromiseWithResolvers<void>[] = [];
  #position = 0;

  readonly append = async (batch: readonly SubmittedRecord[]): Promise<readonly AppendOutcome[]> => {
    this.batches.push(batch.map(({ record }) => record.id));
    const end = Promise.withResolvers<void>();
    this.#ends.push(end);
    await end.promise;
    return batch.map(() => ({ kind: 'written', position: (this.#position += 1), index: 0 }));
  };

  /** Resolves when the append of that number (from 0) has begun. */
  async begun(number: number): Promise<PromiseWithResolvers<void>> {
    for (;;) {
      const end = this.#ends[number];
      if (end !== undefined) return end;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function groupCommit(
  store: Pick<HeldStore, 'append'>,
  changes: Partial<GroupCommitOptions> = {},
): GroupCommit {
  return new GroupCommit({
    append: store.append,
    nowMicroseconds: () => 7,
    ...GROUP_COMMIT_DEFAULTS,
    ...changes,
  });
}

describe('group commit', () => {
  it('appends a lone submission at once', async () => {
    const store = new HeldStore();
    const commit = groupCommit(store);
    for (const number of [0, 1, 2]) {
      const answer = commit.submit(records(`r-${number}`), 10);
      (await store.begun(number)).resolve();
      expect(await answer).toEqual([{ kind: 'written', position: number + 1, index: 0 }]);
    }
  });

  it('puts into one append what comes while another is under way, and answers each with its own outcomes', async () => {
    const store = new HeldStore();
    const commit = groupCommit(store);
    const first = commit.submit(records('r-1'), 10);
    const end = await store.begun(0);
    const others = [commit.submit(records('r-2', 'r-3'), 10), commit.submit(records('r-4'), 10)];
    end.resolve();
    await first;
    (await store.begun(1)).resolve();
    expect(await Promise.all(others)).toMatchObject([[{ position: 2 }, { position: 3 }], [{ position: 4 }]]);
    expect(store.batches).toEqual([['r-1'], ['r-2', 'r-3', 'r-4']]);
  });

  it('begins the next group when the append before it has ended, and waits for no clock', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const store = new HeldStore();
      const commit = groupCommit(store);
      const answers = [commit.submit(records('r-1'), 10), commit.submit(records('r-2'), 10)];
      const end = await store.begun(0);
      answers.push(commit.submit(records('r-3'), 10));
      end.resolve();
      (await store.begun(1)).resolve();
      await Promise.all(answers);
      expect(store.batches).toEqual([['r-1', 'r-2'], ['r-3']]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('answers nobody before the append has ended', async () => {
    const store = new HeldStore();
    const commit = groupCommit(store);
    const answer = commit.submit(records('r-1'), 10);
    const end = await store.begun(0);
    const manyTurns = (async () => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return 'nobody was answered';
    })();
    expect(await Promise.race([answer, manyTurns])).toBe('nobody was answered');
    end.resolve();
    expect(await answer).toHaveLength(1);
  });

  it('closes a group when it holds enough records, and never splits what one caller handed over', async () => {
    const store = new HeldStore();
    const commit = groupCommit(store, { groupMaximumRecords: 3 });
    const answers = [['r-1', 'r-2'], ['r-3', 'r-4'], ['r-5']].map((ids) =>
      commit.submit(records(...ids), 10),
    );
    (await store.begun(0)).resolve();
    (await store.begun(1)).resolve();
    await Promise.all(answers);
    expect(store.batches).toEqual([['r-1', 'r-2', 'r-3', 'r-4'], ['r-5']]);
  });

  it('refuses what does not fit beside what waits, by records and by bytes, and takes it when there is room again', async () => {
    for (const [bound, ids, bytes] of [
      [{ queueMaximumRecords: 3 }, ['r-2', 'r-3'], 1],
      [{ queueMaximumBytes: 100 }, ['r-2'], 51],
    ] as const) {
      const store = new HeldStore();
      const commit = groupCommit(store, bound);
      const first = commit.submit(records('r-0', 'r-1'), 50);
      await expect(commit.submit(records(...ids), bytes)).rejects.toThrow(QueueFullError);
      (await store.begun(0)).resolve();
      await first;
      const again = commit.submit(records(...ids), bytes);
      (await store.begun(1)).resolve();
      expect(await again).toHaveLength(ids.length);
    }
  });

  it('takes what is larger than the whole queue when nothing else waits', async () => {
    const store = new HeldStore();
    const commit = groupCommit(store, { queueMaximumRecords: 1, queueMaximumBytes: 1 });
    const answer = commit.submit(records('r-1', 'r-2'), 10);
    (await store.begun(0)).resolve();
    expect(await answer).toHaveLength(2);
  });

  it('tells the failure of an append to him whose records it were, and writes the others of the group', async () => {
    const batches: string[][] = [];
    const append = async (batch: readonly SubmittedRecord[]): Promise<readonly AppendOutcome[]> => {
      const ids = batch.map(({ record }) => record.id);
      batches.push(ids);
      if (ids.includes('bad')) throw new Error('A record that the database does not take.');
      return batch.map(() => ({ kind: 'written', position: 1, index: 0 }));
    };
    const commit = groupCommit({ append });
    const answers = ['r-1', 'bad', 'r-2'].map((id) => commit.submit(records(id), 10));
    const settled = await Promise.allSettled(answers);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(batches).toEqual([['r-1', 'bad', 'r-2'], ['r-1'], ['bad'], ['r-2']]);
    expect(commit.heldRecords).toBe(0);
  });

  it.each([StoreFullError, StoreFencedError, StoreClosedError])(
    'tells all of the group that nothing can be written: %o',
    async (Failure) => {
      let appends = 0;
      const commit = groupCommit({
        append: async () => {
          appends += 1;
          throw new Failure('Not now.');
        },
      });
      const answers = ['r-1', 'r-2'].map((id) => commit.submit(records(id), 10));
      for (const { status, reason } of (await Promise.allSettled(answers)) as PromiseRejectedResult[]) {
        expect({ status, reason: reason as unknown }).toEqual({
          status: 'rejected',
          reason: expect.any(Failure),
        });
      }
      expect(appends).toBe(1);
    },
  );

  it('writes what was submitted before its end, and refuses what comes after', async () => {
    const store = new HeldStore();
    const commit = groupCommit(store, { groupMaximumRecords: 1 });
    const answers = ['r-1', 'r-2', 'r-3'].map((id) => commit.submit(records(id), 10));
    const over = commit[Symbol.asyncDispose]();
    await expect(commit.submit(records('r-4'), 10)).rejects.toThrow(StoreClosedError);
    for (const number of [0, 1, 2]) (await store.begun(number)).resolve();
    await over;
    expect(await Promise.all(answers)).toHaveLength(3);
    expect(store.batches).toEqual([['r-1'], ['r-2'], ['r-3']]);
  });
});
