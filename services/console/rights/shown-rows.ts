/** A row with all taken out that the person may not see: what is hidden is null or unknown, never 0 and never normal. */
import type { ShownNamespace, ShownRow } from '../api/answers.ts';
import type { NamespaceSummary } from '#domain/observation/fleet-summary.ts';
import { unknownFinding, unknownMeasure } from '../objects/agent-objects.ts';
import type { Right } from './rights.ts';
import type { Visible } from './visible.ts';

/** Undefined: the person may not see the namespace. */
export function shownRow(row: ShownRow, visible: Visible): ShownRow | undefined {
  const { namespace } = row;
  if (!visible.agents.includes(namespace)) return undefined;
  return {
    ...row,
    ...(visible.costs.includes(namespace) ? {} : withoutCosts(namespace)),
    ...(visible.runs.includes(namespace) ? {} : withoutRuns(namespace)),
    ...(visible.securityEvents.includes(namespace) ? {} : { securityEvents: null }),
  };
}

function withoutCosts(namespace: string): Partial<ShownRow> {
  return {
    cost: unknownMeasure(hidden('get agents/costs', namespace)),
    hourlyCosts: [],
    costMonthToDate: null,
    costMonthEnd: null,
  };
}

function withoutRuns(namespace: string): Partial<ShownRow> {
  const sentence = hidden('get agents/runs', namespace);
  return {
    latency: unknownMeasure(sentence),
    drift: unknownFinding('NotAllowed', sentence),
    probed: unknownFinding('NotAllowed', sentence),
    runs: null,
    lastRunMicroseconds: null,
  };
}

export function shownNamespace(summary: NamespaceSummary, visible: Visible): ShownNamespace | undefined {
  const { namespace } = summary;
  if (!visible.agents.includes(namespace)) return undefined;
  const cost = unknownMeasure(hidden('get agents/costs', namespace));
  return {
    ...summary,
    ...(visible.costs.includes(namespace) ? {} : { cost, costMonthToDate: null, costMonthEnd: null }),
    ...(visible.runs.includes(namespace) ? {} : { runsLastHour: null, failedRunsLastHour: null }),
  };
}

function hidden(right: Right, namespace: string): string {
  return `You lack the right "${right}" in namespace ${namespace}.`;
}
