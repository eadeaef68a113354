/** Releases of prompts. */
import type { Dashboard } from './dashboard.ts';

/** Chosen above the dashboard. */
const OF = '{namespace=~"$namespace"}';

export const ROLLOUTS: Dashboard = {
  uid: 'capataz-rollouts',
  title: 'Capataz: releases of prompts',
  description: 'Which prompts are being released, to whom, and how their candidates do beside stable.',
  hasNamespaces: true,
  rows: [
    {
      title: 'Releases',
      panels: [
        {
          title: 'Phases, but those that rest',
          kind: 'table',
          unit: 'short',
          queries: [
            {
              expr: `max by (namespace, rollout, phase) (capataz_rollout_phase{namespace=~"$namespace", phase!="Idle"}) == 1`,
              legend: '{{rollout}} {{phase}}',
            },
          ],
        },
        {
          title: 'Share that takes the candidate',
          kind: 'timeseries',
          unit: 'percentunit',
          queries: [
            {
              expr: `max by (namespace, rollout) (capataz_rollout_exposed_ratio${OF}) > 0`,
              legend: '{{namespace}}/{{rollout}}',
            },
          ],
        },
        {
          title: 'Candidates that were stopped, of the last day',
          kind: 'stat',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (reason) (increase(capataz_rollout_candidates_worse_total[1d]))',
              legend: '{{reason}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Arms',
      panels: [
        {
          title: 'Runs that succeeded, by arm',
          kind: 'timeseries',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (rollout, arm) (rate(capataz_agent_runs_total{namespace=~"$namespace", outcome="succeeded"}[15m])) / sum by (rollout, arm) (rate(capataz_agent_runs_total${OF}[15m]))`,
              legend: '{{rollout}} {{arm}}',
            },
          ],
        },
        {
          title: 'Steps of a run, by arm',
          kind: 'timeseries',
          unit: 'short',
          queries: [
            {
              expr: `sum by (arm) (rate(capataz_agent_run_steps_sum${OF}[15m])) / sum by (arm) (rate(capataz_agent_run_steps_count${OF}[15m]))`,
              legend: '{{arm}}',
            },
          ],
        },
        {
          title: 'Outcomes that the judges were given',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (arm, kind) (rate(capataz_rollout_outcomes_total[5m]))',
              legend: '{{arm}} {{kind}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Pods',
      panels: [
        {
          title: 'Pods that cannot serve the candidate',
          kind: 'timeseries',
          unit: 'short',
          alarmFrom: 1,
          queries: [
            { expr: `sum by (namespace) (capataz_agent_candidate_refused${OF})`, legend: '{{namespace}}' },
          ],
        },
        {
          title: 'Pods that do not hear the operator',
          kind: 'timeseries',
          unit: 'short',
          alarmFrom: 1,
          queries: [
            {
              expr: `sum by (namespace) (capataz_agent_configuration_stream_up${OF} == bool 0)`,
              legend: '{{namespace}}',
            },
          ],
        },
      ],
    },
  ],
};
