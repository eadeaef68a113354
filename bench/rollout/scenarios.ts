/** What is simulated. Each has a name, so that a worker can be told which. */
import { type FleetPlan, PLAIN_FLEET } from '#domain/judging/testing/simulated-fleet.ts';

export interface Scenario {
  readonly name: string;
  readonly table: 'worse' | 'equal';
  readonly plan: FleetPlan;
  readonly marginPercent: string;
}

const STABLE_RATE = PLAIN_FLEET.stableRate;
const SINE_PERIODS = 3;

/** As little is allowed as can be told: nothing by session, and the default otherwise. */
const WORSE: readonly Scenario[] = [0.9, 0.8, 0.6, 0].flatMap((rate) => {
  const drop = STABLE_RATE - rate;
  return [
    { plan: { ...PLAIN_FLEET, drop }, marginPercent: '0', how: 'by session, margin 0' },
    { plan: { ...PLAIN_FLEET, drop }, marginPercent: '1', how: 'by session, margin 1' },
    {
      plan: { ...PLAIN_FLEET, unit: 'Agent' as const, agents: 300, deviation: 0.5, drop },
      marginPercent: '1',
      how: 'by agent, 300 that differ by 0.5, margin 1',
    },
  ].map(({ plan, marginPercent, how }): Scenario => ({
    name: `${rate * 100} % ${how}`,
    table: 'worse',
    plan,
    marginPercent,
  }));
});

const UNITS = ['Agent', 'Session'] as const;

const SPREAD: readonly Scenario[] = UNITS.flatMap((unit) =>
  [50, 300, 1000].flatMap((agents) =>
    [0, 0.5, 1].map((deviation): Scenario => ({
      name: `by ${unit.toLowerCase()}, ${agents} agents that differ by ${deviation}`,
      table: 'equal',
      plan: { ...PLAIN_FLEET, unit, agents, deviation },
      marginPercent: '1',
    })),
  ),
);

const HARDER: readonly Scenario[] = UNITS.flatMap((unit) => {
  const plan: FleetPlan = { ...PLAIN_FLEET, unit, agents: 300, deviation: 0.5 };
  const of = unit.toLowerCase();
  const equal = (name: string, changes: Partial<FleetPlan>): Scenario => ({
    name: `by ${of}, ${name}`,
    table: 'equal',
    plan: { ...plan, ...changes },
    marginPercent: '1',
  });
  const sine: FleetPlan['environment'] = (progress) => Math.sin(progress * 2 * Math.PI * SINE_PERIODS);
  const fall: FleetPlan['environment'] = (progress) => (progress < 0.3 ? 0 : -1.5);
  return [
    equal('sessions of 10 that hang together (deviation 1.5)', { sessionLength: 10, sessionDeviation: 1.5 }),
    equal('a fleet that drifts up and down (log-odds 1)', { environment: sine }),
    equal('a fleet that drifts, half exposed', { environment: sine, exposure: 0.5 }),
    equal('a fleet that falls at once (log-odds -1.5)', { environment: fall }),
    equal('a fleet that falls at once, half exposed', { environment: fall, exposure: 0.5 }),
  ];
});

export const SCENARIOS: readonly Scenario[] = [...WORSE, ...SPREAD, ...HARDER];
