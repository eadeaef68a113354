import { expect, test } from 'vitest';
import { seededRandom } from '../judging/testing/outcomes.ts';
import type { FleetJudgement } from './fleet-judgement.ts';
import { FleetWatch } from './fleet-watch.ts';
import {
  BEGINNING,
  DAY,
  HOUR,
  knowledge,
  knownAgent,
  knownModel,
  modelAttempt,
  runEnded,
  probeRound,
  securityEvent,
  silence,
} from './testing/entries.ts';
import { SimulatedFleet, USUAL_FLEET } from './testing/simulated-fleet.ts';

const WEEK = 168;
const FIRST_HOUR = BEGINNING / HOUR;
/** The budget of a fleet of a thousand is one false alarm a week: a part of the fleet has that part of it. */
const FALSE_ALARMS_OF_AN_AGENT = 1 / 1000;

function judgedAt(watch: FleetWatch, now: number, names: readonly string[]): FleetJudgement {
  return watch.judge(now, knowledge(now, { agents: names.map((name) => knownAgent({ name })) }));
}

test('Three times the usual cost is found within a day in 19 of 20 agents, and five times within two hours in half of them', () => {
  const agents = 60;
  const fleet = new SimulatedFleet({ ...USUAL_FLEET, agents, runsPerDay: 0 }, seededRandom(31));
  const watch = new FleetWatch({ timeZone: 'UTC', falseAlarmsPerWeek: agents * FALSE_ALARMS_OF_AN_AGENT });
  const warmUp = 4 * WEEK;
  const names = fleet.agents.map(({ name }) => name);
  for (const [index, agent] of fleet.agents.entries()) {
    const fromHour = FIRST_HOUR + warmUp + ((index * 7) % 24);
    agent.fault = { fromHour, cost: index % 3 === 0 ? 5 : 3 };
  }
  const foundAfter = new Map<string, number>();
  for (let hour = FIRST_HOUR; hour < FIRST_HOUR + warmUp + 48; hour += 1) {
    for (const entry of fleet.hour(hour)) watch.see(entry);
    if (hour < FIRST_HOUR + warmUp) continue;
    for (const row of judgedAt(watch, (hour + 1) * HOUR - 1, names).rows) {
      const { fault } = fleet.agents[names.indexOf(row.name)] ?? {};
      if (row.cost.verdict !== 'abnormal' || foundAfter.has(row.name) || fault === undefined) continue;
      foundAfter.set(row.name, hour + 1 - fault.fromHour);
    }
  }
  const delaysOf = (factor: number): readonly number[] =>
    fleet.agents
      .filter(({ fault }) => fault?.cost === factor)
      .map(({ name }) => foundAfter.get(name) ?? Number.POSITIVE_INFINITY)
      .toSorted((one, other) => one - other);
  const [threefold, fivefold] = [delaysOf(3), delaysOf(5)];
  expect(threefold.filter((hours) => hours <= 24).length / threefold.length).toBeGreaterThanOrEqual(0.95);
  expect(threefold[threefold.length / 2]).toBeLessThanOrEqual(6);
  expect(fivefold[fivefold.length / 2]).toBeLessThanOrEqual(2);
});

test('Eight weeks in which nothing befalls a part of the fleet alarm no more often than twice its budget', () => {
  const agents = 8;
  const weeks = 8;
  const warmUp = 4;
  const fleet = new SimulatedFleet({ ...USUAL_FLEET, agents, runsPerDay: 40 }, seededRandom(32));
  const watch = new FleetWatch({ timeZone: 'UTC', falseAlarmsPerWeek: agents * FALSE_ALARMS_OF_AN_AGENT });
  const names = fleet.agents.map(({ name }) => name);
  const alarms: string[] = [];
  let before = new Set<string>();
  for (let hour = 0; hour < (weeks + warmUp) * WEEK; hour += 1) {
    for (const entry of fleet.hour(FIRST_HOUR + hour)) watch.see(entry);
    if (hour < warmUp * WEEK || hour % 6 !== 0) continue;
    const { attention } = judgedAt(watch, (FIRST_HOUR + hour + 1) * HOUR - 1, names);
    alarms.push(...attention.filter(({ id }) => !before.has(id)).map(({ id }) => id));
    before = new Set(attention.map(({ id }) => id));
  }
  expect(alarms.length).toBeLessThanOrEqual(2 * weeks * agents * FALSE_ALARMS_OF_AN_AGENT);
});

