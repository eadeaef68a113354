import { describe, expect, it } from 'vitest';
import type { Model, ModelSpec, ModelStatus } from '#crds/model.ts';
import type { ModelProbe } from '#domain/routing/model-probe.ts';
import { decideModel as decide } from './decide.ts';
import type { ProbeAnswer } from './observe.ts';
import { createProbeMemory } from './probe-memory.ts';

const NOON = new Date('2026-01-01T12:00:00Z');
const USABLE: ModelProbe = {
  secret: 'resolved',
  price: 'table',
  reachable: 'reachable',
  key: 'accepted',
  message: 'fine',
};

function aModel(status?: ModelStatus, spec: Partial<ModelSpec> = {}, generation = 2): Model {
  return {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'Model',
    metadata: { namespace: 'ns', name: 'm', uid: 'u', generation, resourceVersion: '1' },
    spec: {
      provider: 'OpenAI',
      model: 'gpt',
      capabilities: ['Chat'],
      keyFrom: { secretRef: { name: 's' } },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

const decideModel = (model: Model, answer: ProbeAnswer, now: Date): ModelStatus =>
  decide({ model, answer, nextProbeSeconds: 30 }, now).status;

const summary = (status: ModelStatus, type: string): string[] => {
  const condition = status.conditions?.find((one) => one.type === type);
  return [condition?.status ?? '', condition?.reason ?? ''];
};

const probed = (probe: Partial<ModelProbe>): ModelStatus =>
  decideModel(aModel(), { kind: 'probed', probe: { ...USABLE, ...probe } }, NOON);

describe('a Model after a probe', () => {
  it.each<[string, Partial<ModelProbe>, string[]]>([
    ['is ready when all is well', {}, ['True', 'Ready']],
    [
      'lacks its Secret',
      { secret: 'notFound', reachable: 'notProbed', key: 'notProbed' },
      ['False', 'RefsNotResolved'],
    ],
    ['lacks the key in its Secret', { secret: 'keyMissing', key: 'notProbed' }, ['False', 'RefsNotResolved']],
    ['has no price', { price: 'unknown' }, ['False', 'PriceUnknown']],
    [
      'cannot be connected to',
      { reachable: 'connectionFailed', key: 'notProbed' },
      ['False', 'NotReachable'],
    ],
    ['answers with errors', { reachable: 'serverError' }, ['False', 'NotReachable']],
    ['refuses the key', { key: 'refused' }, ['False', 'KeyRefused']],
    [
      'answers and cannot tell whether it takes the key: no list of models, or a limit on asking for it',
      { key: 'notProbed', message: 'The endpoint answers with status 429: slow down' },
      ['True', 'Ready'],
    ],
    ['was not probed', { reachable: 'notProbed' }, ['Unknown', 'NotProbed']],
  ])('%s', (_, probe, ready) => {
    expect(summary(probed(probe), 'Ready')).toEqual(ready);
  });

  it('tells what to mend with the names of this Model', () => {
    const message = probed({ secret: 'notFound' }).conditions?.[0]?.message;
    expect(message).toBe('Secret ns/s does not exist: create it, or correct spec.keyFrom.secretRef.name.');
  });

  it('tells how to mend what the router saw, in whole sentences', () => {
    const messageOf = (probe: Partial<ModelProbe>, type: string): string | undefined =>
      probed(probe).conditions?.find((condition) => condition.type === type)?.message;
    expect(
      messageOf({ key: 'refused', message: 'The endpoint answers with status 401' }, 'KeyAccepted'),
    ).toBe(
      'The endpoint answers with status 401. Put a valid key into Secret ns/s; it is used within seconds.',
    );
    const unreachable = {
      reachable: 'connectionFailed',
      key: 'notProbed',
      message: 'No such host.',
    } as const;
    expect(messageOf(unreachable, 'Ready')).toBe(
      'No such host. Correct spec.endpoint, or let the router through to it.',
    );
  });
});

describe('a Model while the router cannot be asked', () => {
  const unanswered = { kind: 'unanswered', message: 'the router answered with status 503' } as const;
  const later = (seconds: number): Date => new Date(NOON.getTime() + seconds * 1000);

  it('that was ready stays ready for five minutes, then is unknown, and never is False', () => {
    const first = decideModel(aModel(probed({})), unanswered, NOON);
    expect([summary(first, 'Reachable'), summary(first, 'Ready')]).toEqual([
      ['Unknown', 'NotProbed'],
      ['True', 'Ready'],
    ]);
    const second = decideModel(aModel(first), unanswered, later(290));
    expect(summary(second, 'Ready')).toEqual(['True', 'Ready']);
    const third = decideModel(aModel(second), unanswered, later(301));
    expect(summary(third, 'Ready')).toEqual(['Unknown', 'NotProbed']);
    expect(summary(third, 'KeyAccepted')).toEqual(['True', 'KeyAccepted']);
  });

  it('whose spec was changed is not known, whatever was known before', () => {
    const status = decideModel(aModel(probed({}), {}, 3), unanswered, NOON);
    for (const type of ['ResolvedRefs', 'Reachable', 'KeyAccepted', 'Ready']) {
      expect(summary(status, type)[0]).toBe('Unknown');
    }
  });

  it('is the same status each time, so that it is written once', () => {
    const first = decideModel(aModel(probed({})), unanswered, NOON);
    expect(decideModel(aModel(first), unanswered, later(60))).toEqual(first);
  });
});

describe('a Model whose endpoint fails', () => {
  const failing = { kind: 'probed', probe: { ...USABLE, reachable: 'serverError' } } as const;
  const fine = { kind: 'probed', probe: USABLE } as const;
  const later = (seconds: number): Date => new Date(NOON.getTime() + seconds * 1000);
  const isReady = (status: ModelStatus): string[] => summary(status, 'Ready');

  it('stays ready for 20 seconds, says at once that it is not reachable, and then is not ready', () => {
    const first = decideModel(aModel(probed({})), failing, NOON);
    expect([summary(first, 'Reachable'), isReady(first)]).toEqual([
      ['False', 'ServerError'],
      ['True', 'Ready'],
    ]);
    const second = decideModel(aModel(first), failing, later(19));
    expect(isReady(second)).toEqual(['True', 'Ready']);
    expect(isReady(decideModel(aModel(second), fine, later(19)))).toEqual(['True', 'Ready']);
    expect(isReady(decideModel(aModel(second), failing, later(20)))).toEqual(['False', 'NotReachable']);
  });

  it('is not ready at once when it never was', () => {
    expect(isReady(decideModel(aModel(), failing, NOON))).toEqual(['False', 'NotReachable']);
  });

  it('is unknown for 20 seconds when it was ready before its spec was edited, never True for the new spec', () => {
    const first = decideModel(aModel(probed({}), {}, 3), failing, NOON);
    expect(isReady(first)).toEqual(['Unknown', 'NotReachable']);
    const second = decideModel(aModel(first, {}, 3), failing, later(10));
    expect(isReady(second)).toEqual(['Unknown', 'NotReachable']);
    expect(isReady(decideModel(aModel(second, {}, 3), failing, later(20)))).toEqual([
      'False',
      'NotReachable',
    ]);
  });

  it('gets no grace for what is certain: a missing Secret, a refused key, an unknown price', () => {
    for (const probe of [{ secret: 'notFound' }, { key: 'refused' }, { price: 'unknown' }] as const) {
      const status = decideModel(
        aModel(probed({})),
        { kind: 'probed', probe: { ...USABLE, ...probe } },
        NOON,
      );
      expect(isReady(status)[0]).toBe('False');
    }
  });
});

describe('the memory of probes', () => {
  it('lets a Model be asked about every half minute while it is well, sooner and then rarer while it is not, at once after a change', () => {
    let now = 0;
    const memory = createProbeMemory(
      () => 0.5,
      () => now,
    );
    const { metadata } = aModel();
    const fine: ProbeAnswer = { kind: 'probed', probe: USABLE };
    const bad: ProbeAnswer = { kind: 'unanswered', message: 'm' };
    expect(memory.recall('k', metadata)).toBeUndefined();
    expect(memory.record('k', metadata, fine).nextProbeSeconds).toBe(30);
    expect(memory.recall('k', metadata)).toEqual({ answer: fine, nextProbeSeconds: 30 });
    expect(memory.recall('k', { ...metadata, generation: 3 })).toBeUndefined();
    expect(memory.recall('k', { ...metadata, uid: 'made anew' })).toBeUndefined();
    const waits: number[] = [];
    for (let failure = 0; failure < 5; failure += 1) {
      const { nextProbeSeconds } = memory.record('k', metadata, bad);
      waits.push(nextProbeSeconds);
      now += nextProbeSeconds * 1000;
      expect(memory.recall('k', metadata)).toBeUndefined();
    }
    expect(waits[0]).toBeLessThan(8);
    expect(waits.at(-1)).toBeLessThanOrEqual(30);
    expect(waits).toEqual(waits.toSorted((left, right) => left - right));
    memory.forget('k');
    expect(memory.record('k', metadata, bad).nextProbeSeconds).toBe(waits[0]);
  });
});
