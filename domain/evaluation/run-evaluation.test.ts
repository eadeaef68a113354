import { describe, expect, it } from 'vitest';
import { type Model, type ModelAnswer, ModelError } from '#domain/conversation/model.ts';
import { EvaluatedAgent, type EvaluatedVersion, prepareVersion } from './evaluated-version.ts';
import { DEFAULT_GATE_RULES, judgeEvaluation } from './judge-evaluation.ts';
import { readGoldenSet } from './read-golden-set.ts';
import { type EvaluationPlan, type EvaluationPorts, runEvaluation } from './run-evaluation.ts';

async function version(word: string, schema = ''): Promise<EvaluatedVersion> {
  const text = `---\ninput:\n  schema:\n    n: integer\n${schema}---\n{{role "system"}}${word}\n{{role "user"}}{{n}}`;
  const prepared = await prepareVersion(word, text, EvaluatedAgent.parse({}));
  if (!prepared.ok) throw new Error(prepared.problem);
  return prepared.version;
}

function answer(content: string, given: Partial<ModelAnswer> = {}): ModelAnswer {
  return { model: 'm', content, toolCalls: [], finishReason: 'stop', costNanoUsd: 1_000, ...given };
}

const textOf = (message: { readonly content: unknown } | undefined): string =>
  typeof message?.content === 'string' ? message.content : '';

type Ask = (system: string, user: string, calls: number) => ModelAnswer;

function fake(ask: Ask): { readonly model: Model; readonly asked: string[] } {
  const asked: string[] = [];
  const model: Model = {
    answer: async ({ messages }) => {
      const system = textOf(messages[0]);
      const user = textOf(messages.at(-1));
      asked.push(`${system} ${user}`);
      return ask(system, user, asked.length);
    },
  };
  return { model, asked };
}

function ports(model: Model, given: Partial<EvaluationPorts> = {}): EvaluationPorts {
  const kept = new Map<string, unknown>();
  let milliseconds = 0;
  return {
    model,
    now: () => new Date(0),
    monotonicMilliseconds: () => (milliseconds += 1),
    startDeadline: () => ({ signal: new AbortController().signal, cancel: () => undefined }),
    cache: { get: async (key) => kept.get(key), set: async (key, value) => void kept.set(key, value) },
    pause: async () => undefined,
    onProgress: () => undefined,
    ...given,
  };
}

function goldenSet(cases: number, extra: (n: number) => object = () => ({})): EvaluationPlan['goldenSet'] {
  const lines = Array.from({ length: cases }, (_, n) =>
    JSON.stringify({
      id: `case-${n}`,
      vars: { n },
      assert: [{ type: 'equals', value: `${n}!` }],
      ...extra(n),
    }),
  );
  const read = readGoldenSet({ name: 'set', fileName: 'a.jsonl', text: lines.join('\n') });
  if (!read.ok) throw new Error(read.problem);
  return read.goldenSet;
}

const NEVER = new AbortController().signal;

async function plan(given: Partial<EvaluationPlan> = {}): Promise<EvaluationPlan> {
  return {
    goldenSet: goldenSet(60),
    candidate: await version('new'),
    stable: await version('old'),
    modelName: 'auto',
    repeats: 3,
    parallel: 4,
    ...given,
  };
}

const right: Ask = (_system, user) => answer(`${user}!`);

