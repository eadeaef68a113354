/** Outcomes of rollouts as rows, the same in both stores, and how rows become outcomes again. */
import type { JudgedOutcome } from '#domain/judging/run-outcome.ts';
import type { RunOfOutcome } from '#domain/judging/outcome-of-entry.ts';
import type { OutcomeOfRollout } from '#domain/ledger/rollups/judged-outcomes.ts';

/** After `position` and `tree`. */
export const JUDGED_COLUMNS = [
  'rollout',
  'digest',
  'arm',
  'agent_uid',
  'run_id',
  'session',
  'kind',
  'word',
  'is_good',
  'is_schema_valid',
  'have_tools_succeeded',
  'is_refusal',
  'cost_nano_usd',
  'duration_microseconds',
] as const;

export interface JudgedRow {
  readonly position: number;
  readonly digest: string;
  readonly arm: string;
  readonly agent_uid: string;
  readonly run_id: string;
  readonly session: string | null;
  readonly kind: string;
  readonly word: string;
  readonly is_good: number | null;
  readonly is_schema_valid: number | null;
  readonly have_tools_succeeded: number | null;
  readonly is_refusal: number | null;
  readonly cost_nano_usd: number | null;
  readonly duration_microseconds: number | null;
}

/** `began_at` stands in the row of the run, where it is asked for. */
export type RunOfOutcomeRow = Pick<JudgedRow, 'agent_uid' | 'arm' | 'digest' | 'session'> & {
  readonly began_at?: number | null;
};

/** In the order of JUDGED_COLUMNS. `toColumn`: of texts that come from outside. */
export function judgedValues(
  { rollout, outcome }: OutcomeOfRollout,
  toColumn: (text: string) => string = (text) => text,
): readonly (string | number | null)[] {
  const run = outcome.kind === 'run' ? outcome : undefined;
  const isGood =
    outcome.kind === 'feedback' ? outcome.isGood : outcome.kind === 'run' ? outcome.hasSucceeded : undefined;
  return [
    toColumn(rollout),
    outcome.digest,
    outcome.arm,
    toColumn(outcome.agentUid),
    outcome.runId,
    outcome.session ?? null,
    outcome.kind,
    outcome.kind === 'feedback' ? outcome.metric : outcome.kind === 'safety' ? outcome.event : '',
    flag(isGood),
    flag(run?.isSchemaValid),
    flag(run?.haveToolsSucceeded),
    flag(run?.isRefusal),
    run?.costNanoUsd ?? null,
    run?.durationMicroseconds ?? null,
  ];
}

/** When it was told does not stand in the row: nothing that is counted needs it. */
export function outcomeOfRow(row: JudgedRow): JudgedOutcome {
  const of = { position: row.position, atMicroseconds: 0, runId: row.run_id, ...runOfRow(row) };
  if (row.kind === 'feedback')
    return { ...of, kind: 'feedback', metric: row.word, isGood: row.is_good === 1 };
  if (row.kind === 'safety') return { ...of, kind: 'safety', event: row.word };
  return {
    ...of,
    kind: 'run',
    hasSucceeded: row.is_good === 1,
    ...(row.is_schema_valid === null ? {} : { isSchemaValid: row.is_schema_valid === 1 }),
    ...(row.have_tools_succeeded === null ? {} : { haveToolsSucceeded: row.have_tools_succeeded === 1 }),
    ...(row.is_refusal === null ? {} : { isRefusal: row.is_refusal === 1 }),
    ...(row.cost_nano_usd === null ? {} : { costNanoUsd: row.cost_nano_usd }),
    durationMicroseconds: row.duration_microseconds ?? 0,
  };
}

export function runOfRow({
  agent_uid: agentUid,
  arm,
  digest,
  session,
  began_at: beganAtMicroseconds,
}: RunOfOutcomeRow): RunOfOutcome {
  return {
    agentUid,
    arm: arm === 'candidate' ? 'candidate' : 'stable',
    digest,
    ...(session === null ? {} : { session }),
    ...(typeof beganAtMicroseconds === 'number' && { beganAtMicroseconds }),
  };
}

function flag(value: boolean | undefined): number | null {
  return value === undefined ? null : Number(value);
}