/** Two weeks of an agent whose every run calls one model once; then what `later` says, a minute apart. */
function watchOfOne(
  later: (minute: number) => {
    readonly model?: number;
    readonly run?: number;
    readonly costNanoUsd?: number;
  },
  minutes: number,
): FleetWatch {
  const draw = seededRandom(33);
  const watch = new FleetWatch({ timeZone: 'UTC', falseAlarmsPerWeek: 1 });
  const spread = (): number =>
    Math.exp(0.3 * Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw()));
  const seeRun = (at: number, slowness: ReturnType<typeof later>): void => {
    const model = 400_000 * spread() * (slowness.model ?? 1);
    const whole = model + 100_000 * (slowness.run ?? 1);
    const { costNanoUsd = 1_000_000 } = slowness;
    watch.see(modelAttempt({ at }, { durationMicroseconds: Math.round(model), costNanoUsd }));
    watch.see(runEnded({ at: at + 1 }, { durationMicroseconds: Math.round(whole) }));
  };
  for (let at = BEGINNING; at < BEGINNING + 14 * DAY; at += 5 * 60_000_000) seeRun(at, {});
  for (let minute = 0; minute < minutes; minute += 1) {
    seeRun(BEGINNING + 14 * DAY + minute * 60_000_000, later(minute));
  }
  return watch;
}

