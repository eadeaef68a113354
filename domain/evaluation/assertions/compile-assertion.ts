/** An assertion as a check, or what is wrong with it, known when the set is loaded. */
import type { AssertionType } from '../assertion-types.ts';
import type { SingleAssertion } from '../golden-set.ts';
import { type Check, type Checked, type CompiledCheck, holds } from './assertion-check.ts';
import { compileContainsJson, compileIsJson, compileJsonPath, compileNumeric } from './json-assertions.ts';
import {
  compileContains,
  compileEquals,
  compileLevenshtein,
  compileRefusal,
  compileRegex,
  compileRouge,
  compileStartsWith,
} from './text-assertions.ts';
import { compileToolCall, compileToolCallF1, compileValidToolsCall } from './tool-assertions.ts';

export type GradedType = 'llm-rubric' | 'factuality';

export type SingleCheck =
  | { readonly ok: true; readonly kind: 'deterministic'; readonly check: Check }
  | { readonly ok: true; readonly kind: 'graded'; readonly type: GradedType; readonly rubric: string }
  | { readonly ok: false; readonly problem: string };

export function compileAssertion(assertion: SingleAssertion): SingleCheck {
  const { type, value, isInverse } = assertion;
  const problem = problemOfThreshold(assertion) ?? problemOfNoValue(assertion);
  if (problem !== undefined) return { ok: false, problem };
  if (type === 'llm-rubric' || type === 'factuality') {
    return typeof value === 'string' && value.trim() !== ''
      ? { ok: true, kind: 'graded', type, rubric: value }
      : { ok: false, problem: 'needs a text as its value' };
  }
  const compiled = COMPILERS[type](assertion);
  if (!compiled.ok) return compiled;
  const { check } = compiled;
  return {
    ok: true,
    kind: 'deterministic',
    check: isInverse ? (answer) => inverseOf(check(answer)) : check,
  };
}

/** What a threshold may be; an assertion that is not named takes none. */
const THRESHOLDS: Readonly<Partial<Record<AssertionType, readonly [least: number, most: number]>>> = {
  numeric: [0, Number.MAX_VALUE],
  levenshtein: [0, Number.MAX_VALUE],
  'rouge-n': [0, 1],
  'tool-call-f1': [0, 1],
  latency: [0, Number.MAX_VALUE],
  cost: [0, Number.MAX_VALUE],
  'llm-rubric': [0, 1],
};

function problemOfThreshold({ type, threshold }: SingleAssertion): string | undefined {
  if (threshold === undefined) return undefined;
  const range = THRESHOLDS[type];
  if (range === undefined) return 'takes no threshold';
  const [least, most] = range;
  if (threshold >= least && threshold <= most) return undefined;
  return `needs a threshold ${most === 1 ? 'from 0 to 1' : 'of at least 0'}, not ${threshold}`;
}

const WITHOUT_VALUE = new Set<AssertionType>(['is-refusal', 'is-valid-openai-tools-call', 'latency', 'cost']);

function problemOfNoValue({ type, value }: SingleAssertion): string | undefined {
  // A cell of a CSV file that ends with a colon.
  if (value === undefined || value === null || value === '' || !WITHOUT_VALUE.has(type)) return undefined;
  return type === 'latency' || type === 'cost' ? 'takes a threshold, and no value' : 'takes no value';
}

export function inverseOf(checked: Checked): Checked {
  if (checked.kind === 'error') return checked;
  const { pass, score, reason } = checked;
  return { kind: 'judged', pass: !pass, score: 1 - score, reason: `not wanted: ${reason}` };
}

const COMPILERS: Readonly<
  Record<Exclude<AssertionType, GradedType>, (assertion: SingleAssertion) => CompiledCheck>
> = {
  equals: compileEquals,
  contains: compileContains,
  'contains-all': compileContains,
  'contains-any': compileContains,
  icontains: compileContains,
  'icontains-all': compileContains,
  'icontains-any': compileContains,
  'starts-with': compileStartsWith,
  regex: compileRegex,
  'is-json': compileIsJson,
  'contains-json': compileContainsJson,
  'json-path': compileJsonPath,
  numeric: compileNumeric,
  levenshtein: compileLevenshtein,
  'rouge-n': compileRouge,
  'is-refusal': compileRefusal,
  'is-valid-openai-tools-call': compileValidToolsCall,
  'tool-call': compileToolCall,
  'tool-call-f1': compileToolCallF1,
  latency: compileLatency,
  cost: compileCost,
};

const NANO_PER_USD = 1e9;

function compileLatency({ threshold }: SingleAssertion): CompiledCheck {
  if (threshold === undefined) return { ok: false, problem: 'needs a threshold in milliseconds' };
  return {
    ok: true,
    check: ({ latencyMilliseconds }) =>
      holds(latencyMilliseconds <= threshold, `it took ${latencyMilliseconds} ms of ${threshold}`),
  };
}

function compileCost({ threshold }: SingleAssertion): CompiledCheck {
  if (threshold === undefined) return { ok: false, problem: 'needs a threshold in US dollars' };
  return {
    ok: true,
    check: ({ costNanoUsd }) =>
      costNanoUsd === null
        ? {
            kind: 'error',
            reason: 'the cost of the run is not known: the Model has no price, or told no usage',
          }
        : holds(
            costNanoUsd <= Math.round(threshold * NANO_PER_USD),
            `it cost ${costNanoUsd / NANO_PER_USD} USD of ${threshold}`,
          ),
  };
}
