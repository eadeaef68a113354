/** Agents and what an observer would say of them. */
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { NamespaceSummary } from '#domain/observation/fleet-summary.ts';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';

export function anAgent(
  namespace: string,
  name: string,
  ready = 'True',
): {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly [field: string]: unknown;
} {
  return {
    metadata: { name, namespace },
    spec: { promptRef: { name: 'triage' }, modelPolicy: { allow: [{ name: 'small' }] } },
    status: {
      prompt: { version: 'triage-a', digest: 'a'.repeat(64) },
      conditions: [
        {
          type: 'Ready',
          status: ready,
          reason: 'Ready',
          message: `${name} says how it is.`,
          lastTransitionTime: '2026-11-26T10:00:00Z',
        },
      ],
    },
  };
}

export function aMeasure(amount: number, verdict: JudgedMeasure['verdict'] = 'normal'): JudgedMeasure {
  return {
    verdict,
    amount,
    projected: amount * 2,
    usual: { low: amount, median: amount * 2, high: amount * 3, basis: 'hour_of_week' },
    ratio: 1,
    sentence: `It comes to ${amount * 2}.`,
    sinceMicroseconds: null,
  };
}

export function aRow(namespace: string, name: string, more: Partial<AgentRow> = {}): AgentRow {
  const finding = {
    status: 'False',
    reason: 'Usual',
    sentence: 'As usual.',
    sinceMicroseconds: null,
  } as const;
  return {
    namespace,
    name,
    uid: `uid-${namespace}/${name}`,
    state: 'ready',
    stateSentence: '',
    prompt: null,
    models: [],
    cost: aMeasure(1_000_000),
    latency: aMeasure(500_000),
    drift: finding,
    probed: finding,
    hourlyCosts: [1_000_000, 2_000_000],
    costMonthToDate: 5_000_000,
    costMonthEnd: 10_000_000,
    runs: { total: 7, failed: 1, fitting: 6, unfitting: 1 },
    securityEvents: { total: 3, blocked: 3 },
    lastRunMicroseconds: 1_764_160_000_000_000,
    ...more,
  };
}

export function aSummary(namespace: string, amount = 1_000_000): NamespaceSummary {
  return {
    namespace,
    agents: 1,
    cost: aMeasure(amount),
    costMonthToDate: amount * 100,
    costMonthEnd: amount * 200,
    runsLastHour: 10,
    failedRunsLastHour: 1,
  };
}

export function anItem(
  id: string,
  agents: readonly (readonly [string, string])[],
  more: Partial<AttentionItem> = {},
): AttentionItem {
  return {
    id,
    kind: 'cost',
    urgency: 'page',
    agents: agents.map(([namespace, name]) => ({ namespace, name })),
    subject: null,
    title: `Cost of ${agents.map(([, name]) => name).join(' and ')}`,
    why: `It costs more in ${agents.map(([namespace]) => namespace).join(' and ')}.`,
    causes: [],
    runs: [],
    sinceMicroseconds: 1_764_160_000_000_000,
    silence: null,
    ...more,
  };
}
