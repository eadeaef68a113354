/** A canary whose prompt is pushed to a real git server. Called by operator-judged-canary.test.ts, whose world it shares. */
import { expect, it } from 'vitest';
import { aPromptVersion, promptText } from '../objects.ts';
import type { JudgedScene } from './judged-scene.ts';

const PROMPT = 'prompts/greeter.prompt';
const ROUNDS = 120;

export function describePromptsFromGit(scene: () => JudgedScene): void {
  it('promote the one that is good, stop the one that is bad, and let go of the one that is reverted in the middle', async () => {
    const { git, follow, pushed } = scene();
    const origin = await git.createRepository('pushed');
    await origin.commit({ [PROMPT]: promptText('Hello') });
    const wake = await follow(pushed.namespace, origin);
    await pushed.edit({
      versionRef: null,
      source: { repositoryRef: { name: 'prompts' } },
      steps: [{ setExposure: { percent: '1' } }, { analyse: { minSamples: 30 } }],
    });
    await pushed.statusIs({ phase: 'Idle', stable: { digest: pushed.first.spec.digest } });
    const push = async (greeting: string) => {
      await origin.commit({ [PROMPT]: promptText(greeting) });
      await wake();
      const version = aPromptVersion(pushed.namespace, greeting);
      await pushed.isExposed(version);
      return version;
    };
    const revert = async (): Promise<void> => {
      await origin.git('revert', '--no-edit', 'HEAD');
      await wake();
    };

    const good = await push('Good day');
    await pushed.run(ROUNDS);
    await pushed.statusIs({ phase: 'Idle', stable: { digest: good.spec.digest } });
    await pushed.isServedAlone(good);

    const bad = await push('Boo');
    await pushed.run(8, (arm) => ({ firstAnswerFits: arm === 'stable' }));
    await pushed.statusIs({ phase: 'RolledBack', rejected: [{ digest: bad.spec.digest }] });
    await pushed.isServedAlone(good);
    // The branch still names it, and is looked at again.
    await wake();
    await pushed.isServedAlone(good);
    await revert();
    await pushed.statusIs({ phase: 'Idle', stable: { digest: good.spec.digest } });

    const reverted = await push('Good evening');
    await pushed.run(2);
    await revert();
    const { decision, rejected } = await pushed.statusIs({
      phase: 'Idle',
      stable: { digest: good.spec.digest },
    });
    expect(decision).toMatchObject({ kind: 'Withdrawn', reason: 'Reverted' });
    await pushed.isServedAlone(good);
    expect(rejected.map(({ digest }: { digest: string }) => digest)).toEqual([bad.spec.digest]);
    // It was neither promoted nor given up: whoever pushes it again has it tried again.
    expect((await push('Good evening')).spec.digest).toBe(reverted.spec.digest);
  });
}
