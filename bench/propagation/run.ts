/**
 * node bench/propagation/run.ts [--agents=1000] [--rollouts=100] [--flips=11]
 *
 * How long a release takes to reach everybody who follows: a real etcd and API server, the operator in a process of its own
 * with its own rights, and a follower for each Agent. Beside it, in the same run: two writes an agent, as it was before,
 * and a bare server that only writes to as many sockets. See bench/rollout/README.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AGENTS } from '#operator/agent/resources.ts';
import { CANARY_ROLLOUTS, ROLLOUT_CONFIG_MAPS } from '#operator/canary-rollout/resources.ts';
import { MODELS } from '#operator/model/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import { aModel, aPromptVersion, aRollout, anAgent } from '#test/cluster/operator/objects.ts';
import { type OperatorProcess, eventually, startWorld } from '#test/cluster/operator/operator-world.ts';
import { peakMemoryBytes, processorMicroseconds } from '../laboratory/processes.ts';
import { quantile } from '../laboratory/quantiles.ts';
import { Followers } from './followers.ts';

const NAMESPACE = 'propagation';
const AT_ONCE = 20;
/** Of the workers that the operator has for Agents. */
const FORMER_AT_ONCE = 16;
const PATIENCE_SECONDS = 600;
const QUIET_SECONDS = 8;
const SETTLING_SECONDS = 600;
const REST_SECONDS = 10;
const MOST = 10_000;
const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '1000' },
    rollouts: { type: 'string', default: '100' },
    flips: { type: 'string', default: '11' },
  },
});
const [agents, rollouts, flips] = (['agents', 'rollouts', 'flips'] as const).map((name) => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 1 && value <= MOST) return value;
  throw new Error(`--${name} is a whole number from 1 to ${MOST}, not "${values[name]}".`);
}) as [number, number, number];

await using cleanup = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), 'capataz-propagation-'));
cleanup.defer(() => rm(directory, { recursive: true, force: true }));
const world = await startWorld();
cleanup.defer(() => world.stop());
await world.createNamespace(NAMESPACE);
const versions = [aPromptVersion(NAMESPACE, 'Hello'), aPromptVersion(NAMESPACE, 'Bonjour')] as const;
const versionAt = (flip: number): string => versions[flip % 2 === 0 ? 1 : 0].metadata.name as string;
const names = Array.from({ length: agents }, (_, index) => `agent-${index}`);

const operator = await world.startOperator('operator-a', { CAPATAZ_LOG_LEVEL: 'info' });
const processId = operator.child.pid ?? 0;
await setUp();
const tokenPaths = await tokens();

const rows = [await released(), await bare(), await former()];
const [ours] = rows;
console.log('\n| way | first | p50 | p99 | last | p99 to the bare server |');
console.log('|---|--:|--:|--:|--:|--:|');
const least = quantile(rows[1]?.delays ?? [], 0.99);
for (const { way, delays } of rows) {
  const cells = [0, 0.5, 0.99, 1].map((share) => `${Math.round(quantile(delays, share))} ms`);
  console.log(`| ${way} | ${cells.join(' | ')} | x${(quantile(delays, 0.99) / least).toFixed(1)} |`);
}
console.log(`\n${JSON.stringify(ours?.facts, undefined, 2)}`);

interface Row {
  readonly way: string;
  /** Sorted. */
  readonly delays: readonly number[];
  readonly facts?: object;
}

async function setUp(): Promise<void> {
  for (const version of versions) await world.create(PROMPT_VERSIONS, version);
  await world.create(MODELS, aModel(NAMESPACE));
  // All agents follow the first one; the others are there to be watched.
  for (let index = 0; index < rollouts; index += 1) {
    const { metadata, spec } = aRollout(NAMESPACE, versionAt(1));
    const name = index === 0 ? metadata.name : `other-${index}`;
    await world.create(CANARY_ROLLOUTS, { metadata: { ...metadata, name }, spec });
  }
  await inTurns(names, AT_ONCE, async (name) => {
    await world.create(AGENTS, anAgent(NAMESPACE, name, { replicas: 0 }));
  });
}

async function tokens(): Promise<readonly string[]> {
  await inTurns(names, AT_ONCE, async (name) => {
    const token = await eventually(
      () => world.token(NAMESPACE, `agent-${name}`, 'capataz-operator'),
      PATIENCE_SECONDS,
    );
    await writeFile(join(directory, name), token);
  });
  return names.map((name) => join(directory, name));
}

