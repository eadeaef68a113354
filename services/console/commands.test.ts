/** What a person does to a rollout: with the right, with a reason, recorded before it is done, once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConsoleAnswer,
  type ConsoleUnderTest,
  EVERYTHING,
  type Visitor,
  startConsoleUnderTest,
} from './testing/console-under-test.ts';
import { anItem } from './testing/sample-observations.ts';
import { tokenOf } from './testing/scripted-kubernetes.ts';
import { NO_NEWS } from './testing/scripted-observer.ts';

const [OLD, NEW] = ['a', 'b'].map((letter) => letter.repeat(64)) as [string, string];
const RELEASING = {
  phase: 'Progressing',
  stable: { name: 'triage-a', digest: OLD },
  candidate: { name: 'triage-b', digest: NEW },
  step: { index: 1, kind: 'analyse', startedAt: '2026-11-25T10:00:00Z', countsFrom: '2026-11-25T10:00:00Z' },
  exposure: { unit: 'Agent', percent: '1', basisPoints: 100, salt: 's', agents: 300, exposedAgents: 3 },
};
const SPEC = {
  prompt: 'triage',
  versionRef: { name: 'triage-b' },
  steps: [{ setExposure: { percent: '1' } }, { analyse: {} }, { approve: {} }],
};
const PATH = '/v1/rollouts/shop/triage';
const OPERATOR = [
  ...EVERYTHING,
  ...['promote', 'approve', 'abort', 'rollback', 'retry', 'pause', 'resume'].map(
    (verb) => `update canaryrollouts/${verb} shop`,
  ),
];

let console: ConsoleUnderTest;
beforeEach(async () => {
  console = await startConsoleUnderTest({}, { isLedgerReal: true });
  console.kubernetes.put('canaryrollouts', {
    metadata: { name: 'triage', namespace: 'shop' },
    spec: SPEC,
    status: RELEASING,
  });
}, 60_000);
afterEach(async () => {
  await console[Symbol.asyncDispose]();
});

async function seen(person: Visitor): Promise<string> {
  await expect.poll(async () => (await person.get(PATH)).status).toBe(200);
  return (await person.get(PATH)).body.resourceVersion as string;
}

async function command(
  person: Visitor,
  verb: string,
  more: { readonly id?: string; readonly reason?: string; readonly resourceVersion?: string } = {},
): Promise<ConsoleAnswer> {
  const {
    id = `click-of-${verb}`,
    reason = 'It answers nonsense.',
    resourceVersion = await seen(person),
  } = more;
  return await person.request('POST', `${PATH}/commands`, { body: { id, verb, reason, resourceVersion } });
}

function annotation(): Record<string, unknown> | undefined {
  const rollout = console.kubernetes.get('canaryrollouts', 'shop', 'triage');
  const annotations = rollout?.metadata['annotations'] as Record<string, string> | undefined;
  const text = annotations?.['capataz.dev/command'];
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
}

/** As somebody with all rights reads them at the ledger itself. */
async function recordsOf(type: string): Promise<readonly Record<string, unknown>[]> {
  console.kubernetes.rights.set('auditor', new Set(EVERYTHING));
  const token = tokenOf('auditor', { audience: 'capataz-ledger' });
  const path = `/v1/records?namespace=shop&types=${type}`;
  const { body } = await console.ledger().request('GET', path, { token });
  return body.entries.map(({ entry }: { entry: { record: Record<string, unknown> } }) => entry.record);
}

const recordsOfCommands = (): Promise<readonly Record<string, unknown>[]> => recordsOf('command');

