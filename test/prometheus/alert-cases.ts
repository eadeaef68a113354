/** For each alert series with which it fires, and others, as like as can be, with which nothing does. */
import { type AlertCase, always } from './alert-case.ts';
import { OBSERVER_ALERT_CASES } from './observer-alert-cases.ts';
import type { Series } from './promtool.ts';

/** Requests of the agents of one namespace, by minute. */
function requests(perMinute: number, failedPerMinute: number, minutes: number): Series {
  const of = (outcome: string): string =>
    `capataz_requests_total{namespace="a", agent="sorter", outcome="${outcome}"}`;
  return {
    [of('answered')]: `0+${perMinute - failedPerMinute}x${minutes}`,
    [of('failed')]: `0+${failedPerMinute}x${minutes}`,
  };
}

/** One request in ten takes longer than 41 s, of so many in a minute. */
function slowRequests(perMinute: number, slowPerMinute: number): Series {
  const of = (le: string): string =>
    `gen_ai_server_request_duration_seconds_bucket{namespace="a", gen_ai_operation_name="chat", le="${le}"}`;
  return {
    [of('20.48')]: `0+${perMinute - slowPerMinute}x80`,
    [of('40.96')]: `0+${perMinute - slowPerMinute}x80`,
    [of('81.92')]: `0+${perMinute}x80`,
    [of('+Inf')]: `0+${perMinute}x80`,
    'gen_ai_server_request_duration_seconds_count{namespace="a", gen_ai_operation_name="chat"}': `0+${perMinute}x80`,
  };
}

function breaker(model: string, state: string, value: 0 | 1): Series {
  return { [`capataz_breaker_state{namespace="a", model="${model}", state="${state}"}`]: `${value}x20` };
}

