import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capability, DataClass } from '#crds/model.ts';
import {
  ANY_MODEL,
  type ChoiceInput,
  type TargetHealth,
  chooseModels,
  describeChoice,
  explainNoModel,
} from './choose-models.ts';
import type { RoutableModel } from './routable-model.ts';

const FIT = { usable: true, benchedMilliseconds: 0, mustWait: false } as const satisfies TargetHealth;
const RATES = { inputFemtoUsd: 1n, cachedInputFemtoUsd: 1n, cacheWriteFemtoUsd: 1n, outputFemtoUsd: 1n };

function aModel(name: string, fields: Partial<RoutableModel> = {}): RoutableModel {
  return {
    id: `shop/${name}`,
    namespace: 'shop',
    name,
    provider: 'OpenAICompatible',
    endpoint: 'http://model',
    providerModel: name,
    capabilities: new Set<Capability>(['Chat', 'Tools']),
    dataClasses: new Set<DataClass>(['Public', 'Internal']),
    price: { source: 'override', price: { ...RATES, longContext: [] } },
    key: { state: 'notNeeded' },
    timeouts: { connectMilliseconds: 1, firstByteMilliseconds: 1, idleMilliseconds: 1, totalMilliseconds: 1 },
    ...fields,
  };
}

function input(
  models: readonly RoutableModel[],
  weights: Readonly<Record<string, number>>,
  fields: Partial<ChoiceInput> = {},
): ChoiceInput {
  return {
    requestedModel: ANY_MODEL,
    needs: { operation: 'chat', capabilities: ['Chat'], estimatedInputTokens: 10 },
    agent: {
      namespace: 'shop',
      name: 'triage',
      allow: Object.entries(weights).map(([model, weight]) => ({ model, weight })),
      dataClass: 'Internal',
    },
    findModel: (name) => models.find((model) => model.name === name),
    healthOf: () => FIT,
    random: () => 0,
    ...fields,
  };
}

const order = (choice: ReturnType<typeof chooseModels>): readonly string[] =>
  choice.candidates.map(({ model }) => model.name);

describe('chooseModels', () => {
  it.each<[string, Partial<RoutableModel>, string]>([
    ['lacks a capability', { capabilities: new Set<Capability>(['Embeddings']) }, 'capabilityMissing'],
    ['may not see the data', { dataClasses: new Set<DataClass>(['Public']) }, 'dataClassRefused'],
    ['waits for its Secret', { key: { state: 'notReadYet', problem: 'waits' } }, 'keyUnavailable'],
    ['has no Secret', { key: { state: 'notFound', problem: 'has none' } }, 'keyUnavailable'],
    ['is far too small', { contextTokens: 3 }, 'contextTooSmall'],
  ])('leaves out a model that %s, and says so', (_what, fields, reason) => {
    const choice = chooseModels(input([aModel('good'), aModel('bad', fields)], { bad: 1, good: 1 }));
    expect(order(choice)).toEqual(['good']);
    expect(choice.rejected).toMatchObject([{ name: 'bad', reason }]);
    expect(describeChoice(choice)).toBe(`order=good rejected=bad:${reason}`);
  });

  it('never takes an unknown price for free', () => {
    const { price: _none, ...unpriced } = aModel('unpriced');
    const choice = chooseModels(input([unpriced], { unpriced: 1 }));
    expect(choice.candidates).toEqual([]);
    expect(explainNoModel(ANY_MODEL, choice.rejected)).toBe(
      'No model may answer this request: unpriced has no known price, and an unknown price is never free: set spec.price.',
    );
  });

  it('refuses a name outside the policy without telling whether such a model exists, and keeps the name out of headers', () => {
    const choice = chooseModels(input([aModel('secret')], { main: 1 }, { requestedModel: 'secret\r\nx: y' }));
    expect(choice.rejected).toMatchObject([{ reason: 'notAllowed' }]);
    expect(describeChoice(choice)).toBe('order= rejected=notAllowed');
  });

  it('uses a model that is asked for by name, whatever its weight, and no other', () => {
    const models = [aModel('main'), aModel('spare')];
    expect(order(chooseModels(input(models, { main: 1, spare: 0 }, { requestedModel: 'spare' })))).toEqual([
      'spare',
    ]);
  });

  it('puts models of weight 0 after all others, and resting ones last, the soonest first', () => {
    const names = ['a', 'b', 'zero', 'rests', 'restsLong'];
    const rest: Record<string, number> = { rests: 10, restsLong: 1000 };
    const choice = chooseModels(
      input(
        names.map((name) => aModel(name)),
        { restsLong: 9, rests: 9, zero: 0, a: 1, b: 1 },
        { healthOf: ({ name }) => ({ ...FIT, benchedMilliseconds: rest[name] ?? 0 }) },
      ),
    );
    expect(order(choice)).toEqual(['a', 'b', 'zero', 'rests', 'restsLong']);
  });

  it('draws the first place in proportion to the weights', () => {
    const models = [aModel('nine'), aModel('one')];
    const wins = Array.from({ length: 1000 }, (_, index) =>
      chooseModels(input(models, { nine: 9, one: 1 }, { random: () => index / 1000 })),
    ).filter((choice) => order(choice)[0] === 'nine');
    expect(wins).toHaveLength(900);
  });

  it('names every allowed model once, as a candidate or with the reason why not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ weight: fc.nat(5), bad: fc.boolean(), exists: fc.boolean(), rest: fc.nat(3) }), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (kinds, numbers) => {
          const models = kinds.flatMap(({ exists, bad }, index) =>
            exists
              ? [aModel(`m${index}`, bad ? { capabilities: new Set<Capability>(['Embeddings']) } : {})]
              : [],
          );
          const weights = Object.fromEntries(kinds.map(({ weight }, index) => [`m${index}`, weight]));
          const choice = chooseModels(
            input(models, weights, {
              random: () => numbers.next().value,
              healthOf: ({ name }) => ({
                ...FIT,
                benchedMilliseconds: kinds[Number(name.slice(1))]?.rest ?? 0,
              }),
            }),
          );
          const named = [...order(choice), ...choice.rejected.map(({ name }) => name)].toSorted();
          expect(named).toEqual(Object.keys(weights).toSorted());
        },
      ),
    );
  });
});
