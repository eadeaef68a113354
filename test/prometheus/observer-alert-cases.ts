/** Series with which the alerts on the observer, and on what it finds, fire, and others with which they do not. */
import { type AlertCase, always } from './alert-case.ts';

/** Of an agent of which two replicas of the observer speak. */
function finding(metric: string): AlertCase {
  const of = (pod: string): string =>
    `${metric}{namespace="a", agent="sorter", pod="capataz-observer-${pod}"}`;
  return {
    labels: 'namespace="a", agent="sorter"',
    fires: { series: { [of('0')]: '0x10 1x20', [of('1')]: '0x10 1x20' }, at: '20m' },
    silent: [
      { series: always(of('0'), 0), at: '30m' },
      // Over before it was told.
      { series: { [of('0')]: '0x10 1x3 0x20' }, at: '20m' },
      // Nothing is known of the agent any more, which is no alarm: the condition is Unknown.
      { series: { [of('0')]: '1x3 _x30' }, at: '20m' },
    ],
  };
}

export const OBSERVER_ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  CapatazCostAbnormal: finding('capataz_agent_cost_abnormal'),
  CapatazLatencyAbnormal: finding('capataz_agent_latency_abnormal'),
  CapatazQualityDrift: finding('capataz_agent_drift'),
  CapatazAttacked: {
    labels: 'urgency="ticket"',
    fires: {
      series: { 'capataz_attention_items{kind="security", urgency="ticket"}': '0x5 2x10' },
      at: '8m',
    },
    silent: [
      { series: always('capataz_attention_items{kind="security", urgency="notice"}', 3), at: '30m' },
      { series: always('capataz_attention_items{kind="cost", urgency="page"}', 3), at: '30m' },
    ],
  },
  CapatazNoObserverLeads: {
    fires: { series: always('capataz_observer_leader{pod="capataz-observer-0"}', 0), at: '6m' },
    silent: [
      {
        series: {
          ...always('capataz_observer_leader{pod="capataz-observer-0"}', 1),
          ...always('capataz_observer_leader{pod="capataz-observer-1"}', 0),
        },
        at: '30m',
      },
      // Without an observer nobody has to lead.
      { series: always('up{pod="other"}', 1), at: '30m' },
    ],
  },
  CapatazObserverBehind: {
    fires: {
      series: { 'capataz_observer_replay_lag_seconds{pod="capataz-observer-0"}': '0+60x60' },
      at: '25m',
    },
    silent: [
      // The other one keeps up.
      {
        series: {
          ...always('capataz_observer_replay_lag_seconds{pod="capataz-observer-0"}', 5_000_000),
          ...always('capataz_observer_replay_lag_seconds{pod="capataz-observer-1"}', 1),
        },
        at: '30m',
      },
      // It has just been started and reads what it missed.
      {
        series: { 'capataz_observer_replay_lag_seconds{pod="capataz-observer-0"}': '5000000x5 1x30' },
        at: '20m',
      },
    ],
  },
  CapatazObserverBlind: {
    labels: 'resource="agents"',
    fires: {
      series: { 'capataz_observer_informer_staleness_seconds{resource="agents"}': '0+60x20' },
      at: '12m',
    },
    silent: [
      { series: always('capataz_observer_informer_staleness_seconds{resource="agents"}', 290), at: '30m' },
    ],
  },
  CapatazNotificationsFail: {
    labels: 'receiver="pager"',
    fires: {
      series: { 'capataz_observer_notification_wait_seconds{receiver="pager"}': '0x5 0+60x20' },
      at: '14m',
    },
    silent: [
      { series: always('capataz_observer_notification_wait_seconds{receiver="pager"}', 290), at: '30m' },
    ],
  },
};
