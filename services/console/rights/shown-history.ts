/** The history and the conditions of one agent as one person may see them. */
import type { AgentHistory } from '#domain/observation/agent-history.ts';
import type { Condition } from '../api/answers.ts';
import type { Visible } from './visible.ts';

export function shownHistory(history: AgentHistory, namespace: string, visible: Visible): AgentHistory {
  const hasCosts = visible.costs.includes(namespace);
  const hasRuns = visible.runs.includes(namespace);
  return {
    costs: hasCosts ? history.costs : [],
    costChange: hasCosts ? history.costChange : null,
    latencies: hasRuns ? history.latencies : [],
    signals: hasRuns ? history.signals : [],
    causes: hasRuns ? history.causes : [],
    changes: history.changes,
  };
}

/** What the observer writes on an Agent has the numbers in its sentence. */
const HIDDEN: ReadonlyMap<string, 'costs' | 'runs'> = new Map([
  ['CostNormal', 'costs'],
  ['LatencyNormal', 'runs'],
  ['Drift', 'runs'],
  ['Probed', 'runs'],
]);

export function shownConditions(
  conditions: readonly Condition[],
  namespace: string,
  visible: Visible,
): readonly Condition[] {
  return conditions.filter(({ type }) => {
    const right = HIDDEN.get(type);
    return right === undefined || visible[right].includes(namespace);
  });
}