describe('an evaluation', () => {
  it('passes an equal candidate, and says how small a drop it could have seen', async () => {
    const { model } = fake(right);
    const result = await runEvaluation(await plan(), ports(model), NEVER);
    const { verdict } = judgeEvaluation(result, DEFAULT_GATE_RULES);
    expect(verdict).toMatchObject({
      verdict: 'Passed',
      reasons: ['passed'],
      mcNemarP: 1,
      costNanoUsd: 360_000,
    });
    expect(verdict.message).toContain('would have been found with a probability of 80 %');
  });

  it('fails a candidate that is worse, and names what got worse and what got better', async () => {
    const { model } = fake((system, user) =>
      answer(
        system === 'new' && Number(user) < 9
          ? 'wrong'
          : system === 'old' && user === '20'
            ? 'wrong'
            : `${user}!`,
      ),
    );
    const result = await runEvaluation(await plan(), ports(model), NEVER);
    const { verdict } = judgeEvaluation(result, DEFAULT_GATE_RULES);
    expect(verdict.verdict).toBe('Failed');
    expect(verdict.reasons).toContain('worse_than_stable');
    expect(verdict.worse.names).toHaveLength(9);
    expect(verdict.better.names).toEqual(['case-20']);
  });

  it('fails on one critical case alone', async () => {
    const { model } = fake((system, user) => answer(system === 'new' && user === '5' ? 'x' : `${user}!`));
    const given = await plan({ goldenSet: goldenSet(60, (n) => (n === 5 ? { critical: true } : {})) });
    const { verdict } = judgeEvaluation(await runEvaluation(given, ports(model), NEVER), DEFAULT_GATE_RULES);
    expect(verdict).toMatchObject({
      verdict: 'Failed',
      reasons: ['critical_regression'],
      criticalRegressions: { names: ['case-5'] },
    });
  });

  it('fails a candidate that costs more beyond chance', async () => {
    const { model } = fake((system, user) =>
      answer(`${user}!`, { costNanoUsd: system === 'new' ? 2_000 : 1_000 }),
    );
    const { verdict } = judgeEvaluation(
      await runEvaluation(await plan(), ports(model), NEVER),
      DEFAULT_GATE_RULES,
    );
    expect(verdict).toMatchObject({ verdict: 'Failed', reasons: ['cost_over_budget'] });
  });

  it('is inconclusive with more than 2 % errors, whatever the rest says', async () => {
    const { model } = fake((_system, user) => {
      if (Number(user) < 3) throw new ModelError('request_refused', 'no');
      return answer('wrong');
    });
    const { verdict } = judgeEvaluation(
      await runEvaluation(await plan(), ports(model), NEVER),
      DEFAULT_GATE_RULES,
    );
    expect(verdict).toMatchObject({ verdict: 'Inconclusive', reasons: ['too_many_errors'] });
  });

  it('is an error when no case could be run, and soon ends asking', async () => {
    const { model, asked } = fake(() => {
      throw new ModelError('unauthenticated', 'who are you');
    });
    const { verdict } = judgeEvaluation(
      await runEvaluation(await plan(), ports(model), NEVER),
      DEFAULT_GATE_RULES,
    );
    expect(verdict).toMatchObject({ verdict: 'Error', reasons: ['model_unusable'] });
    expect(asked.length).toBeLessThan(20);
  });

  it('asks again after a 429, for as long as it is told to wait', async () => {
    const pauses: number[] = [];
    const { model } = fake((_system, user, calls) => {
      if (calls % 3 === 0) throw new ModelError('rate_limited', 'slowly', 7);
      return answer(`${user}!`);
    });
    const given = ports(model, { pause: async (milliseconds) => void pauses.push(milliseconds) });
    const result = await runEvaluation(await plan({ parallel: 1 }), given, NEVER);
    expect(judgeEvaluation(result, DEFAULT_GATE_RULES).verdict.verdict).toBe('Passed');
    expect(new Set(pauses)).toEqual(new Set([7000]));
  });

  it('runs both versions of a case next to each other, each as often first', async () => {
    const { model, asked } = fake(right);
    await runEvaluation(await plan({ parallel: 1 }), ports(model), NEVER);
    for (let at = 0; at < asked.length; at += 2) {
      expect(asked[at]?.split(' ')[1]).toBe(asked[at + 1]?.split(' ')[1]);
    }
    expect(asked.filter((each, at) => at % 2 === 0 && each.startsWith('new'))).toHaveLength(90);
  });

  it('goes on from its cache after an interruption, and asks nothing twice', async () => {
    const ending = new AbortController();
    const { model, asked } = fake((_system, user, calls) => {
      if (calls === 100) ending.abort();
      return answer(`${user}!`);
    });
    const shared = ports(model);
    const first = await runEvaluation(await plan(), shared, ending.signal);
    expect(judgeEvaluation(first, DEFAULT_GATE_RULES).verdict).toMatchObject({
      verdict: 'Inconclusive',
      reasons: ['interrupted'],
    });
    const second = await runEvaluation(await plan(), shared, NEVER);
    expect(judgeEvaluation(second, DEFAULT_GATE_RULES).verdict.verdict).toBe('Passed');
    expect(asked.length).toBeLessThanOrEqual(360 + 4);
    const third = await runEvaluation(await plan(), shared, NEVER);
    expect(third.chargedNanoUsd).toBe(0);
  });

  it('begins no run behind its budget, and none at all of an unknown price', async () => {
    const { model, asked } = fake(right);
    const limited = await plan({ maximumNanoUsd: 50_000, parallel: 64 });
    const spent = await runEvaluation(limited, ports(model), NEVER);
    expect(judgeEvaluation(spent, DEFAULT_GATE_RULES).verdict.reasons).toEqual(['budget_exhausted']);
    expect([asked.length, spent.chargedNanoUsd]).toEqual([50, 50_000]);
    const unpriced = fake((_system, user) => answer(`${user}!`, { costNanoUsd: null }));
    const unknown = await runEvaluation(
      await plan({ maximumNanoUsd: 50_000, parallel: 1 }),
      ports(unpriced.model),
      NEVER,
    );
    expect(judgeEvaluation(unknown, DEFAULT_GATE_RULES).verdict).toMatchObject({
      verdict: 'Error',
      reasons: ['cost_unknown'],
    });
    expect(unpriced.asked).toHaveLength(1);
  });

  it('never takes an unreadable judge for a fail', async () => {
    const { model } = fake(right);
    const judge = fake(() => answer('I think it is fine.'));
    const set = goldenSet(20, () => ({ assert: [{ type: 'llm-rubric', value: 'is kind' }] }));
    const given = await plan({ goldenSet: set, judge: { model: judge.model, modelName: 'j', votes: 3 } });
    const { verdict } = judgeEvaluation(await runEvaluation(given, ports(model), NEVER), DEFAULT_GATE_RULES);
    expect(verdict.verdict).toBe('Error');
  });

  it('takes the majority of votes of the judge, and tells how far they agreed', async () => {
    const { model } = fake(right);
    const judge = fake((_system, _user, calls) =>
      answer(`{"reason":"r","pass":${calls % 3 !== 0},"score":1}`),
    );
    const set = goldenSet(20, () => ({ assert: [{ type: 'llm-rubric', value: 'is kind' }] }));
    const given = await plan({
      goldenSet: set,
      parallel: 1,
      judge: { model: judge.model, modelName: 'j', votes: 3 },
    });
    const result = await runEvaluation(given, ports(model), NEVER);
    expect(judgeEvaluation(result, DEFAULT_GATE_RULES).verdict.candidate?.passed).toBe(20);
    expect(result.judge?.agreement).toBeCloseTo(2 / 3, 5);
  });

  it('counts an answer without the form that the prompt lays down, after its repairs', async () => {
    const schema = 'output:\n  schema:\n    kind: string\n';
    const { model } = fake(() => answer('no json'));
    const given = await plan({ candidate: await version('new', schema), stable: await version('old') });
    const { verdict } = judgeEvaluation(await runEvaluation(given, ports(model), NEVER), DEFAULT_GATE_RULES);
    expect(verdict.reasons).toContain('schema_invalid');
    expect(verdict.candidate?.schemaValidBasisPoints).toBe(0);
  });

  describe('with an output schema', () => {
    const schema = 'output:\n  schema:\n    kind: string\n';
    const kinds = (cases: number) =>
      goldenSet(cases, () => ({ assert: [{ type: 'is-json', value: { required: ['kind'] } }] }));
    /** Prose at first, and JSON when it is asked for the form once more. */
    const repairing = (system: string) =>
      fake((asked, user) =>
        answer(asked === system && /^\d+$/.test(user) ? 'It is spam.' : '{"kind":"spam"}'),
      );

    it('judges the answer as a user gets it, and fails a candidate whose first answers lost their form', async () => {
      const { model } = repairing('new');
      const given = await plan({
        goldenSet: kinds(20),
        candidate: await version('new', schema),
        stable: await version('old', schema),
      });
      const { verdict } = judgeEvaluation(await runEvaluation(given, ports(model), NEVER), {
        ...DEFAULT_GATE_RULES,
        costIncreaseBasisPoints: 1e6,
        latencyIncreaseBasisPoints: 1e6,
      });
      expect(verdict).toMatchObject({
        verdict: 'Failed',
        reasons: ['first_answers_invalid'],
        candidate: { passed: 20, schemaValidBasisPoints: 10_000, firstSchemaValidBasisPoints: 0 },
        stable: { firstSchemaValidBasisPoints: 10_000 },
      });
      expect(verdict.message).toContain(
        'At the first try 0 % of its answers had their form (of stable 100 %)',
      );
    });

    it('says that first answers were repaired, and passes a candidate that is no worse than stable', async () => {
      const { model } = fake((_system, user) =>
        answer(/^\d$/.test(user) ? 'It is spam.' : '{"kind":"spam"}'),
      );
      const given = await plan({
        goldenSet: kinds(60),
        candidate: await version('new', schema),
        stable: await version('old', schema),
      });
      const { verdict } = judgeEvaluation(
        await runEvaluation(given, ports(model), NEVER),
        DEFAULT_GATE_RULES,
      );
      expect(verdict.reasons).toEqual(['passed']);
      expect(verdict.message).toContain('At the first try 83.33 % of its answers');
    });

    it('holds first answers to the floor where nothing is stable', async () => {
      const { model } = repairing('new');
      const { stable: _, ...alone } = await plan({
        goldenSet: kinds(60),
        candidate: await version('new', schema),
      });
      const { verdict } = judgeEvaluation(
        await runEvaluation(alone, ports(model), NEVER),
        DEFAULT_GATE_RULES,
      );
      expect(verdict.reasons).toEqual(['first_answers_invalid']);
      expect(verdict.message).toContain('does not surely reach 80 %');
    });
  });

  describe('with a judge', () => {
    const kind = () => ({ assert: [{ type: 'llm-rubric', value: 'is kind' }] });
    const vote = (given: Partial<ModelAnswer> = {}): ModelAnswer =>
      answer('{"reason":"r","pass":true,"score":1}', { model: 'j', costNanoUsd: 500, ...given });
    const judgedBy = async (
      judge: { readonly model: Model },
      given: Partial<EvaluationPlan> = {},
    ): Promise<EvaluationPlan> =>
      plan({
        goldenSet: goldenSet(20, kind),
        parallel: 1,
        repeats: 1,
        judge: { model: judge.model, modelName: 'j', votes: 3 },
        ...given,
      });

    it('charges its votes apart and to the whole, and names who served them, also from the cache', async () => {
      const { model } = fake(right);
      const judge = fake(() => vote());
      const kept = ports(model);
      const result = await runEvaluation(await judgedBy(judge), kept, NEVER);
      const { verdict } = judgeEvaluation(result, DEFAULT_GATE_RULES);
      expect(verdict).toMatchObject({
        verdict: 'Passed',
        // Both versions say the same, and the same answer is voted on once.
        costNanoUsd: 40 * 1_000 + 20 * 3 * 500,
        judge: { model: 'j', served: ['j'], graded: 40, ownAnswers: 0, costNanoUsd: 20 * 3 * 500 },
      });
      expect(verdict.message).not.toContain('judge');
      const again = await runEvaluation(await judgedBy(judge), kept, NEVER);
      expect(again.judge).toMatchObject({ served: ['j'], graded: 40, chargedNanoUsd: 0 });
    });

    it('says when it graded answers of its own, for models favour them', async () => {
      const { model } = fake((_system, user) => answer(`${user}!`, { model: 'j' }));
      const result = await runEvaluation(await judgedBy(fake(() => vote())), ports(model), NEVER);
      const { verdict } = judgeEvaluation(result, DEFAULT_GATE_RULES);
      expect(verdict.judge?.ownAnswers).toBe(40);
      expect(verdict.message).toContain('The judge j graded 40 of 40 answers that it had given itself');
    });

    it('says when another model answered in its name', async () => {
      const { model } = fake(right);
      const judge = fake((_system, _user, calls) => vote({ model: calls % 2 === 0 ? 'j' : 'j-mini' }));
      const result = await runEvaluation(await judgedBy(judge), ports(model), NEVER);
      const { verdict } = judgeEvaluation(result, DEFAULT_GATE_RULES);
      expect(verdict.judge?.served.toSorted()).toEqual(['j', 'j-mini']);
      expect(verdict.message).toContain('More than one model answered for the judge j (j, j-mini)');
    });

    it('spends from the budget, and is not asked on when nobody says what it costs', async () => {
      const { model } = fake(right);
      const dear = fake(() => vote({ costNanoUsd: 10_000 }));
      const spent = await runEvaluation(
        await judgedBy(dear, { maximumNanoUsd: 100_000 }),
        ports(model),
        NEVER,
      );
      expect(spent.stopped).toBe('budget_exhausted');
      expect(dear.asked.length).toBeLessThan(15);
      const unpriced = fake(() => vote({ costNanoUsd: null }));
      const unknown = await runEvaluation(
        await judgedBy(unpriced, { maximumNanoUsd: 1e9 }),
        ports(model),
        NEVER,
      );
      expect(judgeEvaluation(unknown, DEFAULT_GATE_RULES).verdict.reasons).toEqual(['cost_unknown']);
      expect(unpriced.asked.length).toBeLessThanOrEqual(3);
    });

    it('is asked again after a 429, for as long as it is told to wait, and a call that did not come about costs nothing', async () => {
      const { model } = fake(right);
      const pauses: number[] = [];
      const judge = fake((_system, _user, calls) => {
        if (calls % 3 === 0) throw new ModelError('rate_limited', 'slowly', 7);
        return vote();
      });
      const given = ports(model, { pause: async (milliseconds) => void pauses.push(milliseconds) });
      const result = await runEvaluation(await judgedBy(judge), given, NEVER);
      const { verdict } = judgeEvaluation(result, DEFAULT_GATE_RULES);
      expect(verdict).toMatchObject({ verdict: 'Passed', judge: { costNanoUsd: 20 * 3 * 500 } });
      expect(new Set(pauses)).toEqual(new Set([7_000]));
    });

    it('that is away makes the evaluation no fail, and the verdict says what most often went wrong', async () => {
      const { model } = fake(right);
      const judge = fake(() => {
        throw new ModelError('request_refused', 'Model j does not exist');
      });
      const result = await runEvaluation(await judgedBy(judge), ports(model), NEVER);
      const { verdict } = judgeEvaluation(result, DEFAULT_GATE_RULES);
      expect(verdict).toMatchObject({ verdict: 'Error', reasons: ['model_unusable'] });
      expect(verdict.message).toContain('the judge j could not be asked: Model j does not exist');
    });
  });

  it('judges the calls of tools that have no results, and answers those that have', async () => {
    const call = { id: 'c', name: 'weather', argumentsText: '{"city":"Oslo"}' };
    const { model } = fake((_system, user) =>
      user === 'cold' ? answer('It is cold.') : answer('', { toolCalls: [call], finishReason: 'tool_calls' }),
    );
    const lines = [
      {
        vars: { n: 1 },
        tools: [{ name: 'weather' }],
        assert: [{ type: 'tool-call', value: { name: 'weather', arguments: { city: 'Oslo' } } }],
      },
      {
        vars: { n: 2 },
        tools: [{ name: 'weather', results: ['cold'] }],
        assert: [
          { type: 'contains', value: 'cold' },
          { type: 'tool-call-f1', value: ['weather'] },
        ],
      },
    ];
    const read = readGoldenSet({
      name: 's',
      fileName: 'a.jsonl',
      text: lines.map((line) => JSON.stringify(line)).join('\n'),
    });
    if (!read.ok) throw new Error(read.problem);
    const result = await runEvaluation(
      await plan({ goldenSet: read.goldenSet, repeats: 1 }),
      ports(model),
      NEVER,
    );
    expect(judgeEvaluation(result, DEFAULT_GATE_RULES).verdict.candidate?.passed).toBe(2);
  });
});
