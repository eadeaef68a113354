/** What the reports say of a case, in words that all of them share. */
import type { CaseRun } from '../evaluation-result.ts';
import type { Judgement } from '../judge-evaluation.ts';

const NANO_PER_USD = 1e9;

/** What is read from left to right stays so: these would let an answer show a line in another order than it is. */
export function withoutDirections(text: string): string {
  return text.replaceAll(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, '\uFFFD');
}

/** Why the first run that did not pass has not; empty when all did. */
export function failureOf(runs: readonly CaseRun[]): string {
  const run = runs.find((each) => each.kind === 'error' || !each.pass);
  if (run === undefined) return '';
  if (run.kind === 'error') return run.reason;
  const failed = run.assertions.find(({ pass }) => !pass);
  return failed === undefined ? 'the score is below its threshold' : `${failed.type}: ${failed.reason}`;
}

/** "2/3", or "2/3, 1 error". */
export function passesOf(runs: readonly CaseRun[]): string {
  const errors = runs.filter(({ kind }) => kind === 'error').length;
  const passes = runs.filter((run) => run.kind === 'judged' && run.pass).length;
  return `${passes}/${runs.length}${errors === 0 ? '' : `, ${errors} error${errors === 1 ? '' : 's'}`}`;
}

/** Of the first run that has one. */
export function answerOf(runs: readonly CaseRun[]): string {
  for (const run of runs) if (run.kind === 'judged') return run.text;
  return '';
}

export function dollarsOf(nanoUsd: number | null): string {
  return nanoUsd === null ? 'not known' : `$${(nanoUsd / NANO_PER_USD).toFixed(4)}`;
}

/** Cases that went over by majority, by name. */
export function flipsOf({ cases }: Judgement): {
  readonly worse: Judgement['cases'];
  readonly better: Judgement['cases'];
} {
  return {
    worse: cases.filter((each) => each.stableState === 'pass' && each.candidateState === 'fail'),
    better: cases.filter((each) => each.stableState === 'fail' && each.candidateState === 'pass'),
  };
}

/** Rows of figures: name, candidate, stable. */
export function figureRows({ verdict }: Judgement): readonly (readonly [string, string, string])[] {
  const { candidate, stable } = verdict;
  const row = (
    name: string,
    of: (figures: NonNullable<typeof candidate>) => string,
  ): readonly [string, string, string] => [
    name,
    candidate === null ? '' : of(candidate),
    stable === null ? '' : of(stable),
  ];
  return [
    row('Cases passed', ({ passed }) => `${passed} of ${verdict.goldenSet?.cases ?? 0}`),
    row('Cases in error', ({ errors }) => String(errors)),
    row('Answers of the right form', ({ schemaValidBasisPoints }) => `${schemaValidBasisPoints / 100} %`),
    row('Of these at the first try', ({ firstSchemaValidBasisPoints: first }) =>
      first === undefined ? 'not known' : `${first / 100} %`,
    ),
    row('Cost of all runs', ({ costNanoUsd }) => dollarsOf(costNanoUsd)),
    row('p95 latency', ({ p95LatencyMilliseconds }) => `${p95LatencyMilliseconds} ms`),
    row('Digest', ({ digest }) => digest.slice(0, 12)),
  ];
}

/** What was tested, how often, and by which judge with how much agreement, in a few sentences. */
export function describeSet({ verdict, judge }: Judgement): string {
  const { goldenSet, repeats } = verdict;
  const set = `${goldenSet?.cases ?? 0} cases, ${repeats} ${repeats === 1 ? 'repeat' : 'repeats'}; golden set ${goldenSet?.digest.slice(0, 12) ?? ''}.`;
  if (judge === undefined) return set;
  const agreement =
    judge.agreement === null
      ? ''
      : `; ${Number((judge.agreement * 100).toFixed(1))} % of the votes agreed with their majority`;
  return `${set} Judge: ${judge.model} (prompt ${judge.promptDigest.slice(0, 12)}), ${judge.votes} votes on each of ${judge.graded} answers${agreement}; charged ${dollarsOf(judge.chargedNanoUsd)}.`;
}
