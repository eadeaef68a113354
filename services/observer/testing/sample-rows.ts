/** A row as the watch makes it, of an agent of which nothing is known. */
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';

const NOTHING_KNOWN: JudgedMeasure = {
  verdict: 'unknown',
  amount: null,
  projected: null,
  usual: null,
  ratio: null,
  sentence: 'Nothing is known of it.',
  sinceMicroseconds: null,
};

export function aRow(changes: Partial<AgentRow> = {}): AgentRow {
  const finding = {
    status: 'Unknown',
    reason: 'Learning',
    sentence: 'So far nothing.',
    sinceMicroseconds: null,
  } as const;
  return {
    namespace: 'shop',
    name: 'triage',
    uid: 'uid-of-triage',
    state: 'ready',
    stateSentence: 'All pods are ready.',
    prompt: null,
    models: ['fast'],
    cost: NOTHING_KNOWN,
    latency: NOTHING_KNOWN,
    drift: finding,
    probed: finding,
    hourlyCosts: [],
    costMonthToDate: null,
    costMonthEnd: null,
    runs: { total: 0, failed: 0, fitting: 0, unfitting: 0 },
    securityEvents: { total: 0, blocked: 0 },
    lastRunMicroseconds: null,
    ...changes,
  };
}
