/** The fleet in a few numbers, by namespace. */
import type { AgentRow } from '../observation/agent-row.ts';
import type { NamespaceSummary } from '../observation/fleet-summary.ts';
import type { JudgedMeasure } from '../observation/judged-measure.ts';
import type { LocalHours } from '../normality/local-hours.ts';
import { band, bounded, counted, dollars, times } from './sentences.ts';
import { HOUR_MICROSECONDS } from './time-units.ts';

export function summariesOf(
  rows: readonly AgentRow[],
  local: LocalHours,
  nowMicroseconds: number,
): NamespaceSummary[] {
  const byNamespace = Map.groupBy(rows, ({ namespace }) => namespace);
  const hourName = local.nameOf(Math.floor(nowMicroseconds / HOUR_MICROSECONDS));
  return Array.from(byNamespace, ([namespace, ofNamespace]) =>
    summaryOf(namespace, ofNamespace, hourName),
  ).toSorted((one, other) => (one.namespace < other.namespace ? -1 : 1));
}

function summaryOf(namespace: string, rows: readonly AgentRow[], hourName: string): NamespaceSummary {
  return {
    namespace,
    agents: rows.length,
    cost: addedCosts(rows, hourName),
    costMonthToDate: sumOf(rows.map((row) => row.costMonthToDate)),
    costMonthEnd: sumOf(rows.map((row) => row.costMonthEnd)),
    runsLastHour: rows.reduce((sum, { runs }) => sum + runs.total, 0),
    failedRunsLastHour: rows.reduce((sum, { runs }) => sum + runs.failed, 0),
  };
}

/**
 * Costs of several agents as one. Their bands are put together as those of things that stray independently. Exported for
 * whoever adds up namespaces.
 */
export function addedCosts(rows: readonly Pick<AgentRow, 'cost'>[], hourName: string): JudgedMeasure {
  const costs = rows.map(({ cost }) => cost);
  const amount = sumOf(costs.map((cost) => cost.amount));
  const projected = sumOf(costs.map((cost) => cost.projected));
  const bands = costs.flatMap(({ usual }) => (usual === null ? [] : [usual]));
  const median = bands.reduce((sum, usual) => sum + usual.median, 0);
  const spread = (end: 'low' | 'high'): number =>
    Math.hypot(...bands.map((usual) => usual[end] - usual.median));
  const [first] = bands;
  const usual =
    first === undefined || bands.length < rows.length
      ? null
      : {
          low: Math.max(0, median - spread('low')),
          median,
          high: median + spread('high'),
          basis: first.basis,
        };
  const said = projected ?? amount;
  const ratio = usual === null || said === null || median === 0 ? null : said / median;
  const abnormal = costs.filter(({ verdict }) => verdict === 'abnormal');
  const since = abnormal.flatMap(({ sinceMicroseconds }) => sinceMicroseconds ?? []);
  const sentences = [
    amount === null ? 'What it costs is not known' : `${dollars(amount)} this hour`,
    ...(usual === null
      ? []
      : [`usual for ${hourName}: ${band(usual, dollars)}${ratio === null ? '' : ` (${times(ratio)})`}`]),
    ...(abnormal.length === 0
      ? []
      : [
          `${counted(abnormal.length, 'agent')} ${abnormal.length === 1 ? 'costs' : 'cost'} more than is usual`,
        ]),
  ];
  return {
    verdict: verdictOf(costs),
    amount,
    projected,
    usual,
    ratio,
    sentence: bounded(sentences.join('; ')),
    sinceMicroseconds: since.length === 0 ? null : Math.min(...since),
  };
}

function verdictOf(costs: readonly JudgedMeasure[]): JudgedMeasure['verdict'] {
  const count = (verdict: JudgedMeasure['verdict']): number =>
    costs.filter((cost) => cost.verdict === verdict).length;
  if (count('abnormal') > 0) return 'abnormal';
  if (count('expected') > 0) return 'expected';
  if (count('unknown') * 2 > costs.length || costs.length === 0) return 'unknown';
  return count('learning') * 2 > costs.length ? 'learning' : 'normal';
}

/** Null where nothing at all is known. */
function sumOf(amounts: readonly (number | null)[]): number | null {
  const known = amounts.filter((amount) => amount !== null);
  return known.length === 0 ? null : known.reduce((sum, amount) => sum + amount, 0);
}
