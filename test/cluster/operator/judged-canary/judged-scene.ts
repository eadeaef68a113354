/** A world with a ledger, and rollouts whose agents have a history: made once, since all of it takes its time. */
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROMPT_REPOSITORIES } from '#operator/prompt-repository/resources.ts';
import { freeLease } from '../free-lease.ts';
import { type GitOrigin, type GitServer, startGitServer } from '../git-server.ts';
import { type JudgedRollout, isHistory, startJudgedRollout } from '../judged-rollout.ts';
import { type OperatorProcess, type World, eventually, startWorld } from '../operator-world.ts';
import { permitPromptRepositories } from '../prompt-repository-process.ts';
import { type WorldLedger, startWorldLedger } from '../world-ledger.ts';

const SECRETS = { groupVersion: 'v1', kind: 'Secret', plural: 'secrets' };
const AGENTS = 4;
const WEBHOOK_TOKEN = 'token-of-the-webhook';
const ROLLOUTS = [
  'good',
  'bad',
  'sessions',
  'guarded',
  'drifting',
  'succeeded',
  'deleted',
  'pushed',
  'killed',
  'frozen',
  'unread',
] as const;

export interface JudgedScene extends Readonly<Record<(typeof ROLLOUTS)[number], JudgedRollout>> {
  readonly world: World;
  readonly ledger: WorldLedger;
  readonly git: GitServer;
  /** Has a PromptRepository follow the origin at each call of what it returns. */
  readonly follow: (namespace: string, origin: GitOrigin) => Promise<() => Promise<void>>;
  /** The one that leads. */
  operator: OperatorProcess;
  readonly startOperator: () => Promise<OperatorProcess>;
  /** By SIGKILL, and nothing is waited for. */
  readonly replaceOperator: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startJudgedScene(): Promise<JudgedScene> {
  const directory = await mkdtemp(join(tmpdir(), 'capataz-judged-'));
  const world = await startWorld();
  const ledger = await startWorldLedger(world, directory);
  let operators = 0;
  const startOperator = async (): Promise<OperatorProcess> => {
    operators += 1;
    const name = `operator-${operators}`;
    return await world.startOperator(name, await ledger.environmentOf(name));
  };
  const operator = await startOperator();
  const git = await startGitServer(directory);
  const follower = (await permitPromptRepositories(world, directory))('prompt-repository');
  const rollouts = await Promise.all(
    ROLLOUTS.map(async (namespace): Promise<[string, JudgedRollout]> => {
      return [namespace, await startJudgedRollout(world, ledger, { namespace, agents: AGENTS, directory })];
    }),
  );
  const all = rollouts.map(([, rollout]) => rollout);
  await isHistory(ledger, ROLLOUTS[0]);
  for (const rollout of all) rollout.forgetRuns();
  const scene: JudgedScene = {
    ...(Object.fromEntries(rollouts) as Record<(typeof ROLLOUTS)[number], JudgedRollout>),
    world,
    ledger,
    git,
    follow: async (namespace, origin) => {
      await eventually(() => Promise.resolve(follower.port()), 60);
      return await follow(world, namespace, `${git.url}/${origin.path}`, follower.port());
    },
    operator,
    startOperator,
    replaceOperator: async () => {
      scene.operator.kill('SIGKILL');
      await scene.operator.exited;
      await freeLease(world);
      scene.operator = await startOperator();
    },
    stop: async () => {
      follower.kill('SIGKILL');
      await follower.exited;
      await git.stop();
      for (const rollout of all) await rollout.close();
      await ledger.stop();
      await world.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return scene;
}

/** Looked at once a day, and whenever what is returned is called. */
async function follow(
  world: World,
  namespace: string,
  url: string,
  port: number,
): Promise<() => Promise<void>> {
  await world.create(SECRETS, {
    metadata: { namespace, name: 'hook' },
    stringData: { token: WEBHOOK_TOKEN },
  });
  await world.create(PROMPT_REPOSITORIES, {
    metadata: { namespace, name: 'prompts' },
    spec: { url, intervalSeconds: 86_400, webhook: { secretRef: { name: 'hook' } } },
  });
  const body = '{"ref":"refs/heads/main"}';
  const signature = createHmac('sha256', WEBHOOK_TOKEN).update(body).digest('hex');
  return () =>
    eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/v1/webhooks/${namespace}/prompts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` },
        body,
      });
      await response.text();
      if (response.status !== 202) throw new Error(`The webhook answers ${response.status}.`);
    }, 60);
}