describe('a command', () => {
  it('is a record with its author and reason, and then the annotation that the operator obeys', async () => {
    const ana = await console.person('ana', OPERATOR);
    const { status, body } = await command(ana, 'abort');
    expect(status).toBe(202);
    expect(annotation()).toEqual({
      id: 'click-of-abort',
      verb: 'abort',
      reason: 'It answers nonsense.',
      by: 'ana',
      digest: NEW,
    });
    expect(await recordsOfCommands()).toEqual([
      expect.objectContaining({
        id: body.recordId,
        by: 'ana',
        kind: 'CanaryRollout',
        subject: 'triage',
        verb: 'abort',
        reason: 'It answers nonsense.',
      }),
    ]);
  });

  it('that ends a release is not written over by one that does not, before the operator has obeyed it', async () => {
    const ana = await console.person('ana', OPERATOR);
    const ben = await console.person('ben', OPERATOR);
    await command(ben, 'pause');
    expect((await command(ana, 'abort')).status).toBe(202);
    const refused = await command(ben, 'promote');
    expect([refused.status, refused.body.error.code]).toEqual([409, 'command_not_possible']);
    expect(annotation()).toMatchObject({ verb: 'abort', by: 'ana' });
    expect((await recordsOfCommands()).map(({ verb }) => verb)).toEqual(['pause', 'abort']);
  });

  it('that is promote to 100 % is another than the next step', async () => {
    const ana = await console.person('ana', OPERATOR);
    await command(ana, 'promote_full');
    expect(annotation()).toMatchObject({ verb: 'promote', isFull: true });
    await command(ana, 'promote');
    expect(annotation()).not.toHaveProperty('isFull');
  });

  it('that is sent twice is done once, recorded once and answered the same', async () => {
    const ana = await console.person('ana', OPERATOR);
    const resourceVersion = await seen(ana);
    const [one, other] = await Promise.all([
      command(ana, 'abort', { resourceVersion }),
      command(ana, 'abort', { resourceVersion }),
    ]);
    const again = await command(ana, 'abort', { resourceVersion });
    expect([one.status, other.status, again.status]).toEqual([202, 202, 202]);
    expect([other.body, again.body]).toEqual([one.body, one.body]);
    expect(await recordsOfCommands()).toHaveLength(1);
  });

  it('with the id of another one is refused', async () => {
    const ana = await console.person('ana', OPERATOR);
    await command(ana, 'pause', { id: 'the-same-id' });
    const { status, body } = await command(ana, 'abort', { id: 'the-same-id' });
    expect([status, body.error.code]).toEqual([409, 'idempotency_conflict']);
    expect(annotation()).toMatchObject({ verb: 'pause' });
  });

  it('without its right is refused with its name, and neither recorded nor done', async () => {
    const ana = await console.person('ana', [...EVERYTHING, 'update canaryrollouts/promote shop']);
    const { status, body } = await command(ana, 'abort');
    expect(status).toBe(403);
    expect(body.error.message).toContain(
      '"update canaryrollouts/abort" of group capataz.dev in namespace shop',
    );
    expect(annotation()).toBe(undefined);
    expect(await recordsOfCommands()).toEqual([]);
    const { commands } = (await ana.get(PATH)).body;
    const allowed = commands.filter(({ isAllowed }: { isAllowed: boolean }) => isAllowed);
    expect(allowed.map(({ verb }: { verb: string }) => verb)).toEqual(['promote', 'promote_full']);
  });

  it('needs a reason', async () => {
    const ana = await console.person('ana', OPERATOR);
    expect((await command(ana, 'abort', { reason: '  ' })).body.error).toMatchObject({ param: 'reason' });
  });

  it('is not done where the ledger cannot record it', async () => {
    const ana = await console.person('ana', OPERATOR);
    const resourceVersion = await seen(ana);
    await console.ledger()[Symbol.asyncDispose]();
    const { status, body } = await command(ana, 'abort', { resourceVersion });
    expect([status, body.error.code]).toEqual([503, 'ledger_unavailable']);
    expect(body.error.message).toContain('Nothing was done');
    expect(annotation()).toBe(undefined);
    expect(console.kubernetes.patches).toEqual([]);
  });

  it('is about the version that the person saw, however often its counts have moved since', async () => {
    const ana = await console.person('ana', OPERATOR);
    const resourceVersion = await seen(ana);
    const counted = { ...RELEASING, lastCommandProblem: 'counts move' };
    console.kubernetes.put('canaryrollouts', {
      metadata: { name: 'triage', namespace: 'shop' },
      spec: SPEC,
      status: counted,
    });
    expect((await command(ana, 'abort', { resourceVersion })).status).toBe(202);
  });

  it('is refused where another version is released by now', async () => {
    const ana = await console.person('ana', OPERATOR);
    const resourceVersion = await seen(ana);
    console.kubernetes.put('canaryrollouts', {
      metadata: { name: 'triage', namespace: 'shop' },
      spec: SPEC,
      status: { ...RELEASING, candidate: { name: 'triage-c', digest: 'c'.repeat(64) } },
    });
    const { status, body } = await command(ana, 'promote', { resourceVersion });
    expect([status, body.error.code]).toEqual([409, 'object_changed']);
    expect(annotation()).toBe(undefined);
  });

  it('that is overtaken by the operator is written all the same, by what stands there then', async () => {
    const ana = await console.person('ana', OPERATOR);
    const resourceVersion = await seen(ana);
    let writes = 0;
    console.kubernetes.onPatch = () => {
      writes += 1;
      if (writes > 1) return;
      console.kubernetes.put('canaryrollouts', {
        metadata: { name: 'triage', namespace: 'shop' },
        spec: SPEC,
        status: { ...RELEASING, lastCommandProblem: 'counts move' },
      });
    };
    expect((await command(ana, 'abort', { resourceVersion })).status).toBe(202);
    expect(writes).toBe(2);
    expect(await recordsOfCommands()).toHaveLength(1);
  });

  it.each(['Progressing', 'Paused', 'AwaitingApproval', 'OutsideWindow'])(
    'abort is possible in the phase %s',
    async (phase) => {
      const paused = { reason: 'PauseRequested', message: '', at: '2026-11-25T10:00:00Z' };
      console.kubernetes.put('canaryrollouts', {
        metadata: { name: 'triage', namespace: 'shop' },
        spec: SPEC,
        status: { ...RELEASING, phase, ...(phase === 'Paused' && { paused }) },
      });
      const ana = await console.person('ana', OPERATOR);
      expect((await command(ana, 'abort')).status).toBe(202);
    },
  );

  it('that the operator would not obey is refused with why, and neither recorded nor done', async () => {
    console.kubernetes.put('canaryrollouts', {
      metadata: { name: 'triage', namespace: 'shop' },
      spec: SPEC,
      status: { phase: 'Idle', stable: RELEASING.candidate },
    });
    const ana = await console.person('ana', OPERATOR);
    const { status, body } = await command(ana, 'abort');
    expect([status, body.error]).toMatchObject([
      409,
      { code: 'command_not_possible', message: 'Nothing is being released.' },
    ]);
    const { commands } = (await ana.get(PATH)).body;
    expect(commands.find(({ verb }: { verb: string }) => verb === 'promote')).toMatchObject({
      isPossible: false,
    });
    expect(await recordsOfCommands()).toEqual([]);
  });
});