test('Latency that is six times the usual is found within 30 runs, and put down to the model that answers slowly', () => {
  const now = BEGINNING + 14 * DAY + 30 * 60_000_000;
  const { rows, attention } = judgedAt(
    watchOfOne(() => ({ model: 6 }), 30),
    now,
    ['mailer'],
  );
  expect(rows[0]?.latency).toMatchObject({ verdict: 'abnormal' });
  expect(rows[0]?.latency.sentence).toMatch(/^p95 of .* this hour .*usual for Monday 0h: .*\(x[4-9]/);
  expect(attention[0]).toMatchObject({ kind: 'latency', id: 'latency/OpenAI/gpt-fast', urgency: 'page' });
  expect(attention[0]?.causes[0]?.cause).toBe('model_slower');
});

test('Tools that became slow are named where no model did', () => {
  const now = BEGINNING + 14 * DAY + 40 * 60_000_000;
  const { attention } = judgedAt(
    watchOfOne(() => ({ run: 30 }), 40),
    now,
    ['mailer'],
  );
  expect(attention[0]).toMatchObject({ kind: 'latency', id: 'latency/shop/mailer' });
  expect(attention[0]?.causes[0]?.cause).toBe('tool_time');
});

test('A price that is three times as high is one item of all agents that use the Model, and adds up exactly', () => {
  const watch = new FleetWatch({ timeZone: 'UTC', falseAlarmsPerWeek: 1 });
  const names = Array.from({ length: 20 }, (_, index) => `agent-${index}`);
  const raised = BEGINNING + 14 * DAY;
  const end = raised + 8 * HOUR;
  for (let at = BEGINNING; at < end; at += HOUR / 4) {
    for (const agent of names) {
      watch.see(modelAttempt({ agent, at }, { costNanoUsd: 250_000_000 * (at >= raised ? 3 : 1) }));
    }
  }
  const change = {
    atMicroseconds: raised,
    kind: 'price',
    sentence: 'Model fast costs $3 instead of $1.',
  } as const;
  const known = knowledge(end, {
    agents: names.map((name) => knownAgent({ name })),
    models: [knownModel({ changes: [change] })],
  });
  const { rows, attention } = watch.judge(end, known);
  expect(attention.map(({ id, agents }) => [id, agents.length])).toEqual([
    ['cost/price/OpenAI/gpt-fast', 20],
  ]);
  expect(attention[0]?.causes[0]).toMatchObject({ cause: 'price', atMicroseconds: raised });
  expect(rows[0]?.cost.sentence).toContain('a higher price');
  const history = watch.historyOf('shop', 'agent-3', end, known);
  const parts = history?.costChange?.parts.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
  expect(parts).toBe((history?.costChange?.toNanoUsd ?? 0) - (history?.costChange?.fromNanoUsd ?? 0));
});

test('What somebody said is expected is no alarm until then, and is one again afterwards', () => {
  const watch = watchOfOne(() => ({ costNanoUsd: 4_000_000_000 }), 240);
  const now = BEGINNING + 14 * DAY + 240 * 60_000_000;
  const [item] = judgedAt(watch, now, ['mailer']).attention;
  expect(item).toMatchObject({ kind: 'cost', silence: null });
  watch.see(silence({ at: now }, { finding: item?.id ?? '', untilMicroseconds: now + HOUR / 6 }));
  const during = judgedAt(watch, now + 1, ['mailer']);
  expect(during.rows[0]?.cost.verdict).toBe('expected');
  expect(during.rows[0]?.cost.sentence).toContain('says ana: a load test');
  expect(during.attention[0]?.silence).toMatchObject({ action: 'expected', by: 'ana' });
  const after = judgedAt(watch, now + HOUR / 6, ['mailer']);
  expect(after.rows[0]?.cost.verdict).toBe('abnormal');
  expect(after.attention[0]?.silence).toBeNull();
});

test('A burst of injections is found in its hour, by its source, with what was stopped', () => {
  const watch = new FleetWatch({ timeZone: 'UTC', falseAlarmsPerWeek: 1 });
  for (let index = 0; index < 50; index += 1) {
    watch.see(
      securityEvent({ at: BEGINNING + index * 60_000_000 }, { action: index < 48 ? 'blocked' : 'observed' }),
    );
  }
  const { rows, attention } = judgedAt(watch, BEGINNING + HOUR, ['mailer']);
  expect(attention).toHaveLength(1);
  expect(attention[0]).toMatchObject({
    kind: 'security',
    urgency: 'ticket',
    subject: { namespace: 'shop', name: 'mail:evil@example.com' },
    title: '50 events "prompt injection" from mail:evil@example.com in the last hour',
  });
  expect(attention[0]?.why).toContain('48 of 50 were blocked');
  expect(attention[0]?.runs).toHaveLength(10);
  expect(rows[0]?.securityEvents).toEqual({ total: 50, blocked: 48 });
  expect(judgedAt(watch, BEGINNING + 4 * HOUR, ['mailer']).attention).toEqual([]);
});

test('Nothing is green of an agent of which nothing current is known', () => {
  const watch = watchOfOne(() => ({}), 10);
  const now = BEGINNING + 15 * DAY;
  const stale = { currentAtMicroseconds: now - HOUR, problem: 'It does not answer.' };
  const { rows, attention } = watch.judge(now, knowledge(now, { ledger: stale }));
  expect(rows[0]).toMatchObject({
    cost: { verdict: 'unknown' },
    latency: { verdict: 'unknown' },
    drift: { status: 'Unknown' },
    probed: { status: 'Unknown' },
  });
  expect(attention.map(({ id, urgency }) => [id, urgency])).toEqual([['ledger/silent', 'page']]);
  const unseen = watch.judge(now, knowledge(now, { agents: [knownAgent({ name: 'new' })] })).rows[0];
  expect(unseen).toMatchObject({ cost: { verdict: 'unknown', amount: null }, drift: { status: 'Unknown' } });
});

test('What was found is not over because the ledger fell silent', () => {
  const watch = watchOfOne(() => ({}), 10);
  const at = BEGINNING + 14 * DAY + 11 * 60_000_000;
  watch.see(modelAttempt({ agent: 'mailer', at }, { costNanoUsd: 900e9 }));
  watch.see(securityEvent({ agent: 'mailer', at }, { severity: 'critical', subject: 'mail:evil' }));
  const current = at + 60_000_000;
  const found = watch.judge(current, knowledge(current)).attention.map(({ id }) => id);
  expect(found.some((id) => id.startsWith('cost/'))).toBe(true);
  expect(found.some((id) => id.startsWith('security/'))).toBe(true);
  for (const now of [current + HOUR / 2, current + 3 * HOUR, current + 2 * DAY]) {
    const ledger = { currentAtMicroseconds: current, problem: 'It does not answer.' };
    const { rows, attention } = watch.judge(now, knowledge(now, { ledger }));
    expect(rows[0]?.cost.verdict).toBe('unknown');
    expect(attention.map(({ id }) => id).toSorted()).toEqual([...found, 'ledger/silent'].toSorted());
  }
});

test('Security events that an agent only reports wake nobody, and do not take the room of other namespaces', () => {
  const watch = watchOfOne(() => ({}), 10);
  const at = BEGINNING + 14 * DAY;
  watch.see(securityEvent({ agent: 'mailer', at }, { severity: 'critical', subject: 'mail:evil' }));
  for (let index = 0; index < 3_000; index += 1) {
    const told = securityEvent(
      { agent: 'liar', at },
      { namespace: 'noise', severity: 'critical', subject: `s${index}` },
    );
    watch.see({ ...told, trust: 'reported' });
  }
  const now = at + 60_000_000;
  const security = watch
    .judge(now, knowledge(now))
    .attention.filter(({ kind, urgency }) => kind === 'security' && urgency === 'page');
  expect(security.map(({ why }) => why.includes('mail:evil') || why.length > 0)).toEqual([true]);
});

test('A round of probes that says it is of another century does not hide those that come after it', () => {
  const watch = watchOfOne(() => ({}), 10);
  const at = BEGINNING + 14 * DAY;
  const ahead = probeRound({ agent: 'mailer', at }, { atMicroseconds: at + 70 * 365 * DAY });
  watch.see({ ...ahead, receivedAtMicroseconds: at });
  const failed = {
    passed: 0,
    failed: 0,
    planned: 3,
    outcome: 'failed' as const,
    sentence: 'The golden set is broken.',
  };
  watch.see(probeRound({ agent: 'mailer', at: at + HOUR }, failed));
  const now = at + HOUR + 60_000_000;
  const agent = { ...knownAgent({}), probesEverySeconds: 3_600 };
  const { probed } = watch.judge(now, knowledge(now, { agents: [agent] })).rows[0] ?? {};
  expect(probed?.sentence).toContain('The golden set is broken.');
});
