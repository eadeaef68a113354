import { describe, expect, it } from 'vitest';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import { type KstatusVerdict, goldenState } from '../testing/golden-state.ts';
import { decidePromptRepository } from './decide.ts';
import type { SyncResult } from './sync-result.ts';

const NOON = new Date('2026-01-01T12:00:00Z');
const [FIRST, SECOND] = ['a', 'b'].map((digit) => digit.repeat(40)) as [string, string];

function aRepository(status: PromptRepository['status'] = {}): PromptRepository {
  const metadata = { namespace: 'ns', name: 'prompts', uid: 'u', generation: 1, resourceVersion: '1' };
  const spec = { url: 'https://git.example/prompts.git' };
  return { apiVersion: '', kind: 'PromptRepository', metadata, spec, status };
}

const PROMPTS = [
  { prompt: 'triage', version: 'triage-aaaaaaaaaaaa', digest: 'a'.repeat(64), path: 'prompts/triage.prompt' },
];

describe('what a PromptRepository says of itself', () => {
  it.each<[string, KstatusVerdict, SyncResult]>([
    ['applied', 'Current', { kind: 'applied', commit: SECOND, prompts: PROMPTS, goldenSets: [] }],
    [
      'problems-in-the-commit',
      'Failed',
      {
        kind: 'notApplied',
        commit: SECOND,
        reason: 'ProblemsFound',
        message: 'Commit bbbbbbbbbbbb has one problem.',
        problems: [{ path: 'prompts/triage.prompt', line: 3, message: 'the template does not parse' }],
      },
    ],
    [
      'server-away',
      'InProgress',
      { kind: 'notFetched', reason: 'Unreachable', message: 'git.example cannot be reached.' },
    ],
  ])('%s, which kstatus reads as %s', async (name, verdict, result) => {
    const repository = aRepository({ appliedCommit: FIRST, seenCommit: FIRST, prompts: PROMPTS });
    const observed = { repository, sync: { result, report: undefined }, nextSyncSeconds: 60 };
    const { status } = decidePromptRepository(observed, NOON);
    expect(status.appliedCommit).toBe(result.kind === 'applied' ? SECOND : FIRST);
    await expect(goldenState(verdict, { ...repository, status })).toMatchFileSnapshot(
      `./golden/states/${name}.yaml`,
    );
  });

  it('new, which it has not looked at yet', async () => {
    const repository = aRepository({ observedGeneration: -1 });
    await expect(goldenState('InProgress', repository)).toMatchFileSnapshot('./golden/states/new.yaml');
  });
});
