import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { ROLLOUT_COMMAND_ANNOTATION, readRolloutCommand } from '#domain/rollout/rollout-command.ts';
import { type Ran, runCommandLine } from '../testing/run-command-line.ts';
import { type Answer, type Asked, Status, scriptedServer } from '../testing/scripted-server.ts';

const ROLLOUT = '/apis/capataz.dev/v1alpha1/namespaces/mail/canaryrollouts/triage';
const VERSIONS = '/apis/capataz.dev/v1alpha1/namespaces/mail/promptversions';
const [OLD, NEW] = ['a', 'b'].map((character) => character.repeat(64)) as [string, string];

const RELEASING: CanaryRolloutStatus = {
  phase: 'Progressing',
  stable: { name: 'triage-a', digest: OLD },
  candidate: { name: 'triage-b', digest: NEW },
  step: { index: 1, kind: 'analyse', startedAt: '2026-11-25T10:00:00Z', countsFrom: '2026-11-25T10:00:00Z' },
  exposure: {
    unit: 'Agent',
    percent: '1',
    basisPoints: 100,
    salt: 's',
    cutoff: OLD,
    agents: 300,
    exposedAgents: 3,
  },
  decision: {
    number: 2,
    kind: 'Advanced',
    reason: 'Exposed',
    message: 'Three agents take it.',
    at: '2026-11-25T10:00:00Z',
  },
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-cli-'));
});
afterEach(async () => rm(directory, { recursive: true }));

function rolloutWith(status: object, annotations: Readonly<Record<string, string>> = {}): object {
  return {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'CanaryRollout',
    metadata: { name: 'triage', namespace: 'mail', uid: 'u', generation: 1, annotations },
    spec: {
      prompt: 'triage',
      versionRef: { name: 'triage-b' },
      steps: [{ setExposure: { percent: '1' } }, { analyse: {} }, { approve: {} }],
    },
    status,
  };
}

const versionOf = (name: string, text: string): object => ({
  metadata: { name, namespace: 'mail', uid: 'v' },
  spec: { prompt: 'triage', text, digest: promptDigest(text) },
});

/** The command line before an API server that answers so. */
async function ask(
  answers: Readonly<Record<string, Answer>>,
  ...words: readonly string[]
): Promise<Ran & { readonly asked: readonly Asked[] }> {
  await using server = await scriptedServer(answers);
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: server.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'ana', user: { token: 't' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'ana', namespace: 'mail' } }],
      'current-context': 'x',
    }),
  );
  const ran = await runCommandLine(words, { environment: { KUBECONFIG: kubeconfig } });
  return { ...ran, asked: [...server.asked] };
}

/** An operator that obeys, or refuses, the command that it finds in the annotation. */
function operator(
  answer: (id: string) => object,
  after: { readonly command?: object } = {},
): Readonly<Record<string, Answer>> {
  let status: object = RELEASING;
  let annotations: Readonly<Record<string, string>> = {};
  return {
    [`GET ${ROLLOUT}`]: () => rolloutWith(status, annotations),
    [`PATCH ${ROLLOUT}`]: ({ body }) => {
      const { metadata } = JSON.parse(body) as { metadata: { annotations: Record<string, string> } };
      const read = readRolloutCommand(metadata.annotations[ROLLOUT_COMMAND_ANNOTATION]);
      if (read?.ok !== true) return new Status(422, { message: 'not a command' });
      status = { ...RELEASING, lastCommandId: read.command.id, ...answer(read.command.id) };
      ({ annotations } = metadata);
      if (after.command) annotations = { [ROLLOUT_COMMAND_ANNOTATION]: JSON.stringify(after.command) };
      return rolloutWith(status, annotations);
    },
  };
}

