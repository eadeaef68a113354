/** What the last lines of `npm run up` promise about the prompt in git, as whoever pastes them sees it. Called by factory.test.ts. */
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '#cluster/command-line/command.ts';
import { prepareCapataz } from '../world/capataz.ts';
import { get, list, runClusterCommand, serviceUrl } from '../world/cluster.ts';
import { eventually } from '../world/eventually.ts';
import { ask } from '../world/runs.ts';

const CHECKOUT = resolve(import.meta.dirname, '../../..');
const NAMESPACE = 'default';
const ROLLOUT = 'email-classifier';
/** For many questions to a model on the processor, and for a whole `up`. */
const PATIENCE_MILLISECONDS = 900_000;

// oxlint-disable-next-line typescript/no-explicit-any -- a status is read freely here.
const statusOf = async (): Promise<any> => (await get('canaryrollout', ROLLOUT, NAMESPACE)).status;

const agentUrl = (): Promise<string> => serviceUrl(`agent-${ROLLOUT}`, NAMESPACE);
const MAIL = { email: 'From: ana@example.com\nSubject: Lunch\n\nAt noon, as always?' };

/** The lines about git, without their indentation. */
function linesToPaste(said: string): readonly string[] {
  const [, after = ''] = said.split(/^The prompt comes from a git repository.*\n/m);
  return (after.split('\n\n')[0] ?? '').split('\n').map((line) => line.trim());
}

const uidsOfPods = async (): Promise<readonly string[]> =>
  (await list('pods', '*')).map(({ metadata }) => metadata.uid).toSorted();

export function describeSampleRepositoryOnTheNode(saidByUp: () => string): void {
  /** The folder into which the lines clone. */
  let clone = '';

  /** Pasted into one shell, from the checkout. */
  const paste = (lines: readonly string[]): Promise<string> =>
    runCommand('bash', ['-c', ['set -e', `prompts=${clone}`, ...lines].join('\n')], {
      directory: CHECKOUT,
      timeoutSeconds: 400,
    });
  const untilStatus = (what: string, expected: Readonly<Record<string, unknown>>): Promise<void> =>
    eventually(
      what,
      async () => {
        expect(await statusOf()).toMatchObject(expected);
      },
      120,
    );
  const headOfServer = async (): Promise<string> =>
    (await paste(['git -C "$prompts" ls-remote origin main'])).split('\t')[0] ?? '';

  afterAll(async () => {
    if (clone !== '') await rm(clone, { recursive: true, force: true });
  });

  describe('the repository of the sample', () => {
    it(
      'takes the worse prompt that the last lines of up push, which is stopped and goes again as they say',
      async () => {
        const { stable } = await statusOf();
        const lines = linesToPaste(saidByUp());
        const asking = lines.findIndex((line) => line.startsWith('for mail in'));
        const [questions = '', status = '', revert = ''] = lines.slice(asking);
        const pushed = await paste([...lines.slice(0, asking), 'echo "cloned into $prompts"']);
        clone = /^cloned into (.+)$/m.exec(pushed)?.[1] ?? '';
        await untilStatus('half of the sessions take the candidate', {
          exposure: { unit: 'Session', percent: '50' },
        });
        const { candidate } = await statusOf();

        // By chance few of the questions of one round may meet the candidate.
        await eventually(
          'it is rolled back',
          async () => {
            expect(await paste([questions])).toMatch(/^status:\w+ .*arm:(stable|candidate)$/m);
            expect((await statusOf()).phase).toBe('RolledBack');
          },
          240,
        );
        const told = await statusOf();
        expect(told.stable).toEqual(stable);
        expect(told.rejected).toContainEqual(expect.objectContaining({ digest: candidate.digest }));
        expect([told.candidate, told.exposure]).toEqual([undefined, undefined]);
        expect(told.decision.message).toContain(candidate.name);
        for (let session = 0; session < 3; session += 1) {
          expect((await ask(await agentUrl(), MAIL)).body.prompt?.version).toBe(stable.name);
        }
        expect(await paste([status])).toContain('RolledBack');

        await paste([revert]);
        await untilStatus('nothing is released any more', { phase: 'Idle', stable });
      },
      PATIENCE_MILLISECONDS,
    );

    it(
      'is left alone by a second up, which replaces no pod, does not fail because of what was pushed, and lets it be reverted',
      async () => {
        await using capataz = await prepareCapataz();
        const { stable } = await statusOf();
        const file = '"$prompts"/prompts/email-classifier.prompt';
        await paste([
          `sed -i 's/maxOutputTokens: [0-9]*/maxOutputTokens: 2/' ${file}`,
          'git -C "$prompts" commit -qam "Spare more tokens"',
          'git -C "$prompts" push -q',
        ]);
        await untilStatus('half of the sessions take the candidate', {
          exposure: { unit: 'Session', percent: '50' },
        });
        const { candidate } = await statusOf();
        // So that its first question is answered by it for sure.
        const promoted = await capataz.run('promote', ROLLOUT, '--full', '--namespace', NAMESPACE);
        expect(promoted.exitCode, promoted.errorOutput).toBe(0);
        await untilStatus('the worse prompt is stable', { phase: 'Idle', stable: candidate });
        const url = await agentUrl();
        await eventually('the agent serves it', async () => {
          expect((await ask(url, MAIL)).body.prompt?.version).toBe(candidate.name);
        });

        const head = await headOfServer();
        const pods = await uidsOfPods();
        const second = await runClusterCommand('up');
        expect(second.exitCode, second.errorOutput).toBe(0);
        expect(second.output).toContain(`That failure is of ${candidate.name}`);
        expect(await headOfServer()).toBe(head);
        expect(await uidsOfPods()).toEqual(pods);
        expect(await statusOf()).toMatchObject({ phase: 'Idle', stable: candidate });

        await paste(['git -C "$prompts" revert --no-edit HEAD', 'git -C "$prompts" push -q']);
        await untilStatus('the prompt of before is stable', {
          phase: 'Idle',
          stable,
          decision: { kind: 'RolledBack', reason: 'Reverted' },
        });
        await eventually('the agent serves it', async () => {
          const { statusCode, body } = await ask(url, MAIL);
          expect([statusCode, body.prompt?.version]).toEqual([200, stable.name]);
        });
      },
      PATIENCE_MILLISECONDS,
    );
  });
}
