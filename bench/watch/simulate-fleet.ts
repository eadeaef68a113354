/**
 * Simulates weeks of a fleet through the real engine of the observer and prints how often it alarms falsely and how fast it is:
 *
 *   node bench/watch/simulate-fleet.ts [AGENTS] [WEEKS] [WARM-UP WEEKS] [RUNS A DAY]
 */
import { seededRandom } from '#domain/judging/testing/outcomes.ts';
import { FleetWatch } from '#domain/watching/fleet-watch.ts';
import { HOUR, knowledge, knownAgent } from '#domain/watching/testing/entries.ts';
import { SimulatedFleet, USUAL_FLEET } from '#domain/watching/testing/simulated-fleet.ts';

const [agents = 1000, weeks = 8, warmUp = 5, runsPerDay = 200] = process.argv.slice(2).map(Number);
/** Simulations of fewer agents have the same share of the budget for each. */
const FLEET_OF_BUDGET = 1000;
const HOURS_BETWEEN_LOOKS = 2;
const BEGINNING_HOUR = Date.UTC(2026, 0, 5) / 3_600_000;

const fleet = new SimulatedFleet({ ...USUAL_FLEET, agents, runsPerDay }, seededRandom(5));
const watch = new FleetWatch({ timeZone: 'Europe/Madrid', falseAlarmsPerWeek: agents / FLEET_OF_BUDGET });
const known = fleet.agents.map(({ name }) => knownAgent({ name }));
let seen = 0;
let seeing = 0;
let judging = 0;
let judgements = 0;
let before = new Set<string>();
const alarms = new Map<string, number>();
for (let hour = 0; hour < (weeks + warmUp) * 168; hour += 1) {
  const entries = fleet.hour(BEGINNING_HOUR + hour);
  const began = processorMilliseconds();
  for (const entry of entries) watch.see(entry);
  seeing += processorMilliseconds() - began;
  seen += entries.length;
  if (hour < warmUp * 168 || hour % HOURS_BETWEEN_LOOKS !== 0) continue;
  const now = (BEGINNING_HOUR + hour + 1) * HOUR - 1;
  const asked = processorMilliseconds();
  const { attention } = watch.judge(now, knowledge(now, { agents: known }));
  judging += processorMilliseconds() - asked;
  judgements += 1;
  for (const { id, kind, why } of attention) {
    if (before.has(id)) continue;
    alarms.set(kind, (alarms.get(kind) ?? 0) + 1);
    console.log(`hour ${hour}: ${id}: ${why}`);
  }
  before = new Set(attention.map(({ id }) => id));
}
const snapshot = watch.toSnapshot();
console.log(
  JSON.stringify({
    agents,
    weeks,
    alarms: Object.fromEntries(alarms),
    budget: (weeks * agents) / FLEET_OF_BUDGET,
    entries: seen,
    entriesPerSecond: Math.round((seen / seeing) * 1000),
    millisecondsOfAJudgement: Math.round(judging / judgements),
    snapshotBytesOfAnAgent: Math.round(snapshot.length / agents),
    memoryMegabytes: Math.round(process.memoryUsage().rss / 1e6),
  }),
);

/** Of this process: other work on the machine does not count. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