export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  CapatazRequestsFailFast: {
    labels: 'namespace="a"',
    fires: { series: requests(100, 10, 70), at: '65m' },
    also: ['CapatazRequestsFail{namespace="a"}', 'CapatazRequestsFailSlowly{namespace="a"}'],
    silent: [
      { series: requests(100, 0, 70), at: '65m' },
      // One of two fails, but there were two in an hour: nobody is woken for them.
      {
        series: {
          'capataz_requests_total{namespace="a", agent="sorter", outcome="failed"}': '0x10 1x60',
          'capataz_requests_total{namespace="a", agent="sorter", outcome="answered"}': '0x10 1x60',
        },
        at: '65m',
      },
      // It is over: the last five minutes are well.
      {
        series: {
          'capataz_requests_total{namespace="a", agent="sorter", outcome="failed"}': '0+2x40 80x40',
          'capataz_requests_total{namespace="a", agent="sorter", outcome="answered"}': '0+1000x80',
        },
        at: '75m',
      },
      // A caller that hangs up, and one that may not, are no errors of ours.
      {
        series: {
          'capataz_requests_total{namespace="a", agent="sorter", outcome="cancelled"}': '0+50x80',
          'capataz_requests_total{namespace="a", agent="sorter", outcome="refused"}': '0+50x80',
          'capataz_requests_total{namespace="a", agent="sorter", outcome="answered"}': '0+1x80',
        },
        at: '75m',
      },
    ],
  },
  CapatazRequestsFail: {
    labels: 'namespace="a"',
    fires: { series: requests(100, 4, 400), at: '395m' },
    also: ['CapatazRequestsFailSlowly{namespace="a"}'],
    silent: [{ series: requests(1000, 4, 400), at: '395m' }],
  },
  CapatazRequestsFailSlowly: {
    labels: 'namespace="a"',
    fires: { series: requests(100, 1, 800), at: '790m' },
    silent: [{ series: requests(1000, 4, 800), at: '790m' }],
  },
  CapatazRequestsSlow: {
    labels: 'namespace="a"',
    fires: { series: slowRequests(10, 1), at: '75m' },
    silent: [
      { series: slowRequests(100, 1), at: '75m' },
      { series: slowRequests(0, 0), at: '75m' },
    ],
  },
  CapatazModelUnavailable: {
    labels: 'namespace="a", model="large"',
    fires: {
      series: {
        ...breaker('large', 'open', 1),
        ...breaker('large', 'closed', 0),
        ...breaker('small', 'open', 0),
      },
      at: '6m',
    },
    silent: [
      { series: { ...breaker('large', 'open', 1), ...breaker('small', 'open', 0) }, at: '4m' },
      { series: { ...breaker('large', 'halfOpen', 1), ...breaker('large', 'open', 0) }, at: '10m' },
    ],
  },
  CapatazNoModelAvailable: {
    labels: 'namespace="a"',
    fires: { series: { ...breaker('large', 'open', 1), ...breaker('small', 'open', 1) }, at: '3m' },
    silent: [{ series: { ...breaker('large', 'open', 1), ...breaker('small', 'open', 0) }, at: '3m' }],
  },
  CapatazKeyRefused: {
    labels: 'namespace="a", model="large"',
    // The first one counts: the series was not there before.
    fires: {
      series: { 'capataz_attempts_total{namespace="a", model="large", result="key_refused"}': '_x20 1x5' },
      at: '23m',
    },
    silent: [
      {
        series: { 'capataz_attempts_total{namespace="a", model="large", result="key_refused"}': '3x60' },
        at: '40m',
      },
      {
        series: { 'capataz_attempts_total{namespace="a", model="large", result="rate_limited"}': '0+3x60' },
        at: '40m',
      },
    ],
  },
  CapatazCostUnknown: {
    labels: 'namespace="a", agent="sorter"',
    fires: {
      series: {
        ...requests(10, 0, 120),
        'capataz_estimated_usage_total{namespace="a", agent="sorter", model="large"}': '0+5x120',
      },
      at: '100m',
    },
    silent: [
      {
        series: {
          ...requests(10, 0, 120),
          'capataz_estimated_usage_total{namespace="a", agent="sorter", model="large"}': '0+1x120',
        },
        at: '100m',
      },
    ],
  },
  CapatazCandidateStopped: {
    labels: 'reason="SchemaFailures"',
    fires: {
      series: { 'capataz_rollout_candidates_worse_total{reason="SchemaFailures"}': '_x20 1x5' },
      at: '23m',
    },
    silent: [
      { series: { 'capataz_rollout_candidates_worse_total{reason="SchemaFailures"}': '1x60' }, at: '40m' },
    ],
  },
  CapatazRolloutWaits: {
    labels: 'namespace="a", rollout="sorter", phase="AwaitingApproval"',
    fires: {
      series: always('capataz_rollout_phase{namespace="a", rollout="sorter", phase="AwaitingApproval"}', 1),
      at: '721m',
    },
    silent: [
      {
        series: always('capataz_rollout_phase{namespace="a", rollout="sorter", phase="AwaitingApproval"}', 1),
        at: '700m',
      },
      {
        series: always('capataz_rollout_phase{namespace="a", rollout="sorter", phase="Progressing"}', 1),
        at: '800m',
      },
    ],
  },
  CapatazCandidateNotServed: {
    labels: 'namespace="a"',
    fires: { series: always('capataz_agent_candidate_refused{namespace="a", pod="agent-1"}', 1), at: '11m' },
    silent: [
      { series: always('capataz_agent_candidate_refused{namespace="a", pod="agent-1"}', 0), at: '30m' },
    ],
  },
  CapatazNoOperatorLeads: {
    fires: { series: always('capataz_operator_leader{pod="capataz-operator-1"}', 0), at: '6m' },
    silent: [
      { series: always('capataz_operator_leader{pod="capataz-operator-1"}', 1), at: '30m' },
      // A Prometheus that does not watch the operator has nothing to say.
      { series: always('up{pod="other"}', 1), at: '30m' },
    ],
  },
  CapatazTwoOperatorsLead: {
    fires: {
      series: {
        ...always('capataz_operator_leader{pod="capataz-operator-1"}', 1),
        ...always('capataz_operator_leader{pod="capataz-operator-2"}', 1),
      },
      at: '3m',
    },
    silent: [
      {
        series: {
          ...always('capataz_operator_leader{pod="capataz-operator-1"}', 1),
          ...always('capataz_operator_leader{pod="capataz-operator-2"}', 0),
        },
        at: '30m',
      },
    ],
  },
  CapatazOperatorBlind: {
    labels: 'resource="agents"',
    fires: {
      series: { 'capataz_operator_informer_staleness_seconds{resource="agents"}': '0+60x20' },
      at: '12m',
    },
    silent: [
      { series: always('capataz_operator_informer_staleness_seconds{resource="agents"}', 290), at: '30m' },
    ],
  },
  CapatazRouterBlind: {
    labels: 'kind="Model"',
    fires: { series: { 'capataz_informer_seconds_since_last_contact{kind="Model"}': '0+60x20' }, at: '12m' },
    silent: [{ series: always('capataz_informer_seconds_since_last_contact{kind="Model"}', 290), at: '30m' }],
  },
  CapatazReconcileFails: {
    labels: 'controller="Agent"',
    fires: {
      series: {
        'capataz_operator_reconcile_total{controller="Agent", result="failure"}': '0+6x60',
        'capataz_operator_reconcile_total{controller="Agent", result="success"}': '0+4x60',
      },
      at: '40m',
    },
    silent: [
      {
        series: {
          'capataz_operator_reconcile_total{controller="Agent", result="failure"}': '0+4x60',
          'capataz_operator_reconcile_total{controller="Agent", result="success"}': '0+6x60',
        },
        at: '40m',
      },
    ],
  },
  CapatazAgentsBlind: {
    labels: 'namespace="a"',
    fires: {
      series: always('capataz_agent_configuration_stream_up{namespace="a", pod="agent-1"}', 0),
      at: '11m',
    },
    silent: [
      { series: always('capataz_agent_configuration_stream_up{namespace="a", pod="agent-1"}', 1), at: '30m' },
    ],
  },
  CapatazRouterMistake: {
    fires: { series: { capataz_router_mistakes_total: '0x20 1x10' }, at: '25m' },
    silent: [{ series: { capataz_router_mistakes_total: '1x60' }, at: '40m' }],
  },
  CapatazLedgerNotWritable: {
    fires: { series: always('capataz_ledger_writable{pod="capataz-ledger-0"}', 0), at: '3m' },
    // One of two replicas is enough.
    silent: [
      {
        series: {
          ...always('capataz_ledger_writable{pod="capataz-ledger-0"}', 0),
          ...always('capataz_ledger_writable{pod="capataz-ledger-1"}', 1),
        },
        at: '30m',
      },
    ],
  },
  CapatazLedgerTampered: {
    fires: { series: always('capataz_ledger_tamper_alarms', 1), at: '1m' },
    silent: [{ series: always('capataz_ledger_tamper_alarms', 0), at: '30m' }],
  },
  CapatazLedgerForked: {
    fires: { series: { 'capataz_witness_checkpoints_total{outcome="forked"}': '0x10 1x10' }, at: '15m' },
    silent: [{ series: { 'capataz_witness_checkpoints_total{outcome="cosigned"}': '0+12x60' }, at: '30m' }],
  },
  CapatazLedgerNotWitnessed: {
    fires: { series: { capataz_ledger_witness_lag_seconds: '0+60x60' }, at: '25m' },
    silent: [{ series: always('capataz_ledger_witness_lag_seconds', 600), at: '30m' }],
  },
  CapatazLedgerLeaderless: {
    fires: { series: always('capataz_ledger_leading{pod="capataz-ledger-0"}', 0), at: '2m' },
    silent: [{ series: always('capataz_ledger_leading{pod="capataz-ledger-0"}', 1), at: '30m' }],
  },
  CapatazRecordsLost: {
    fires: { series: { 'capataz_ledger_client_records_total{fate="lost"}': '0x10 5x10' }, at: '15m' },
    silent: [
      {
        series: {
          'capataz_ledger_client_records_total{fate="lost"}': '5x90',
          'capataz_ledger_client_records_total{fate="acknowledged"}': '0+50x90',
        },
        at: '75m',
      },
    ],
  },
  CapatazSpoolFills: {
    labels: 'namespace="a", pod="agent-1", instance="b"',
    fires: { series: spool(60), at: '11m' },
    silent: [{ series: spool(40), at: '30m' }],
  },
  CapatazSpoolFull: {
    labels: 'namespace="a", pod="agent-1", instance="b"',
    fires: { series: spool(80), at: '3m' },
    silent: [{ series: spool(40), at: '30m' }],
  },
  CapatazMetersDiffer: {
    fires: { series: always('capataz_ledger_meter_difference_nano_usd', -7), at: '11m' },
    silent: [{ series: always('capataz_ledger_meter_difference_nano_usd', 0), at: '30m' }],
  },
  CapatazSinkFails: {
    labels: 'sink="siem"',
    fires: {
      series: {
        'capataz_ledger_sink_failures_total{sink="siem"}': '0+1x60',
        'capataz_ledger_sink_backlog_entries{sink="siem"}': '5x60',
      },
      at: '40m',
    },
    silent: [
      {
        series: {
          'capataz_ledger_sink_failures_total{sink="siem"}': '3x60',
          'capataz_ledger_sink_backlog_entries{sink="siem"}': '5x60',
        },
        at: '40m',
      },
    ],
  },
  ...OBSERVER_ALERT_CASES,
};

function spool(bytes: number): Series {
  const labels = 'namespace="a", pod="agent-1", instance="b"';
  return {
    ...always(`capataz_ledger_client_spool_bytes{${labels}}`, bytes),
    ...always(`capataz_ledger_client_spool_maximum_bytes{${labels}}`, 100),
  };
}
