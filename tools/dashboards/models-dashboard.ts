/** The Models behind the router. */
import type { Dashboard } from './dashboard.ts';

/** Chosen above the dashboard. */
const OF = '{namespace=~"$namespace"}';

export const MODELS: Dashboard = {
  uid: 'capataz-models',
  title: 'Capataz: models',
  description: 'Health, speed and cost of the Models behind the router.',
  hasNamespaces: true,
  rows: [
    {
      title: 'Health',
      panels: [
        {
          title: 'Breakers that are open',
          kind: 'table',
          unit: 'short',
          queries: [
            {
              expr: `max by (namespace, model) (capataz_breaker_state{namespace=~"$namespace", state="open"}) == 1`,
              legend: '{{namespace}}/{{model}}',
            },
          ],
        },
        {
          title: 'Attempts that failed',
          kind: 'timeseries',
          unit: 'percentunit',
          queries: [
            {
              expr: `namespace_model:capataz_attempt_errors:ratio_rate5m${OF}`,
              legend: '{{namespace}}/{{model}}',
            },
          ],
        },
        {
          title: 'Attempts by result',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            { expr: `sum by (result) (rate(capataz_attempts_total${OF}[5m]))`, legend: '{{result}}' },
          ],
        },
      ],
    },
    {
      title: 'Speed',
      panels: [
        {
          title: '95 of 100 calls take no longer',
          kind: 'timeseries',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (le, gen_ai_request_model) (rate(gen_ai_client_operation_duration_seconds_bucket${OF}[5m])))`,
              legend: '{{gen_ai_request_model}}',
            },
          ],
        },
        {
          title: '95 of 100 requests take no longer, retries included',
          kind: 'timeseries',
          unit: 's',
          queries: [
            {
              expr: `namespace:gen_ai_server_request_duration_seconds:p95_rate5m${OF}`,
              legend: '{{namespace}}',
            },
          ],
        },
        {
          title: 'Requests that another Model had to answer',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            { expr: `sum by (namespace) (rate(capataz_failovers_total${OF}[5m]))`, legend: '{{namespace}}' },
          ],
        },
      ],
    },
    {
      title: 'Money',
      panels: [
        {
          title: 'Cost in an hour',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `namespace_model:capataz_cost_usd_per_hour:rate1h${OF}`,
              legend: '{{namespace}}/{{model}}',
            },
          ],
        },
        {
          title: 'Input tokens that the cache of the provider had',
          kind: 'timeseries',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (namespace, model) (rate(capataz_tokens_total{namespace=~"$namespace", type="cached_input"}[30m])) / sum by (namespace, model) (rate(capataz_tokens_total{namespace=~"$namespace", type=~"input|cached_input|cache_write"}[30m]))`,
              legend: '{{namespace}}/{{model}}',
            },
          ],
        },
      ],
    },
  ],
};
