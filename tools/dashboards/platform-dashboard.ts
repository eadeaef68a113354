/** Capataz itself. */
import type { Dashboard } from './dashboard.ts';

export const PLATFORM: Dashboard = {
  uid: 'capataz-platform',
  title: 'Capataz: itself',
  description: 'Operator, router and ledger: who leads, what waits, what is behind.',
  hasNamespaces: false,
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Operators that lead',
          kind: 'stat',
          unit: 'short',
          queries: [{ expr: 'sum(capataz_operator_leader)', legend: 'leaders' }],
        },
        {
          title: 'Ledgers that take records',
          kind: 'stat',
          unit: 'short',
          queries: [{ expr: 'sum(capataz_ledger_writable)', legend: 'replicas' }],
        },
        {
          title: 'Logs that lack what was signed',
          kind: 'stat',
          unit: 'short',
          alarmFrom: 1,
          queries: [{ expr: 'max(capataz_ledger_tamper_alarms)', legend: 'logs' }],
        },
        {
          title: 'Entries have waited for the witness',
          kind: 'stat',
          unit: 's',
          alarmFrom: 60,
          queries: [{ expr: 'max(capataz_ledger_witness_lag_seconds)', legend: 'longest' }],
        },
      ],
    },
    {
      title: 'Operator',
      panels: [
        {
          title: 'Writes to the API server',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [{ expr: 'sum by (kind) (rate(capataz_operator_writes_total[5m]))', legend: '{{kind}}' }],
        },
        {
          title: 'Objects that wait',
          kind: 'timeseries',
          unit: 'short',
          queries: [{ expr: 'sum by (controller) (capataz_operator_queue_depth)', legend: '{{controller}}' }],
        },
        {
          title: 'Since the API server was heard',
          kind: 'timeseries',
          unit: 's',
          alarmFrom: 300,
          queries: [
            {
              expr: 'max by (resource) (capataz_operator_informer_staleness_seconds)',
              legend: 'operator: {{resource}}',
            },
            {
              expr: 'max by (kind) (capataz_informer_seconds_since_last_contact)',
              legend: 'router: {{kind}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Ledger',
      panels: [
        {
          title: 'Records',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            { expr: 'sum by (result) (rate(capataz_ledger_records_total[5m]))', legend: '{{result}}' },
          ],
        },
        {
          title: '99 of 100 batches are on the disk within',
          kind: 'timeseries',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(capataz_ledger_append_seconds_bucket[5m])))',
              legend: 'p99',
            },
          ],
        },
        {
          title: 'The fullest spools',
          kind: 'timeseries',
          unit: 'percentunit',
          alarmFrom: 0.75,
          queries: [
            {
              expr: 'topk(10, capataz_ledger_client_spool_bytes / capataz_ledger_client_spool_maximum_bytes)',
              legend: '{{pod}}',
            },
          ],
        },
        {
          title: 'Size of the store',
          kind: 'timeseries',
          unit: 'bytes',
          queries: [{ expr: 'max(capataz_ledger_store_bytes)', legend: 'store' }],
        },
      ],
    },
    {
      title: 'Observer',
      panels: [
        {
          title: 'Behind the ledger',
          kind: 'timeseries',
          unit: 's',
          alarmFrom: 600,
          queries: [{ expr: 'capataz_observer_replay_lag_seconds', legend: '{{pod}}' }],
        },
        {
          title: 'Causes that need somebody',
          kind: 'timeseries',
          unit: 'short',
          queries: [
            { expr: 'max by (kind, urgency) (capataz_attention_items) > 0', legend: '{{urgency}}: {{kind}}' },
          ],
        },
        {
          title: 'Notifications',
          kind: 'timeseries',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (receiver, outcome) (increase(capataz_observer_notifications_total[1h]))',
              legend: '{{receiver}}: {{outcome}}',
            },
          ],
        },
      ],
    },
  ],
};
