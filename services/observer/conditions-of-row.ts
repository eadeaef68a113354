/** What the observer says of an Agent in its conditions, and when that is worth a write. */
import { type Condition, type ConditionClaim, mergeConditions } from '#crds/conditions.ts';
import { type ObservedConditionType, isObservedCondition } from '#crds/observed-conditions.ts';
import type { AgentRow, Finding } from '#domain/observation/agent-row.ts';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';

type Claim = ConditionClaim<ObservedConditionType>;

/** Between two writes while no status changes. */
const LEAST_MILLISECONDS = 300_000;
/** A number that moved by less says the same. */
const MATERIAL_SHARE = 0.1;

export function claimsOf({ cost, latency, drift, probed }: AgentRow): readonly Claim[] {
  return [
    { type: 'CostNormal', ...claimOfMeasure(cost) },
    { type: 'LatencyNormal', ...claimOfMeasure(latency) },
    { type: 'Drift', status: drift.status, reason: reasonOfDrift(drift), message: drift.sentence },
    { type: 'Probed', status: probed.status, reason: probed.reason, message: probed.sentence },
  ];
}

/** Of one that drifted the reason is its likeliest cause, which may be another one tomorrow: the sentence has it. */
function reasonOfDrift({ status, reason }: Finding): string {
  return status === 'True' ? 'QualityDrifted' : reason;
}

const SAID_OF_VERDICTS = {
  normal: { status: 'True', reason: 'AsUsual' },
  expected: { status: 'True', reason: 'Expected' },
  abnormal: { status: 'False', reason: 'AboveUsual' },
  learning: { status: 'Unknown', reason: 'Learning' },
  unknown: { status: 'Unknown', reason: 'NothingKnown' },
} as const satisfies Record<JudgedMeasure['verdict'], Pick<Claim, 'status' | 'reason'>>;

function claimOfMeasure({ verdict, sentence }: JudgedMeasure): Omit<Claim, 'type'> {
  return { ...SAID_OF_VERDICTS[verdict], message: sentence };
}

export interface StandingConditions {
  readonly conditions: readonly Condition[];
  readonly generation: number;
}

/** The conditions as they should stand; undefined while what stands there says the same. */
export function conditionsToWrite(
  row: AgentRow,
  standing: StandingConditions,
  lastWrite: Date | undefined,
  now: Date,
): readonly Condition[] | undefined {
  const claims = claimsOf(row);
  const ours = standing.conditions.filter(isObservedCondition);
  const isDue = lastWrite === undefined || now.getTime() - lastWrite.getTime() >= LEAST_MILLISECONDS;
  const isWorthIt = claims.some((claim) => {
    const before = ours.find(({ type }) => type === claim.type);
    if (before === undefined) return true;
    if (before.status !== claim.status) return true;
    return isDue && (before.reason !== claim.reason || saysSomethingElse(before.message, claim.message));
  });
  return isWorthIt ? mergeConditions(ours, claims, standing.generation, now) : undefined;
}

const NUMBER = /\d+(?:[,.]\d+)*/g;

/** Other words, or a number that moved by a tenth. */
function saysSomethingElse(before: string, after: string): boolean {
  if (before === after) return false;
  if (before.replaceAll(NUMBER, '#') !== after.replaceAll(NUMBER, '#')) return true;
  const [old, young] = [numbersIn(before), numbersIn(after)];
  return old.some((number, index) => {
    const other = young[index] ?? Number.NaN;
    return !(Math.abs(other - number) <= MATERIAL_SHARE * Math.abs(number));
  });
}

function numbersIn(text: string): readonly number[] {
  return (text.match(NUMBER) ?? []).map((number) => Number(number.replaceAll(',', '')));
}
