/** All assertions of a case together, by promptfoo's rules of weights and thresholds. */
import type { CaseAnswer, Checked } from './assertions/assertion-check.ts';
import { compileAssertion, inverseOf } from './assertions/compile-assertion.ts';
import type { CaseAssertion, GoldenCase, SingleAssertion } from './golden-set.ts';

export interface AssertionOutcome {
  readonly type: string;
  readonly line: number;
  readonly metric?: string;
  readonly pass: boolean;
  /** From 0 to 1. */
  readonly score: number;
  readonly weight: number;
  readonly reason: string;
}

export type CaseScore =
  | {
      readonly kind: 'judged';
      readonly pass: boolean;
      readonly score: number;
      readonly assertions: readonly AssertionOutcome[];
    }
  | { readonly kind: 'error'; readonly reason: string };

/** What a model that grades says of an answer, not yet turned round by `not-`. */
export type AskJudge = (
  graded: {
    readonly type: 'llm-rubric' | 'factuality';
    readonly rubric: string;
    readonly threshold?: number;
  },
  answer: CaseAnswer,
) => Promise<Checked>;

/** A case without assertions passes with any answer. Deterministic assertions come first: a judge costs. */
export async function scoreCase(
  { assertions, threshold }: Pick<GoldenCase, 'assertions' | 'threshold'>,
  answer: CaseAnswer,
  askJudge: AskJudge,
): Promise<CaseScore> {
  const outcomes: AssertionOutcome[] = [];
  for (const assertion of assertions) {
    const outcome = await scoreAssertion(assertion, answer, askJudge);
    if ('error' in outcome) return { kind: 'error', reason: outcome.error };
    outcomes.push(outcome);
  }
  return { kind: 'judged', ...sum(outcomes, threshold), assertions: outcomes };
}

type Scored = AssertionOutcome | { readonly error: string };

async function scoreAssertion(
  assertion: CaseAssertion,
  answer: CaseAnswer,
  askJudge: AskJudge,
): Promise<Scored> {
  const { line, weight, metric } = assertion;
  const shared = { line, weight, ...(metric === undefined ? {} : { metric }) };
  if (assertion.kind === 'set') {
    const outcomes: AssertionOutcome[] = [];
    for (const single of assertion.assertions) {
      const outcome = await scoreAssertion(single, answer, askJudge);
      if ('error' in outcome) return outcome;
      outcomes.push(outcome);
    }
    const { pass, score } = sum(outcomes, assertion.threshold);
    const reason = outcomes.find((outcome) => !outcome.pass)?.reason ?? 'all hold';
    return { ...shared, type: 'assert-set', pass: pass || weight === 0, score, reason };
  }
  const checked = await checkSingle(assertion, answer, askJudge);
  if (checked.kind === 'error') return { error: `${nameOf(assertion)}: ${checked.reason}` };
  const { pass, score, reason } = checked;
  // Of weight 0 it is only told.
  return { ...shared, type: nameOf(assertion), pass: pass || weight === 0, score, reason };
}

function nameOf({ type, isInverse }: SingleAssertion): string {
  return isInverse ? `not-${type}` : type;
}

async function checkSingle(
  assertion: SingleAssertion,
  answer: CaseAnswer,
  askJudge: AskJudge,
): Promise<Checked> {
  const compiled = compileAssertion(assertion);
  if (!compiled.ok) return { kind: 'error', reason: compiled.problem };
  if (compiled.kind === 'deterministic') return compiled.check(answer);
  const { threshold, isInverse } = assertion;
  const { type, rubric } = compiled;
  const said = await askJudge({ type, rubric, ...(threshold === undefined ? {} : { threshold }) }, answer);
  return isInverse ? inverseOf(said) : said;
}

/** With a threshold the weighted score decides alone; without one every assertion must pass. */
function sum(
  outcomes: readonly AssertionOutcome[],
  threshold: number | undefined,
): { readonly pass: boolean; readonly score: number } {
  const weights = outcomes.reduce((total, { weight }) => total + weight, 0);
  const weighted = outcomes.reduce((total, { weight, score }) => total + weight * score, 0);
  const score = outcomes.length === 0 ? 1 : weights === 0 ? 0 : weighted / weights;
  const pass = threshold === undefined ? outcomes.every((outcome) => outcome.pass) : score >= threshold;
  return { pass, score };
}
