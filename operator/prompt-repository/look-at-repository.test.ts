import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import { createLook } from './look-at-repository.ts';
import { createSyncMemory } from './sync-memory.ts';
import type { SyncResult } from './sync-result.ts';

const KEY = 'ns/prompts';
const REPOSITORY: PromptRepository = {
  apiVersion: '',
  kind: 'PromptRepository',
  metadata: { namespace: 'ns', name: 'prompts', uid: 'u', generation: 1, resourceVersion: '1' },
  spec: { url: 'https://git.example/prompts.git', intervalSeconds: 86_400 },
  status: {},
};
const NEVER = new AbortController().signal;
const applied = (digit: string): SyncResult => ({
  kind: 'applied',
  commit: digit.repeat(40),
  prompts: [],
  goldenSets: [],
});

function aMemory() {
  return createSyncMemory(
    () => 0.5,
    () => 0,
  );
}

describe('a look at a repository', () => {
  it('that failed is made again: what woke it is not lost until the next day', async () => {
    const outcomes = [
      () => applied('a'),
      () => Promise.reject(new Error('no API server')),
      () => applied('b'),
    ];
    const memory = aMemory();
    const look = createLook({
      memory,
      synchronise: async () => await (outcomes.shift() ?? (() => applied('c')))(),
      report: () => Promise.resolve(undefined),
    });
    await look(REPOSITORY, NEVER);
    memory.wake(KEY);
    await expect(look(REPOSITORY, NEVER)).rejects.toThrow('no API server');
    expect((await look(REPOSITORY, NEVER)).sync.result).toEqual(applied('b'));
  });

  it('that takes too long is told, and is no failure of the process', async () => {
    const look = createLook(
      {
        memory: aMemory(),
        synchronise: (_, signal) => sleep(2 ** 30, applied('a'), { signal }),
        report: () => Promise.resolve(undefined),
      },
      0.01,
    );
    expect((await look(REPOSITORY, NEVER)).sync.result).toMatchObject({
      kind: 'notFetched',
      reason: 'TimedOut',
    });
  });

  it('that the end of the process ends is told to nobody', async () => {
    const ending = new AbortController();
    const look = createLook({
      memory: aMemory(),
      synchronise: (_, signal) => sleep(2 ** 30, applied('a'), { signal }),
      report: () => Promise.resolve(undefined),
    });
    const looking = look(REPOSITORY, ending.signal);
    ending.abort();
    await expect(looking).rejects.toThrow('abort');
  });
});