describe('a finding', () => {
  const until = (): number => (Date.now() + 3_600_000) * 1_000;
  const silence = (person: Visitor, untilMicroseconds = until()): Promise<ConsoleAnswer> =>
    person.request('POST', '/v1/attention/cost%2Fshop/silence', {
      body: { id: 'silence-1', action: 'muted', reason: 'A load test.', untilMicroseconds },
    });

  beforeEach(() => {
    console.observer.tell({ ...NO_NEWS, attention: [anItem('cost/shop', [['shop', 'triage']])] });
  });

  it('is silenced by a record, by whoever has the right, for 30 days at most', async () => {
    const ana = await console.person('ana', [...EVERYTHING, 'update agents/silence shop']);
    await expect.poll(async () => (await ana.get('/v1/now')).body.attention?.length).toBe(1);
    const { status, body } = await silence(ana);
    expect([status, body]).toMatchObject([200, { action: 'muted', by: 'ana', reason: 'A load test.' }]);
    expect((await silence(ana, until() + 31 * 86_400_000_000)).status).toBe(400);
    expect((await ana.request('DELETE', '/v1/attention/cost%2Fshop/silence')).status).toBe(204);
    const told = await recordsOf('silence');
    expect(told.map(({ finding, action }) => [finding, action])).toEqual([
      ['cost/shop', 'muted'],
      ['cost/shop', 'ended'],
    ]);
  });

  it('is not silenced without the right, nor by whoever does not see it', async () => {
    const ana = await console.person('ana', EVERYTHING);
    await expect.poll(async () => (await ana.get('/v1/now')).body.attention?.length).toBe(1);
    expect((await silence(ana)).body.error.message).toContain('update agents/silence');
    const ben = await console.person('ben', ['get agents other', 'update agents/silence *']);
    expect((await silence(ben)).status).toBe(404);
  });
});
