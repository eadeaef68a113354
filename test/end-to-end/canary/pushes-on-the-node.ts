/** What becomes of prompts that are pushed to a git repository. Called by canary-on-the-node.ts, whose agents it shares. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CapatazProgram, prepareCapataz } from '../world/capataz.ts';
import { apply, find, get, kubectl } from '../world/cluster.ts';
import { eventually } from '../world/eventually.ts';
import { type PromptBranch, startPromptBranch } from '../world/prompt-branch.ts';
import {
  AGENT_NAMES,
  SORTERS,
  type Sorters,
  badVersion,
  goodVersion,
  rolloutFromGit,
} from '../world/sorters.ts';

const FILE = 'prompts/sorter.prompt';
const STEPS = [
  { setExposure: { percent: '1' } },
  { analyse: { minSamples: 30 } },
  { setExposure: { percent: '100' } },
];
// None of them was seen by these agents before.
const BETTER = goodVersion(11);
const REPLACED = goodVersion(12);
const REPLACING = goodVersion(13);
const HALF = goodVersion(14);
const REWRITTEN = goodVersion(15);
const WORSE = badVersion(11);
type Version = typeof WORSE;

// oxlint-disable-next-line typescript/no-explicit-any -- a status is read freely here.
const statusOf = async (): Promise<any> => (await get('canaryrollout', 'sorter', SORTERS)).status;

export function describePushesOnTheNode(agents: () => Sorters): void {
  let branch: PromptBranch;
  let capataz: CapatazProgram;
  /** What was stable before anything was pushed. */
  let first: string;

  const pushPrompt = (version: Version): Promise<string> => branch.push({ [FILE]: version.spec.text });
  const versionsServed = async (): Promise<readonly (string | undefined)[]> =>
    (await agents().askAll()).map(({ body }) => body.prompt?.version);
  const untilAllServe = (name: string): Promise<void> =>
    eventually(`every agent serves ${name}`, async () => {
      expect(await versionsServed()).toEqual(AGENT_NAMES.map(() => name));
    });
  const untilOneAgentTakes = (version: Version): Promise<void> =>
    eventually(
      `one agent takes ${version.metadata.name}`,
      async () => {
        const { candidate, exposure } = await statusOf();
        expect(candidate).toMatchObject({ digest: version.spec.digest });
        expect(exposure).toMatchObject({ agents: 4, exposedAgents: 1 });
      },
      120,
    );
  const askUntilStable = (version: Version): Promise<void> =>
    agents().askUntil(`${version.metadata.name} is stable`, async () => {
      const { phase, stable } = await statusOf();
      return phase === 'Idle' && stable.digest === version.spec.digest;
    });
  const untilIdleAt = (name: string): Promise<void> =>
    eventually(
      `${name} is stable and nothing is released`,
      async () => {
        expect(await statusOf()).toMatchObject({ phase: 'Idle', stable: { name } });
      },
      120,
    );

  describe('a push', () => {
    beforeAll(async () => {
      capataz = await prepareCapataz();
      branch = await startPromptBranch('sorters', SORTERS);
      first = (await statusOf()).stable.name;
      const { spec } = await get('promptversion', first, SORTERS);
      const commit = await branch.push({ [FILE]: String(spec?.['text']) });
      await branch.follow();
      await branch.untilFollowed({ appliedCommit: commit });
      await apply(rolloutFromGit('prompts', STEPS));
      await untilIdleAt(first);
    });

    afterAll(async () => {
      await branch?.[Symbol.asyncDispose]();
      await capataz?.[Symbol.asyncDispose]();
    });

    it('of a good prompt goes from one agent to all of them, and is told apart by its commit', async () => {
      const commit = await pushPrompt(BETTER);
      await untilOneAgentTakes(BETTER);
      await askUntilStable(BETTER);
      await untilAllServe(BETTER.metadata.name);
      const { spec } = await get('promptversion', BETTER.metadata.name, SORTERS);
      expect(spec?.['source']).toEqual({ commit, path: FILE, author: 'Ana <ana@example.com>' });
      const waited = ['--for=condition=Promoted', '--timeout=60s', '--namespace', SORTERS];
      expect(await kubectl(['wait', 'canary/sorter', ...waited])).toContain('condition met');
    });

    it('of a revert goes back at once: no steps, and nothing is rejected', async () => {
      await branch.pushAfter([['revert', '--no-edit', 'HEAD']]);
      await untilIdleAt(first);
      await untilAllServe(first);
      const { decision, rejected = [] } = await statusOf();
      expect(decision).toMatchObject({ kind: 'RolledBack', reason: 'Reverted' });
      expect(rejected).not.toContainEqual(expect.objectContaining({ digest: BETTER.spec.digest }));
    });

    it('while another one is on its way takes its place, and the second alone becomes stable', async () => {
      await pushPrompt(REPLACED);
      await untilOneAgentTakes(REPLACED);
      await pushPrompt(REPLACING);
      await untilOneAgentTakes(REPLACING);
      await askUntilStable(REPLACING);
      await untilAllServe(REPLACING.metadata.name);
      const { previousStable, rejected = [] } = await statusOf();
      expect(previousStable.name).toBe(first);
      expect(rejected).not.toContainEqual(expect.objectContaining({ digest: REPLACED.spec.digest }));
    });

    it('of a worse prompt is stopped at the first agent, stays out when git is read again, and goes with its revert', async () => {
      const bad = WORSE.metadata.name;
      const worse = await pushPrompt(WORSE);
      await untilOneAgentTakes(WORSE);
      await agents().askUntil('it is rolled back', async () => (await statusOf()).phase === 'RolledBack');
      await untilAllServe(REPLACING.metadata.name);
      const isRejected = {
        rejected: expect.arrayContaining([expect.objectContaining({ digest: WORSE.spec.digest })]),
      };
      expect(await statusOf()).toMatchObject(isRejected);

      const next = await branch.pushAfter([['commit', '--quiet', '--allow-empty', '--message', 'Nothing']]);
      expect(next).not.toBe(worse);
      await branch.untilFollowed({ appliedCommit: next, prompts: [{ version: bad }] });
      await apply(rolloutFromGit('prompts', STEPS));
      await untilAllServe(REPLACING.metadata.name);
      const status = await statusOf();
      expect(status).toMatchObject({ phase: 'RolledBack', ...isRejected });
      expect(status.candidate).toBeUndefined();
      await eventually('the ledger tells that one agent alone has served it', async () => {
        const runs = (await capataz.runsOf(SORTERS)).filter(({ promptVersion }) => promptVersion === bad);
        expect(new Set(runs.map(({ agent }) => agent)).size).toBe(1);
      });

      await branch.pushAfter([['revert', '--no-edit', worse]]);
      await untilIdleAt(REPLACING.metadata.name);
    });

    it('of a broken file is refused with the whole commit, by file and line, until it is mended', async () => {
      const { appliedCommit: good } = await branch.untilFollowed({});
      const commit = await branch.push({
        [FILE]: HALF.spec.text,
        'prompts/other.prompt': 'A line\n{{#if mail}}\n',
      });
      await branch.untilFollowed({
        seenCommit: commit,
        appliedCommit: good,
        problems: [{ path: 'prompts/other.prompt', line: 2 }],
        conditions: expect.arrayContaining([
          expect.objectContaining({
            type: 'Applied',
            reason: 'ProblemsFound',
            message: expect.stringContaining('prompts/other.prompt:2:'),
          }),
        ]),
      });
      expect(await kubectl(['describe', 'promptrepo', 'prompts', '--namespace', SORTERS])).toContain(
        'prompts/other.prompt:2:',
      );
      expect(await find('promptversion', HALF.metadata.name, SORTERS)).toBeUndefined();
      await untilIdleAt(REPLACING.metadata.name);
      await untilAllServe(REPLACING.metadata.name);
      const mended = await branch.pushAfter([['revert', '--no-edit', 'HEAD']]);
      expect(await branch.untilFollowed({ appliedCommit: mended })).not.toHaveProperty('problems');
    });

    it('that rewrites history is refused or taken by the policy of its repository', async () => {
      const { appliedCommit: before } = await branch.untilFollowed({});
      await branch.follow({ onForcePush: 'Refuse' });
      const rewritten = await branch.push({ [FILE]: REWRITTEN.spec.text }, { isAmendment: true });
      await branch.untilFollowed({
        seenCommit: rewritten,
        appliedCommit: before,
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'Applied', reason: 'HistoryRewritten' }),
        ]),
      });
      await untilIdleAt(REPLACING.metadata.name);
      await untilAllServe(REPLACING.metadata.name);
      await branch.follow({ onForcePush: 'Follow' });
      await branch.untilFollowed({ appliedCommit: rewritten });
      await untilOneAgentTakes(REWRITTEN);
    });
  });
}