async function released(): Promise<Row> {
  await using followers = new Followers({
    url: `http://127.0.0.1:${operator.port()}/v1/configuration`,
    tokenPaths,
    versionOf: (text) => (JSON.parse(text) as { stable: { version: string } }).stable.version,
  });
  await until(() => followers.allKnow(versionAt(1)));
  await untilQuiet();
  const restingFrom = await processorMicroseconds(processId);
  await sleep(REST_SECONDS * 1000);
  const resting = ((await processorMicroseconds(processId)) - restingFrom) / REST_SECONDS;

  const delays: number[] = [];
  const writes: Readonly<Record<string, number>>[] = [];
  let processor = 0;
  for (let flip = 0; flip < flips; flip += 1) {
    const before = await writesByKind(operator);
    const processorBefore = await processorMicroseconds(processId);
    const startedAt = performance.now();
    await world.patch(CANARY_ROLLOUTS, NAMESPACE, 'greeter', {
      spec: { versionRef: { name: versionAt(flip) } },
    });
    await until(() => followers.allKnow(versionAt(flip)));
    delays.push(...followers.delaysSince(startedAt));
    processor += (await processorMicroseconds(processId)) - processorBefore;
    writes.push(difference(before, await writesByKind(operator)));
  }
  const beforeQuiet = await writesByKind(operator);
  await untilQuiet();
  const facts = {
    agents,
    rollouts,
    flips,
    writesOfEachFlip: writes,
    writesThatFollowLazily: difference(beforeQuiet, await writesByKind(operator)),
    processorMillisecondsOfAFlip: Math.round(processor / flips / 1000),
    processorMillisecondsOfASecondAtRest: Math.round(resting / 1000),
    peakMebibytes: Math.round((await peakMemoryBytes(processId)) / 1024 / 1024),
  };
  return { way: 'capataz: a CanaryRollout is patched', delays: delays.toSorted(ascending), facts };
}

/** The same readers of a server that does nothing else, given the document that the operator has sent. */
async function bare(): Promise<Row> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare-stream.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  try {
    const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const url = `http://127.0.0.1:${port}/`;
    const { data } = await world.get(ROLLOUT_CONFIG_MAPS, NAMESPACE, 'rollout-greeter');
    const [document] = Object.values(data) as string[];
    const marked = (mark: string): string => JSON.stringify({ ...JSON.parse(document ?? '{}'), mark });
    await using followers = new Followers({
      url,
      tokenPaths,
      versionOf: (text) => (JSON.parse(text) as { mark: string }).mark,
    });
    const tell = async (mark: string): Promise<void> => {
      await fetch(url, { method: 'POST', body: marked(mark) });
    };
    await until(async () => {
      await tell('ready');
      await sleep(100);
      return followers.allKnow('ready');
    });
    const delays: number[] = [];
    for (let flip = 0; flip < flips; flip += 1) {
      const startedAt = performance.now();
      await tell(`${flip}`);
      await until(() => followers.allKnow(`${flip}`));
      delays.push(...followers.delaysSince(startedAt));
    }
    return { way: 'a bare server writes to as many sockets', delays: delays.toSorted(ascending) };
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

/** What a flip cost when each Agent had the prompt in its own ConfigMap and its status: until both are written. */
async function former(): Promise<Row> {
  await inTurns(names, AT_ONCE, async (name) => {
    await world.create(ROLLOUT_CONFIG_MAPS, { metadata: { namespace: NAMESPACE, name: `former-${name}` } });
  });
  const startedAt = performance.now();
  const delays: number[] = [];
  await inTurns(names, FORMER_AT_ONCE, async (name) => {
    for (const part of ['configuration', 'status']) {
      await world.patch(ROLLOUT_CONFIG_MAPS, NAMESPACE, `former-${name}`, {
        data: { [part]: versions[0].spec.text },
      });
    }
    delays.push(performance.now() - startedAt);
  });
  return { way: 'two writes an agent, 16 at a time', delays: delays.toSorted(ascending) };
}

/** Until nothing is written any more, also of what follows lazily. */
async function untilQuiet(): Promise<void> {
  const from = await writesByKind(operator);
  const deadline = performance.now() + SETTLING_SECONDS * 1000;
  let last = '';
  for (let since = performance.now(); performance.now() - since < QUIET_SECONDS * 1000;) {
    if (performance.now() > deadline) {
      const written = JSON.stringify(difference(from, await writesByKind(operator)));
      throw new Error(`The operator still writes after ${SETTLING_SECONDS} s: ${written}.`);
    }
    await sleep(500);
    const now = JSON.stringify(await writesByKind(operator));
    if (now !== last) since = performance.now();
    last = now;
  }
}

/** From one look at the metrics, by kind and verb. */
async function writesByKind({ metrics }: OperatorProcess): Promise<Readonly<Record<string, number>>> {
  const text = await metrics();
  const found = text.matchAll(/^capataz_operator_writes_total\{kind="(\w+)",verb="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries(Array.from(found, ([, kind, verb, count]) => [`${kind} ${verb}`, Number(count)]));
}

function difference(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const entries = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

async function inTurns(
  all: readonly string[],
  atOnce: number,
  work: (name: string) => Promise<void>,
): Promise<void> {
  const left = all.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const name of left) await work(name);
    }),
  );
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_SECONDS * 1000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('Not everybody was reached in time.');
    await sleep(5);
  }
}

function ascending(one: number, other: number): number {
  return one - other;
}
