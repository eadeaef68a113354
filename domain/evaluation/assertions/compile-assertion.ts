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
