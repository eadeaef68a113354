/** A verdict in a few sentences: what, by which figures, and how small a drop could have been seen. */
import type { GateVerdict, VerdictReason } from './gate-verdict.ts';

const MESSAGE_MAXIMUM_CHARACTERS = 1_000;
const ERROR_MAXIMUM_CHARACTERS = 240;
const WHOLE = 10_000;
const ABOUT_ERRORS: ReadonlySet<VerdictReason> = new Set(['too_many_errors', 'model_unusable']);

export function percent(basisPoints: number): string {
  return `${Number((basisPoints / 100).toFixed(2))} %`;
}

/** `commonestError` is why most of the runs that could not be judged could not. */
export function describeVerdict(verdict: Omit<GateVerdict, 'message'>, commonestError?: string): string {
  const { candidate, stable, goldenSet } = verdict;
  const error =
    commonestError === undefined ? '' : ` Most often: ${commonestError.slice(0, ERROR_MAXIMUM_CHARACTERS)}.`;
  const why = verdict.reasons
    .map((reason) => `${sentenceOf(reason, verdict)}${ABOUT_ERRORS.has(reason) ? error : ''}`)
    .join(' ');
  if (candidate === null || goldenSet === null) return `${verdict.verdict}: ${why}`;
  const bound =
    verdict.lowerBoundBasisPoints === null
      ? ''
      : ` (surely at least ${percent(verdict.lowerBoundBasisPoints)})`;
  const beside =
    stable === null
      ? 'There is no stable version to compare with.'
      : `Stable passes ${stable.passed}: ${countedCases(verdict.worse)} got worse and ${verdict.better.names.length + verdict.better.more} better (p = ${(verdict.mcNemarP ?? 1).toFixed(3)}). ${describeDetectable(verdict)}`;
  return `${verdict.verdict}: ${why} The candidate passes ${candidate.passed} of ${goldenSet.cases} cases${bound}. ${beside}${describeRepairs(verdict)}${describeJudge(verdict.judge)}`.slice(
    0,
    MESSAGE_MAXIMUM_CHARACTERS,
  );
}

/** A repaired answer is right in the end and judged as such, but nobody should have to ask whether there were any. */
function describeRepairs({ candidate, stable }: Pick<GateVerdict, 'candidate' | 'stable'>): string {
  const [first, ofStable] = [candidate, stable].map((arm) => arm?.firstSchemaValidBasisPoints);
  if (first === undefined || first === WHOLE) return '';
  const beside = ofStable === undefined ? '' : ` (of stable ${percent(ofStable)})`;
  return ` At the first try ${percent(first)} of its answers had their form${beside}, before any repair.`;
}

/** Whatever a reader must know of a judge before trusting its votes; empty when there is nothing. */
function describeJudge(judge: GateVerdict['judge']): string {
  if (judge === null) return '';
  const own =
    judge.ownAnswers === 0
      ? ''
      : ` The judge ${judge.model} graded ${judge.ownAnswers} of ${judge.graded} answers that it had given itself: models favour their own.`;
  const others = judge.served.filter((name) => name !== judge.model);
  const changed =
    judge.served.length < 2
      ? ''
      : ` More than one model answered for the judge ${judge.model} (${[judge.model, ...others].slice(0, 4).join(', ')}), so that it is not the same for all answers.`;
  return `${own}${changed}`;
}

function countedCases({ names, more }: GateVerdict['worse']): string {
  const count = names.length + more;
  return `${count} ${count === 1 ? 'case' : 'cases'}`;
}

/** Which cases went over, by name, the lost ones first: as many as there is room for. Empty when none did. */
export function describeFlips(
  { worse, better }: Pick<GateVerdict, 'worse' | 'better'>,
  maximumCharacters: number,
): string {
  let text = '';
  for (const [title, { names, more }] of [
    ['Got worse', worse],
    ['Got better', better],
  ] as const) {
    const total = names.length + more;
    // Also room for the number of those that are not named.
    const room = maximumCharacters - text.length - title.length - 30;
    const named: string[] = [];
    for (const name of names) {
      if ([...named, name].join(', ').length <= room) named.push(name);
      else break;
    }
    if (total === 0 || named.length === 0) continue;
    const rest = total - named.length;
    text += ` ${title}: ${named.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}.`;
  }
  return text.trim();
}

export function describeDetectable({
  detectableDropBasisPoints,
}: Pick<GateVerdict, 'detectableDropBasisPoints'>): string {
  return detectableDropBasisPoints === null
    ? 'This set is too small to find any drop.'
    : `A drop of ${percent(detectableDropBasisPoints)} or more would have been found with a probability of 80 %; a smaller one may have been missed.`;
}

function sentenceOf(reason: VerdictReason, verdict: Omit<GateVerdict, 'message'>): string {
  const floor = percent(verdict.floorBasisPoints ?? 0);
  const { stable } = verdict;
  const lost = verdict.criticalRegressions.names.slice(0, 3).join(', ');
  const sentences: Readonly<Record<VerdictReason, string>> = {
    passed: 'Every rule holds.',
    below_floor: `The share of passed cases does not surely reach the floor of ${floor}.`,
    worse_than_stable: 'The candidate is worse than stable.',
    critical_regression: `Critical cases fail: ${lost}.`,
    schema_invalid: `Only ${percent(verdict.candidate?.schemaValidBasisPoints ?? 0)} of the answers have the form that they must have.`,
    first_answers_invalid:
      stable === null
        ? `Too few of the first answers have the form that they must have: the share of such cases does not surely reach ${floor}.`
        : 'Fewer first answers than those of stable have the form that they must have.',
    cost_over_budget: 'The candidate costs more than it may beside stable.',
    latency_over_budget: 'The candidate is slower than it may be beside stable.',
    too_many_errors: 'Too many runs ended in errors of the model or the judge, so nothing is proven.',
    cost_unknown: 'What a run costs is not known, so no budget can be held to: give the Model a price.',
    budget_exhausted: 'The budget was spent before all cases were run.',
    interrupted: 'It was interrupted; run it again, and it goes on from its cache.',
    golden_set_invalid: 'The golden set cannot be loaded.',
    prompt_invalid: 'A prompt cannot be run.',
    model_unusable: 'No case could be run.',
  };
  return sentences[reason];
}