describe('a command to a rollout', () => {
  it.each(['promote', 'approve', 'abort', 'rollback', 'retry', 'pause', 'resume'])(
    '%s writes one annotation that the operator understands, and tells what became of it',
    async (verb) => {
      const decision = { ...RELEASING.decision, message: 'Done as asked.' };
      const ran = await ask(
        operator(() => ({ decision, phase: 'Idle' })),
        verb,
        'triage',
        '--reason',
        'because',
      );
      expect(ran).toMatchObject({ code: 0, printed: 'triage: Idle. Done as asked.\n' });
      const [patch, ...others] = ran.asked.filter(({ method }) => method === 'PATCH');
      expect(others).toEqual([]);
      const { metadata } = JSON.parse(patch?.body ?? '') as {
        metadata: { annotations: Record<string, string> };
      };
      expect(readRolloutCommand(metadata.annotations[ROLLOUT_COMMAND_ANNOTATION])).toMatchObject({
        ok: true,
        command: { verb, reason: 'because', by: 'ana' },
      });
    },
  );

  it.each([
    [
      'before the operator saw it is said not to have been done',
      [],
      'has not seen the command: abort by bob took',
    ],
    [
      'right after the answer is said to have followed it',
      ['it'],
      'has answered, and abort by bob came right',
    ],
  ])('whose place another took %s', async (_when, answered, told) => {
    const command = { id: 'other', verb: 'abort', by: 'bob' };
    const status = (id: string) => ({
      lastCommandId: 'other',
      commandIds: [...answered.map(() => id), 'other'],
    });
    const ran = await ask(operator(status, { command }), 'promote', 'triage');
    expect(ran).toMatchObject({ code: 1, noted: expect.stringContaining(told) });
  });

  it('that is refused ends with the operator’s sentence and exit code 1', async () => {
    const conditions = [
      {
        type: 'CommandAccepted',
        status: 'False',
        reason: 'Refused',
        message: 'Nothing is being released.',
        lastTransitionTime: '2026-11-25T10:00:00Z',
      },
    ];
    const ran = await ask(
      operator(() => ({ conditions })),
      'promote',
      'triage',
      '--full',
    );
    expect(ran).toMatchObject({ code: 1, noted: 'capataz: Nothing is being released.\n' });
  });

  it('to a rollout that is not there writes nothing', async () => {
    const { code, noted, asked } = await ask({}, 'abort', 'nobody');
    expect([code, noted]).toEqual([5, 'capataz: There is no CanaryRollout nobody in namespace mail.\n']);
    expect(asked.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('is not sent with a digest that is none, nor without the reason that a retry needs', async () => {
    expect((await ask({}, 'promote', 'triage', '--digest', 'abc')).code).toBe(2);
    expect((await ask({}, 'retry', 'triage')).code).toBe(2);
  });
});

describe('capataz status', () => {
  const counts = { good: 240, bad: 10 };
  const analysis = {
    startPosition: 1,
    cursor: 9,
    since: '2026-11-25T10:00:00Z',
    metrics: [
      {
        metric: 'RunSucceeded',
        stable: { good: 960, bad: 40 },
        candidate: counts,
        worseMicroNats: 0,
        notWorseMicroNats: 3_000_000,
        somethingNew: 1,
        verdict: 'NotWorse',
      },
    ],
    missingSamples: 130,
    missingSeconds: 10_800,
  };

  it('says where it stands, who is exposed, what was counted and what is missing', async () => {
    const status = { ...RELEASING, analysis };
    const { code, printed } = await ask(
      { [`GET ${ROLLOUT}`]: () => rolloutWith(status) },
      'status',
      'triage',
    );
    expect(code).toBe(0);
    expect(printed).toContain('1 %: 3 of 300 agents');
    expect(printed).toContain('1 % > [analyse] > approve');
    expect(printed).toContain('about 130 outcomes of the candidate, about 3h00m at the present rate');
    expect(printed).toMatch(/RunSucceeded +240 of 250 \(96\.0 %\) +960 of 1000 \(96\.0 %\)/);
    expect(printed).toContain('Three agents take it.');
  });

  it('says no sentence twice, and of what was given up neither empty counts nor missing outcomes', async () => {
    const { candidate: _, exposure: _exposure, step: _step, ...rest } = RELEASING;
    const why = 'The gate was not passed. Failed: The candidate is worse than stable.';
    const none = { good: 0, bad: 0 };
    const status = {
      ...rest,
      phase: 'RolledBack',
      gate: {
        verdict: 'Failed',
        digest: NEW,
        startedAt: '2026-11-25T10:00:00Z',
        message: 'Failed: The candidate is worse than stable.',
      },
      decision: { ...RELEASING.decision, kind: 'RolledBack', message: why },
      analysis: { ...analysis, metrics: [{ ...analysis.metrics[0], candidate: none, stable: none }] },
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'RolledBack',
          message: `PromptVersion triage-b was given up. ${why}`,
          lastTransitionTime: '2026-11-25T10:00:00Z',
        },
      ],
    };
    const { printed } = await ask({ [`GET ${ROLLOUT}`]: () => rolloutWith(status) }, 'status', 'triage');
    expect(printed.replaceAll(/\s+/g, ' ').split('worse than stable')).toHaveLength(2);
    expect(printed).toMatch(/^Gate +Failed$/m);
    expect(printed).toMatch(/^Decided +RolledBack at 2026-11-25T10:00:00Z$/m);
    expect(printed).not.toMatch(/METRIC|Missing/);
  });

  it('tells of missing outcomes only where a step waits for them', async () => {
    const step = { ...RELEASING.step, index: 2, kind: 'approve' };
    const { printed } = await ask(
      { [`GET ${ROLLOUT}`]: () => rolloutWith({ ...RELEASING, step, analysis }) },
      'status',
      'triage',
    );
    expect(printed).not.toContain('Missing');
    expect(printed).toContain('240 of 250');
  });

  it('prints the whole status for scripts', async () => {
    const { printed } = await ask(
      { [`GET ${ROLLOUT}`]: () => rolloutWith(RELEASING) },
      'status',
      'triage',
      '-o',
      'json',
    );
    expect(JSON.parse(printed)).toMatchObject({ name: 'triage', namespace: 'mail', ...RELEASING });
  });

  it('prints no escape sequences that stand in an object', async () => {
    const decision = { ...RELEASING.decision, message: 'red \u001b[31m text' };
    const { printed } = await ask(
      { [`GET ${ROLLOUT}`]: () => rolloutWith({ ...RELEASING, decision }) },
      'status',
      'triage',
    );
    expect(printed).not.toContain('\u001b');
  });
});

describe('capataz diff', () => {
  const answers = {
    [`GET ${ROLLOUT}`]: () => rolloutWith(RELEASING),
    [`GET ${VERSIONS}/triage-a`]: () => versionOf('triage-a', 'Be kind.\nBe brief.\n'),
    [`GET ${VERSIONS}/triage-b`]: () => versionOf('triage-b', 'Be kind.\nBe very brief.\n'),
  };

  it('shows what the candidate changes', async () => {
    const { printed } = await ask(answers, 'diff', 'triage');
    expect(printed).toContain('--- mail/triage-a');
    expect(printed).toContain(' Be kind.\n-Be brief.\n+Be very brief.\n');
  });

  it('of a version that was given up shows what it would have changed', async () => {
    const { candidate: _, ...rest } = RELEASING;
    const { printed } = await ask(
      { ...answers, [`GET ${ROLLOUT}`]: () => rolloutWith({ ...rest, phase: 'RolledBack' }) },
      'diff',
      'triage',
    );
    expect(printed).toContain('+++ mail/triage-b');
  });

  it('compares two versions by name, and says when they are the same', async () => {
    expect((await ask(answers, 'diff', 'triage-b', 'triage-b')).printed).toBe(
      'triage-b and triage-b say the same.\n',
    );
  });

  it('says when there is nothing to compare with', async () => {
    const only = { [`GET ${ROLLOUT}`]: () => rolloutWith({ stable: RELEASING.stable }) };
    expect((await ask(only, 'diff', 'triage')).code).toBe(5);
  });
});

describe('a name that is none', () => {
  const words = ['status', 'diff', 'promote', 'approve', 'abort', 'rollback', 'retry', 'pause', 'resume'];
  it.each(
    words.flatMap((word) => ['../secrets/key', 'x?y', '', 'Ä', 'a/b', '.'].map((name) => [word, name])),
  )('asks the API server nothing: %s %j', async (word, name) => {
    const { code, noted, asked } = await ask(
      {},
      word ?? '',
      name ?? '',
      ...(word === 'retry' ? ['--reason', 'why'] : []),
    );
    expect([code, asked]).toEqual([2, []]);
    expect(noted).toContain('is no name');
  });
});
