import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { NamespaceSummary } from '#domain/observation/fleet-summary.ts';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';
import type { NowAnswer } from '#services/console/api/answers.ts';

const DOLLAR = 1_000_000_000;

export function fleetSummary(
  rows: readonly AgentRow[],
): Omit<NowAnswer, 'attention' | 'rollouts' | 'asOfMicroseconds' | 'problem'> {
  const byNamespace = Map.groupBy(rows, ({ namespace }) => namespace);
  const namespaces = [...byNamespace].map(([namespace, own]) => summaryOf(namespace, own));
  const whole = summaryOf('', rows);
  return {
    cost: whole.cost,
    costMonthToDate: whole.costMonthToDate,
    costMonthEnd: whole.costMonthEnd,
    runsLastHour: whole.runsLastHour,
    failedRunsLastHour: whole.failedRunsLastHour,
    agents: rows.length,
    agentsReady: rows.filter(({ state }) => state === 'ready').length,
    namespaces,
  };
}

function summaryOf(namespace: string, rows: readonly AgentRow[]): NamespaceSummary {
  const sum = (amount: (row: AgentRow) => number | null): number =>
    rows.reduce((total, row) => total + (amount(row) ?? 0), 0);
  return {
    namespace,
    agents: rows.length,
    cost: costOf(rows, sum),
    costMonthToDate: sum(({ costMonthToDate }) => costMonthToDate),
    costMonthEnd: sum(({ costMonthEnd }) => costMonthEnd),
    runsLastHour: sum(({ runs }) => runs.total),
    failedRunsLastHour: sum(({ runs }) => runs.failed),
  };
}

function costOf(
  rows: readonly AgentRow[],
  sum: (amount: (row: AgentRow) => number | null) => number,
): JudgedMeasure {
  const projected = sum(({ cost }) => cost.projected);
  const median = sum(({ cost }) => cost.usual?.median ?? null);
  const [low, high] = [Math.round(median * 0.86), Math.round(median * 1.02)];
  const tell = (amount: number): string => `$${Math.round(amount / DOLLAR)}`;
  return {
    verdict: projected > high ? 'abnormal' : 'normal',
    amount: sum(({ cost }) => cost.amount),
    projected,
    usual: { low, median, high, basis: 'hour_of_week' },
    ratio: projected / median,
    sentence: `${tell(projected)} this hour over ${rows.length} agents; usual for Thursday 13h: ${tell(low)} to ${tell(high)}. Most of what is more comes from order-classifier since the price of gpt-large changed.`,
    sinceMicroseconds: null,
  };
}
