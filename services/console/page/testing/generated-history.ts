import type { AgentHistory } from '#domain/observation/agent-history.ts';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { AgentAnswer, DriftAnswer } from '#services/console/api/answers.ts';
import { Chance } from './chance.ts';

const HOUR = 3_600_000_000;
const HOURS = 336;
const SIGNALS = ['unfitting', 'repaired', 'refused', 'truncated', 'tool_errors', 'many_steps', 'slow'];

export function generateHistory(row: AgentRow, now: number): AgentHistory {
  const chance = new Chance(row.name.length * 977 + row.namespace.length);
  const hours = (measure: AgentRow['cost'], spikes: boolean): AgentHistory['costs'] =>
    Array.from({ length: HOURS }, (_, at) => {
      const day = 0.7 + 0.4 * Math.sin((((at % 24) - 4) / 24) * Math.PI * 2);
      const median = Math.round((measure.usual?.median ?? 1_000_000) * day);
      const isLate = spikes && at > HOURS - 4;
      return {
        atMicroseconds: now - (HOURS - at) * HOUR,
        amount: at % 97 === 11 ? null : Math.round(median * chance.between(0.8, 1.2) * (isLate ? 3.1 : 1)),
        usual: at < 60 ? null : { low: median * 0.7, median, high: median * 1.35, basis: 'hour_of_week' },
      };
    });
  return {
    costs: hours(row.cost, row.cost.verdict === 'abnormal'),
    latencies: hours(row.latency, row.latency.verdict === 'abnormal'),
    changes: [
      {
        atMicroseconds: now - 2.4 * HOUR,
        kind: 'price',
        sentence: 'Model gpt-large: $2.50 to $7.50 a million input tokens.',
      },
      {
        atMicroseconds: now - 50 * HOUR,
        kind: 'prompt',
        sentence: 'email-prompt-v12 became stable (b7c1a2f0).',
      },
      { atMicroseconds: now - 200 * HOUR, kind: 'tools', sentence: 'The tool lookup_order was added.' },
    ],
    costChange: {
      fromNanoUsd: 812_340_123_456,
      toNanoUsd: 1_344_901_223_111,
      parts: [
        { cause: 'calls', nanoUsd: 41_000_000_001 },
        { cause: 'models', nanoUsd: 0 },
        { cause: 'retries', nanoUsd: 3_221_000_000 },
        { cause: 'tokens', nanoUsd: 61_720_000_017 },
        { cause: 'answers', nanoUsd: -9_400_000_000 },
        { cause: 'cache', nanoUsd: -22_100_000_000 },
        { cause: 'price', nanoUsd: 458_120_099_637 },
      ],
    },
    signals: signalsOf(row, chance),
    causes:
      row.drift.status === 'True'
        ? [
            {
              cause: 'served_model',
              sentence: 'claude-medium has answered as claude-medium-20261120 since 09:12.',
              atMicroseconds: now - 4 * HOUR,
            },
          ]
        : [],
  };
}

function signalsOf(row: AgentRow, chance: Chance): AgentHistory['signals'] {
  return SIGNALS.map((signal, at) => {
    const isDrifted = row.drift.status === 'True' && at === 0;
    const isUnknown = row.drift.status === 'Unknown';
    const usualShare = chance.between(0.002, 0.03);
    return {
      signal,
      phase: isDrifted ? 'drifted' : isUnknown ? (at === 6 ? 'unknown' : 'learning') : 'watching',
      usualShare: isUnknown ? null : usualShare,
      recentShare: isUnknown ? null : isDrifted ? 0.081 : usualShare * chance.between(0.8, 1.2),
      score: isUnknown ? null : isDrifted ? 14.2 : chance.between(0, 5),
      threshold: isUnknown ? null : 9.8,
      runs: chance.whole(200, 9000),
    };
  });
}

export function generateAgent(row: AgentRow, attention: AgentAnswer['attention'], now: number): AgentAnswer {
  const at = new Date(now / 1000 - 7_200_000).toISOString();
  const finding = (type: string, status: 'True' | 'False' | 'Unknown', reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime: at,
  });
  return {
    asOfMicroseconds: now,
    problem: null,
    row,
    history: generateHistory(row, now),
    attention: attention.filter(({ agents }) =>
      agents.some(({ namespace, name }) => namespace === row.namespace && name === row.name),
    ),
    conditions: [
      finding(
        'Ready',
        row.state === 'stalled' ? 'False' : 'True',
        row.state === 'stalled' ? 'KeyMissing' : 'Serving',
        row.stateSentence,
      ),
      finding(
        'CostNormal',
        row.cost.verdict === 'normal' ? 'True' : row.cost.verdict === 'abnormal' ? 'False' : 'Unknown',
        'Judged',
        row.cost.sentence,
      ),
      finding(
        'LatencyNormal',
        row.latency.verdict === 'normal' ? 'True' : 'False',
        'Judged',
        row.latency.sentence,
      ),
      finding('Drift', row.drift.status, row.drift.reason, row.drift.sentence),
      finding('Probed', 'Unknown', 'NoProbes', 'No golden set is named for probes.'),
    ],
  };
}

export function generateDrift(rows: readonly AgentRow[], now: number): DriftAnswer {
  const shown = [
    ...rows.filter(({ drift }) => drift.status === 'True'),
    ...rows.filter(({ drift }) => drift.status === 'Unknown'),
    ...rows.slice(20, 40),
  ];
  return {
    asOfMicroseconds: now,
    problem: null,
    agents: shown.map((row) => {
      const { signals, causes } = generateHistory(row, now);
      const { namespace, name, drift, probed, prompt } = row;
      return { namespace, name, drift, probed, prompt, signals, causes };
    }),
    watching: rows.filter(({ drift }) => drift.status === 'False').length,
    learning: 2,
    unknown: 1,
    falseAlarmsPerWeek: 1,
  };
}
