/** A branch of the git server of the node, as a person has it who pushes prompts, and the PromptRepository that follows it. */
import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { request } from 'undici';
import { expect } from 'vitest';
import { runCommand } from '#cluster/command-line/command.ts';
import { apply, get, serviceUrl } from './cluster.ts';
import { eventually } from './eventually.ts';

const SERVER = 'sample-prompts';
const NAME = 'prompts';
const WEBHOOK_TOKEN = 'token-of-the-webhook';

/** Whatever the person who runs the tests has configured. */
const GIT_ENVIRONMENT = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', LC_ALL: 'C' };

export interface PromptBranch extends AsyncDisposable {
  /** Commits the files, by path, pushes, and wakes whoever follows; an amendment by force. Returns the commit. */
  readonly push: (
    files: Readonly<Record<string, string>>,
    options?: { readonly isAmendment?: boolean },
  ) => Promise<string>;
  /** Any commands of git in the clone, then a push with these options. Returns the commit. */
  readonly pushAfter: (
    commands: readonly (readonly string[])[],
    ...pushOptions: readonly string[]
  ) => Promise<string>;
  readonly follow: (spec?: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Waits until the status of the PromptRepository has these fields, and returns it. */
  readonly untilFollowed: (status: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;
}

export async function startPromptBranch(branch: string, namespace: string): Promise<PromptBranch> {
  const folder = await mkdtemp(join(tmpdir(), 'capataz-prompts-'));
  const git = (...words: readonly string[]): Promise<string> =>
    runCommand('git', ['-C', folder, '-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', ...words], {
      environment: GIT_ENVIRONMENT,
      timeoutSeconds: 120,
    });
  await git('init', '--quiet', `--initial-branch=${branch}`);
  await git('remote', 'add', 'origin', `${await serviceUrl(SERVER, 'default', 80)}/prompts.git`);

  const knock = async (): Promise<void> => {
    const body = JSON.stringify({ ref: `refs/heads/${branch}` });
    const signature = createHmac('sha256', WEBHOOK_TOKEN).update(body).digest('hex');
    const url = await serviceUrl('capataz-prompt-repository', 'capataz-system');
    await eventually('the webhook is heard', async () => {
      const response = await request(`${url}/v1/webhooks/${namespace}/${NAME}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` },
        body,
      });
      expect([response.statusCode, await response.body.text()]).toEqual([202, expect.anything()]);
    });
  };
  let isFollowed = false;
  const pushAfter: PromptBranch['pushAfter'] = async (commands, ...pushOptions) => {
    for (const words of commands) await git(...words);
    await git('push', '--quiet', ...pushOptions, 'origin', `HEAD:refs/heads/${branch}`);
    if (isFollowed) await knock();
    return (await git('rev-parse', 'HEAD')).trim();
  };
  return {
    pushAfter,
    push: async (files, { isAmendment = false } = {}) => {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      const commit = [
        'commit',
        '--quiet',
        '--message',
        'Change prompts',
        ...(isAmendment ? ['--amend'] : []),
      ];
      return await pushAfter([['add', '--all'], commit], ...(isAmendment ? ['--force'] : []));
    },
    follow: async (spec = {}) => {
      await apply(
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'webhook', namespace },
          stringData: { token: WEBHOOK_TOKEN },
        },
        {
          apiVersion: 'capataz.dev/v1alpha1',
          kind: 'PromptRepository',
          metadata: { name: NAME, namespace },
          spec: {
            url: `http://${SERVER}.default.svc/prompts.git`,
            reference: { branch },
            webhook: { secretRef: { name: 'webhook' } },
            ...spec,
          },
        },
      );
      isFollowed = true;
    },
    untilFollowed: (status) =>
      eventually(
        `the repository is at ${JSON.stringify(status)}`,
        async () => {
          const { status: now } = await get('promptrepository', NAME, namespace);
          expect(now).toMatchObject(status);
          return now ?? {};
        },
        120,
      ),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
