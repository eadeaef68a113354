/** Whoever brings a golden set from promptfoo gets promptfoo's verdicts, but where the two depart on purpose. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ASSERTION_TYPES, isModelGraded } from '#domain/evaluation/assertion-types.ts';
import type { CaseAnswer } from '#domain/evaluation/assertions/assertion-check.ts';
import { readGoldenSet } from '#domain/evaluation/read-golden-set.ts';
import { scoreCase } from '#domain/evaluation/score-case.ts';

const Call = z.object({ function: z.object({ name: z.string(), arguments: z.string() }) });
const Output = z.union([z.string(), z.array(Call)]);
type Output = z.infer<typeof Output>;
const Tool = z.object({
  function: z.object({ name: z.string(), parameters: z.record(z.string(), z.unknown()) }),
});
type Tool = z.infer<typeof Tool>;
const Recorded = z.object({
  groups: z.array(
    z.object({
      outputs: z.array(Output),
      tools: z.array(Tool).default([]),
      judged: z.array(
        z.object({
          assertion: z.looseObject({ type: z.string() }),
          passes: z.string(),
          scores: z.array(z.number()).optional(),
        }),
      ),
    }),
  ),
});

const { groups } = Recorded.parse(
  JSON.parse(readFileSync(new URL('promptfoo/verdicts.json', import.meta.url), 'utf8')),
);

const LOOSE_JSON = new Set(['{"a":1', '{a: 1}', '{"a":1,}']);

function textOf(output: Output): string {
  return typeof output === 'string' ? output : '';
}

/** Why something else is said here; docs/reference/golden-sets.md tells each. */
function departure(type: string, value: unknown, output: Output): string | undefined {
  const name = type.replace(/^not-/, '');
  if (name === 'contains-json' && LOOSE_JSON.has(textOf(output))) return 'JSON is not read loosely';
  if (name.endsWith('-json') && textOf(output).includes('1e400')) return '1e400 is a number of JSON';
  if (type === 'not-contains-json' && value !== undefined) return 'it holds when no object fits';
  if (Array.isArray(value) && value.includes('')) return 'an empty text to contain is refused';
  if (type === 'not-is-valid-openai-tools-call') return 'not- turns it round';
  if (name === 'regex' && (String(value).includes('\\p') || textOf(output).includes('😀'))) {
    return 'patterns have the flag u';
  }
  return undefined;
}

/** promptfoo gives what passes here the score of what fails. */
function hasScoreOfItsOwn(type: string, output: Output): boolean {
  return type === 'not-tool-call-f1' || (type === 'is-refusal' && textOf(output).trim() === '');
}

function answerOf(output: Output, tools: readonly Tool[]): CaseAnswer {
  const calls = typeof output === 'string' ? [] : output;
  return {
    text: typeof output === 'string' ? output : '',
    isRefused: false,
    toolCalls: calls.map((call) => ({ name: call.function.name, argumentsText: call.function.arguments })),
    tools: tools.map((tool) => tool.function),
    latencyMilliseconds: 10,
    costNanoUsd: 1_000_000,
  };
}

async function judge(assertion: object, output: Output, tools: readonly Tool[]): Promise<[boolean, number]> {
  const text = JSON.stringify({ assert: [assertion] });
  const read = readGoldenSet({ name: 'set', fileName: 'set.jsonl', text });
  const [first] = read.ok ? read.goldenSet.cases : [];
  if (!read.ok || first === undefined) throw new Error(`${text} is refused`);
  const scored = await scoreCase(first, answerOf(output, tools), async () => {
    throw new Error('a deterministic assertion asks no judge');
  });
  if (scored.kind === 'error') throw new Error(scored.reason);
  return [scored.pass, scored.score];
}

const rows = groups.flatMap(({ outputs, tools, judged }) =>
  judged.map((each) => ({ ...each, outputs, tools, name: JSON.stringify(each.assertion) })),
);

describe('the verdicts of promptfoo', () => {
  it.each(rows)('are ours: $name', async ({ assertion, passes, scores, outputs, tools }) => {
    const told: unknown[] = [];
    const ours: unknown[] = [];
    for (const [at, output] of outputs.entries()) {
      if (departure(assertion.type, assertion['value'], output) !== undefined) continue;
      const [pass, score] = await judge(assertion, output, tools);
      const recorded = hasScoreOfItsOwn(assertion.type, output) ? undefined : scores?.[at];
      ours.push({ output, pass, score: recorded === undefined ? undefined : score.toFixed(5) });
      told.push({ output, pass: passes[at] === '1', score: recorded?.toFixed(5) });
    }
    expect(ours).toEqual(told);
  });

  it('are recorded of every assertion that is deterministic and not of our own making, plain and turned round', () => {
    const own = new Set(['json-path', 'numeric', 'tool-call']);
    const recorded = new Set(rows.map(({ assertion }) => assertion.type));
    for (const type of ASSERTION_TYPES) {
      if (isModelGraded(type) || own.has(type)) continue;
      expect(recorded).toContain(type);
      expect(recorded).toContain(`not-${type}`);
    }
  });
});
