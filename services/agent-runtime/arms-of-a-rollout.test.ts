/** Which version of a prompt a run takes, and what is said of it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseArm } from '#domain/rollout/choose-arm.ts';
import { AgentBench, until } from './testing/agent-bench.ts';
import { configurationText } from './testing/configurations.ts';
import { EVERYBODY, NOBODY, followerText, promptOf, rolloutText, version } from './testing/rollouts.ts';

const HALF_OF_SESSIONS = { unit: 'Session', basisPoints: 5_000, salt: 's' } as const;

async function following(rollout: string): Promise<AgentBench> {
  const bench = await AgentBench.start();
  bench.operator.publish(followerText());
  bench.operator.configuration = followerText();
  bench.operator.publishRollout(rollout);
  await until(async () => {
    bench.operator.publish(followerText());
    bench.operator.publishRollout(rollout);
    return (await bench.readiness()) === 200;
  });
  return bench;
}

async function told(bench: AgentBench, rollout: string, outcome: RegExp): Promise<void> {
  const before = (await bench.metrics()).match(outcome)?.[1] ?? '0';
  bench.operator.publishRollout(rollout);
  await until(async () => ((await bench.metrics()).match(outcome)?.[1] ?? '0') !== before);
}

const ACCEPTED = /capataz_agent_configurations_total\{outcome="accepted"\} (\d+)/;
const STALE = /capataz_agent_configurations_total\{outcome="stale"\} (\d+)/;
const NOT_UNDERSTOOD = /capataz_agent_configurations_total\{outcome="not_understood"\} (\d+)/;

const promptSent = (bench: AgentBench): string => JSON.stringify(bench.router.requests.at(-1)?.body.messages);
const promptTold = (answer: { readonly json: () => object }): unknown =>
  (answer.json() as { prompt?: unknown }).prompt;

describe('a follower of a rollout', () => {
  it('sends the text of the candidate when it is exposed to it, and never that of stable (Omnia #1458)', async () => {
    const rollout = rolloutText({ candidate: version('v2'), exposure: EVERYBODY });
    await using bench = await following(rollout);
    const answer = await bench.run();
    expect(promptSent(bench)).toContain('Greet by v2');
    expect(promptTold(answer)).toMatchObject({
      version: 'v2',
      digest: version('v2').digest,
      rollout: 'greeting',
      arm: 'candidate',
    });
    expect(bench.traces.at(-1)).toMatchObject({
      prompt: { version: 'v2', rollout: 'greeting', arm: 'candidate' },
    });
    expect(await bench.metrics()).toMatch(
      /capataz_agent_runs_total\{outcome="succeeded",rollout="greeting",version="v2",arm="candidate"\} 1/,
    );
  });

  it('keeps its arm when the same exposure is told again under a new revision, as a pause does (Omnia #1226)', async () => {
    const release = { candidate: version('v2'), exposure: HALF_OF_SESSIONS };
    await using bench = await following(rolloutText(release));
    const sessions = Array.from({ length: 12 }, (_, index) => `session-${index}`);
    const arms = async (): Promise<readonly unknown[]> => {
      const all: unknown[] = [];
      for (const session of sessions) {
        const answer = await bench.post('/v1/runs', { input: { name: 'Ada' }, session });
        all.push((promptTold(answer) as { arm: string }).arm);
      }
      return all;
    };
    const before = await arms();
    expect(before).toEqual(
      sessions.map((session) => chooseArm(HALF_OF_SESSIONS, { agentUid: 'uid-1', session })),
    );
    expect(new Set(before).size).toBe(2);
    await told(bench, rolloutText({ ...release, revision: 2 }), ACCEPTED);
    expect(await arms()).toEqual(before);
  });

  it.each([
    ['a run', '/v1/runs', { input: { name: 'Ada' } }],
    ['a chat', '/v1/chat/completions', { messages: [{ role: 'user', content: 'Ada' }] }],
  ])('goes by the exposure for %s, by whichever door it comes (Omnia #1459)', async (_, path, body) => {
    await using bench = await following(rolloutText({ candidate: version('v2'), exposure: EVERYBODY }));
    expect((await bench.post(path, body)).status).toBe(200);
    expect(promptSent(bench)).toContain('Greet by v2');
  });

  it.each<[string, object, Record<string, string>]>([
    ['the header', {}, { 'x-capataz-session': 'NAME' }],
    ['metadata.session_id', { metadata: { session_id: 'NAME' } }, {}],
    ['user', { user: 'NAME' }, {}],
  ])('takes the session of a chat from %s', async (_, fields, headers) => {
    await using bench = await following(
      rolloutText({ candidate: version('v2'), exposure: HALF_OF_SESSIONS }),
    );
    for (const session of ['session-0', 'session-1', 'session-2', 'session-3', 'session-4', 'session-5']) {
      const named = (value: object): Record<string, string> =>
        JSON.parse(JSON.stringify(value).replaceAll('NAME', session)) as Record<string, string>;
      const body = { messages: [{ role: 'user', content: 'Ada' }], ...named(fields) };
      await bench.post('/v1/chat/completions', body, named(headers));
      const arm = chooseArm(HALF_OF_SESSIONS, { agentUid: 'uid-1', session });
      expect(promptSent(bench)).toContain(arm === 'candidate' ? 'Greet by v2' : 'Greet by v1');
    }
  });

  it('ends a run with the version that it began with, whatever is released meanwhile', async () => {
    await using bench = await following(rolloutText());
    const released = Promise.withResolvers<undefined>();
    bench.router.answer = () => ({ content: 'Hello', after: released.promise });
    const running = bench.run();
    await until(() => bench.router.requests.length === 1);
    await told(bench, rolloutText({ revision: 2, stable: version('v3') }), ACCEPTED);
    released.resolve(undefined);
    expect(promptTold(await running)).toMatchObject({ version: 'v1' });
    expect(promptTold(await bench.run())).toMatchObject({ version: 'v3', arm: 'stable' });
  });

  it('ignores what a replica that is behind still tells', async () => {
    await using bench = await following(rolloutText({ revision: 7, stable: version('v3') }));
    await told(bench, rolloutText({ revision: 6 }), STALE);
    expect(promptTold(await bench.run())).toMatchObject({ version: 'v3' });
  });

  it('serves stable where the candidate cannot be made ready, counts it as stable, and says so', async () => {
    const broken = version('v2', '---\ninput: [\n---\n{{name}}');
    await using bench = await following(rolloutText({ candidate: broken, exposure: EVERYBODY }));
    expect(promptTold(await bench.run())).toMatchObject({ version: 'v1', arm: 'stable' });
    expect(await bench.metrics()).toContain('capataz_agent_candidate_refused 1');
    expect(bench.lines.join('')).toContain('the candidate of the rollout is not served');
    await told(bench, rolloutText({ revision: 2 }), ACCEPTED);
    expect(await bench.metrics()).toContain('capataz_agent_candidate_refused 0');
  });

  it('is not ready before its rollout was told, for it has nothing to serve', async () => {
    await using bench = await AgentBench.start();
    bench.operator.publish(followerText());
    expect(await bench.readiness()).toBe(503);
    expect((await bench.run()).json().error?.code).toBe('unconfigured');
  });

  it('boots from the two mounted files while there is no operator', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'documents-'));
    try {
      const [agent, rollout] = [join(directory, 'agent.json'), join(directory, 'rollout.json')];
      await writeFile(agent, followerText());
      await writeFile(rollout, rolloutText());
      await using bench = await AgentBench.start(undefined, {
        CAPATAZ_CONFIGURATION_PATH: agent,
        CAPATAZ_ROLLOUT_PATH: rollout,
        CAPATAZ_CONFIGURATION_URL: 'http://127.0.0.1:9/v1/configuration',
      });
      expect(promptTold(await bench.run())).toMatchObject({ version: 'v1', arm: 'stable' });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('serves what an operator of version 0.1 tells, in which the prompt stands', async () => {
    await using bench = await AgentBench.start();
    await until(() => bench.operator.connections > 0);
    bench.operator.write(`event: configuration\ndata: ${configurationText({ text: promptOf('v0') })}\n\n`);
    await bench.untilReady();
    await bench.run();
    expect(promptSent(bench)).toContain('Greet by v0');
  });
});

describe('a document that a release does not know', () => {
  it.each<[string, object]>([
    ['another schema version', { schemaVersion: 2 }],
    [
      'an exposure with a field more',
      { candidate: version('v2'), exposure: { ...NOBODY, regions: ['eu'] }, schemaVersion: 1 },
    ],
    [
      'an exposure by something unheard of',
      { candidate: version('v2'), exposure: { ...NOBODY, unit: 'Region' } },
    ],
  ])('closes the pod when it is %s, and older news does not open it again', async (_, changes) => {
    await using bench = await following(rolloutText());
    await told(bench, rolloutText({ revision: 5, ...changes }), NOT_UNDERSTOOD);
    expect(await bench.readiness()).toBe(503);
    const refused = await bench.run();
    expect([refused.status, refused.json().error?.code]).toEqual([503, 'configuration_not_understood']);
    await told(bench, rolloutText({ revision: 4 }), STALE);
    expect(await bench.readiness()).toBe(503);
    await told(bench, rolloutText({ revision: 6 }), ACCEPTED);
    expect((await bench.run()).status).toBe(200);
  });

  it('closes the pod when a limit of the agent is one, and opens it with the next that is understood', async () => {
    await using bench = await following(rolloutText());
    const unknown = JSON.parse(followerText({ revision: 3 })) as { limits: object };
    bench.operator.publish(JSON.stringify({ ...unknown, limits: { ...unknown.limits, toolCalls: 3 } }));
    await until(async () => (await bench.readiness()) === 503);
    expect((await bench.run()).json().error?.code).toBe('configuration_not_understood');
    bench.operator.publish(followerText({ revision: 4 }));
    await bench.untilReady();
    expect((await bench.run()).status).toBe(200);
  });

  it('is served when only a harmless field is one', async () => {
    await using bench = await following(rolloutText({ note: 'of a later release' }));
    bench.operator.publish(JSON.stringify({ ...JSON.parse(followerText({ revision: 2 })), note: 1 }));
    expect((await bench.run()).status).toBe(200);
  });
});
