/** What the agents cost, do, fail at and take. */
import type { Dashboard } from './dashboard.ts';

/** Chosen above the dashboard. */
const OF = '{namespace=~"$namespace"}';

export const FLEET: Dashboard = {
  uid: 'capataz-fleet',
  title: 'Capataz: fleet',
  description: 'What the agents cost, how much they do, how often they fail and how long they take.',
  hasNamespaces: true,
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Cost in an hour',
          kind: 'stat',
          unit: 'currencyUSD',
          queries: [{ expr: `sum(namespace_agent:capataz_cost_usd_per_hour:rate1h${OF})`, legend: 'cost' }],
        },
        {
          title: 'Requests',
          kind: 'stat',
          unit: 'reqps',
          queries: [{ expr: `sum(namespace_agent:capataz_requests:rate5m${OF})`, legend: 'requests' }],
        },
        {
          title: 'Requests that failed or were cut, of the last hour',
          kind: 'stat',
          unit: 'percentunit',
          alarmFrom: 0.05,
          queries: [
            { expr: `max(namespace:capataz_request_errors:ratio_rate1h${OF})`, legend: 'worst namespace' },
          ],
        },
        {
          title: 'Runs under way',
          kind: 'stat',
          unit: 'short',
          queries: [{ expr: `sum(capataz_agent_runs_in_flight${OF})`, legend: 'runs' }],
        },
      ],
    },
    {
      title: 'Money',
      panels: [
        {
          title: 'Cost in an hour, the ten dearest agents',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `topk(10, namespace_agent:capataz_cost_usd_per_hour:rate1h${OF})`,
              legend: '{{namespace}}/{{agent}}',
            },
          ],
        },
        {
          title: 'Tokens a second',
          kind: 'timeseries',
          unit: 'short',
          queries: [{ expr: `sum by (type) (rate(capataz_tokens_total${OF}[5m]))`, legend: '{{type}}' }],
        },
      ],
    },
    {
      title: 'Is it normal?',
      panels: [
        {
          title: 'Agents that are not as usual',
          kind: 'timeseries',
          unit: 'short',
          queries: [
            { expr: `sum(max by (namespace, agent) (capataz_agent_cost_abnormal${OF}))`, legend: 'cost' },
            {
              expr: `sum(max by (namespace, agent) (capataz_agent_latency_abnormal${OF}))`,
              legend: 'latency',
            },
            { expr: `sum(max by (namespace, agent) (capataz_agent_drift${OF}))`, legend: 'quality' },
          ],
        },
        {
          title: 'What the running hour comes to, by the usual, the ten largest',
          description:
            '1 is the median of this hour of the week. Agents that are still being learned are not here.',
          kind: 'timeseries',
          unit: 'short',
          queries: [
            {
              expr: `topk(10, max by (namespace, agent) (capataz_agent_cost_projected_usd${OF}) / max by (namespace, agent) (capataz_agent_cost_expected_usd{namespace=~"$namespace", bound="median"}))`,
              legend: '{{namespace}}/{{agent}}',
            },
          ],
        },
        {
          title: 'Agents whose cost is not as usual, beside what is',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `max by (namespace, agent) (capataz_agent_cost_projected_usd${OF}) and max by (namespace, agent) (capataz_agent_cost_abnormal${OF}) == 1`,
              legend: '{{namespace}}/{{agent}}: this hour',
            },
            {
              expr: `max by (namespace, agent, bound) (capataz_agent_cost_expected_usd{namespace=~"$namespace", bound=~"low|high"}) and on (namespace, agent) max by (namespace, agent) (capataz_agent_cost_abnormal${OF}) == 1`,
              legend: '{{namespace}}/{{agent}}: usual, {{bound}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Work',
      panels: [
        {
          title: 'Requests that failed or were cut, the ten worst agents',
          kind: 'timeseries',
          unit: 'percentunit',
          queries: [
            {
              expr: `topk(10, namespace_agent:capataz_request_errors:ratio_rate5m${OF} > 0)`,
              legend: '{{namespace}}/{{agent}}',
            },
          ],
        },
        {
          title: 'Mean time of a request, the ten slowest agents',
          kind: 'timeseries',
          unit: 's',
          queries: [
            {
              expr: `topk(10, namespace_agent:capataz_request_mean_seconds:rate5m${OF})`,
              legend: '{{namespace}}/{{agent}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Runs',
      panels: [
        {
          title: 'Runs by how they ended',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            { expr: `sum by (outcome) (rate(capataz_agent_runs_total${OF}[5m]))`, legend: '{{outcome}}' },
          ],
        },
        {
          title: 'Answers that a model was asked for again',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (namespace) (rate(capataz_agent_output_repairs_total${OF}[5m]))`,
              legend: '{{namespace}}',
            },
          ],
        },
        {
          title: 'Tool calls by how they ended',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (outcome) (rate(capataz_agent_tool_calls_total${OF}[5m]))`,
              legend: '{{outcome}}',
            },
          ],
        },
      ],
    },
  ],
};
