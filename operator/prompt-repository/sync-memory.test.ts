import { describe, expect, it } from 'vitest';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import { createSyncMemory } from './sync-memory.ts';
import type { Sync } from './sync-result.ts';

const KEY = 'ns/prompts';
const REPOSITORY: PromptRepository = {
  apiVersion: '',
  kind: 'PromptRepository',
  metadata: { namespace: 'ns', name: 'prompts', uid: 'u', generation: 1, resourceVersion: '1' },
  spec: { url: 'https://git.example/prompts.git', intervalSeconds: 3_600 },
  status: {},
};
const APPLIED: Sync = {
  result: { kind: 'applied', commit: 'a'.repeat(40), prompts: [], goldenSets: [] },
  report: undefined,
};

function aMemory() {
  return createSyncMemory(
    () => 0.5,
    () => 0,
  );
}

describe('when a repository is looked at next', () => {
  it('is after its interval, or at once when it is woken', () => {
    const memory = aMemory();
    memory.begin(KEY);
    expect(memory.record(KEY, REPOSITORY, APPLIED).nextSyncSeconds).toBe(3_600);
    expect(memory.recall(KEY, REPOSITORY)?.sync).toBe(APPLIED);
    memory.wake(KEY);
    expect(memory.recall(KEY, REPOSITORY)).toBeUndefined();
  });

  it('is at once when it was woken during a look, which may have asked the server before the push', () => {
    const memory = aMemory();
    memory.begin(KEY);
    memory.wake(KEY);
    expect(memory.record(KEY, REPOSITORY, APPLIED).nextSyncSeconds).toBe(0);
    expect(memory.recall(KEY, REPOSITORY)).toBeUndefined();
    memory.begin(KEY);
    expect(memory.record(KEY, REPOSITORY, APPLIED).nextSyncSeconds).toBe(3_600);
  });
});
