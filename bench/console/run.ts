/**
 * node bench/console/run.ts [--rounds=9] [--tabs=50] [--seconds=20]
 *
 * How fast a person sees a thousand agents, in a real Chromium, over a real etcd, API server, ledger, observer and console; and
 * what the console takes for as many tabs. Beside it, in the same run, the least that could show the same rows. See README.md.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, BrowserContext } from 'playwright-core';
import { launchChromium } from '#test/browser/chromium/launch-chromium.ts';
import { type LoggedIn, logIn } from '#test/browser/visits/logged-in.ts';
import { type BrowserWorld, startBrowserWorld } from '#test/browser/world/browser-world.ts';
import { LONG_RUN } from '#test/browser/world/long-run.ts';
import { SYSTEM_NAMESPACE } from '#test/cluster/operator/operator-world.ts';
import { peakMemoryBytes, processorMicroseconds } from '../laboratory/processes.ts';
import { median, quantile } from '../laboratory/quantiles.ts';
import { timeToFollow, timeToOpen, timesToType } from './stopwatch.ts';
import { Tabs } from './tabs.ts';

const MOST = 1_000;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    tabs: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
  },
});
const [rounds, tabs, seconds] = (['rounds', 'tabs', 'seconds'] as const).map((name) => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 1 && value <= MOST) return value;
  throw new Error(`--${name} is a whole number from 1 to ${MOST}, not "${values[name]}".`);
}) as [number, number, number];

const TYPED = 'invoice-classifier';
const CHARGED_AGENT = { namespace: 'shop', name: 'size-advisor-de' } as const;
/** Dollars: nothing else of the fleet comes near. */
const CHARGE = 5_000;
const NANO = 1_000_000_000;
const STREAMS_OF_SESSION = 10;

const OUR_ROWS = `document.querySelectorAll('table tbody tr[aria-rowindex] th').length > 5`;
const OUR_RUN = `document.querySelectorAll('ol.story li.told').length > 5`;
const BARE_ROWS = `document.querySelectorAll('tbody tr').length > 5`;
const showsTyped = (rows: string): string =>
  `(() => { const wanted = document.querySelector('input[type=search]').value; const rows = [...document.querySelectorAll(${JSON.stringify(rows)})]; return rows.length > 0 && rows.every((row) => row.textContent.includes(wanted)) && document.querySelector('[aria-busy=true]') === null; })()`;

await using cleanup = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), 'capataz-console-bench-'));
cleanup.defer(() => rm(directory, { recursive: true, force: true }));
const world = cleanup.use(await startBrowserWorld({ isHostile: false }));
const browser = await launchChromium();
cleanup.defer(() => browser.close());
const session = await logIn(browser, world.console.url, world.tokens.director);
const cookie = cookieOf(session);
const bare = cleanup.use(await startBare());

interface Row {
  readonly what: string;
  readonly unit: string;
  readonly aim: string;
  readonly ours: readonly number[];
  readonly bare: readonly number[];
}

const table = [
  ...(await opening(browser)),
  await typing(browser),
  await charging(browser, world),
  ...(await many(world)),
];
console.log('\n| | aim | console p50 | slowest | bare p50 | ratio |');
console.log('|---|--:|--:|--:|--:|--:|');
for (const { what, unit, aim, ours, bare: least } of table) {
  const ratio = least.length === 0 ? '' : `x${(median(ours) / median(least)).toFixed(1)}`;
  const cells = [
    median(ours),
    quantile(
      ours.toSorted((one, other) => one - other),
      1,
    ),
  ].map((value) => `${round(value)} ${unit}`);
  console.log(
    `| ${what} | ${aim} | ${cells.join(' | ')} | ${least.length === 0 ? '' : `${round(median(least))} ${unit}`} | ${ratio} |`,
  );
}

async function opening(opened: Browser): Promise<readonly Row[]> {
  const times = { cold: [] as number[], warm: [] as number[], click: [] as number[], run: [] as number[] };
  const least = { cold: [] as number[], warm: [] as number[], run: [] as number[] };
  const kilobytes: number[] = [];
  const runPath = `/runs/${LONG_RUN.namespace}/${LONG_RUN.id}`;
  for (let round = 0; round < rounds; round += 1) {
    await inContext(opened, async (context) => {
      const sizes = transferred(context);
      times.cold.push(await timeToOpen(context, `${world.console.url}/agents`, OUR_ROWS));
      kilobytes.push((await sizes()) / 1000);
      times.warm.push(await timeToOpen(context, `${world.console.url}/agents`, OUR_ROWS));
      times.run.push(await timeToOpen(context, `${world.console.url}${runPath}`, OUR_RUN));
      const page = await context.newPage();
      await page.goto(`${world.console.url}/`);
      await page.locator('h1').first().waitFor();
      await sleep(500);
      times.click.push(await timeToFollow(page, 'nav a.area[href="/agents"]', OUR_ROWS));
    });
    await inContext(opened, async (context) => {
      least.cold.push(await timeToOpen(context, `${bare.url}/`, BARE_ROWS));
      least.warm.push(await timeToOpen(context, `${bare.url}/`, BARE_ROWS));
      least.run.push(await timeToOpen(context, `${bare.url}/run`, BARE_ROWS));
    });
  }
  return [
    {
      what: 'cold load of the fleet, first rows',
      unit: 'ms',
      aim: '1,000 ms',
      ours: times.cold,
      bare: least.cold,
    },
    {
      what: 'fleet of 1,000 opened again, first rows',
      unit: 'ms',
      aim: '300 ms',
      ours: times.warm,
      bare: least.warm,
    },
    { what: 'from Now to the fleet, first rows', unit: 'ms', aim: '300 ms', ours: times.click, bare: [] },
    {
      what: 'run of 20,000 steps, first screen',
      unit: 'ms',
      aim: '500 ms',
      ours: times.run,
      bare: least.run,
    },
    { what: 'cold load, all that is transferred', unit: 'kB', aim: '', ours: kilobytes, bare: [] },
  ];
}

async function typing(opened: Browser): Promise<Row> {
  const ours: number[] = [];
  const least: number[] = [];
  await inContext(opened, async (context) => {
    const page = await context.newPage();
    await page.goto(`${world.console.url}/agents`);
    await page.locator('table tbody tr').first().waitFor();
    await page.getByRole('searchbox').focus();
    ours.push(...(await timesToType(page, TYPED, showsTyped('table tbody tr[aria-rowindex]'))));
    const other = await context.newPage();
    await other.goto(`${bare.url}/`);
    await other.getByRole('searchbox').focus();
    least.push(...(await timesToType(other, TYPED, showsTyped('tbody tr'))));
  });
  return { what: 'a key, rows filtered', unit: 'ms', aim: '100 ms', ours, bare: least };
}

/** As the router tells it once it has charged: until a person reads it in the row of the agent. */
async function charging(opened: Browser, { ledger }: BrowserWorld): Promise<Row> {
  const ours: number[] = [];
  await inContext(opened, async (context) => {
    const page = await context.newPage();
    await page.goto(`${world.console.url}/agents?search=${CHARGED_AGENT.name}`);
    await page.locator('table tbody tr th').first().waitFor();
    for (let round = 1; round <= Math.min(rounds, 5); round += 1) {
      const begun = performance.now();
      await tellCharge(ledger, round);
      const shown = `[...document.querySelectorAll('table tbody td.number')].some((cell) => Number(cell.textContent.replace(/[^0-9.]/g, '')) >= ${CHARGE * round})`;
      while (!(await page.evaluate(shown))) await sleep(20);
      ours.push((performance.now() - begun) / 1000);
    }
  });
  return { what: 'charged by the router, read on the page', unit: 's', aim: '5 s', ours, bare: [] };
}

async function many({ console: console_, ledger }: BrowserWorld): Promise<readonly Row[]> {
  const measure = async (
    processId: number,
    places: ConstructorParameters<typeof Tabs>[1],
    tell: (second: number) => Promise<unknown>,
  ): Promise<{ readonly processor: number; readonly answers: number }> => {
    await using open = new Tabs(tabs, places);
    await sleep(3_000);
    const [before, answered] = [await processorMicroseconds(processId), open.answers];
    for (let second = 0; second < seconds; second += 1) {
      await Promise.all([tell(second), sleep(1000)]);
    }
    const processor = ((await processorMicroseconds(processId)) - before) / seconds / 10_000;
    return { processor, answers: (open.answers - answered) / seconds };
  };
  const cookies = [cookie];
  // A session holds so many streams at most.
  while (cookies.length * STREAMS_OF_SESSION < tabs) {
    cookies.push(cookieOf(await logIn(browser, console_.url, world.tokens.director)));
  }
  const ours = await measure(
    console_.processId(),
    { stream: `${console_.url}/v1/stream`, view: `${console_.url}/v1/agents?limit=100`, cookies },
    (second) => tellCharge(ledger, 0, second),
  );
  const least = await measure(
    bare.processId,
    { stream: `${bare.url}/stream`, view: `${bare.url}/rows.json`, cookies: [''] },
    () => fetch(`${bare.url}/tell`, { method: 'POST', body: '{"topics":["agents"]}' }),
  );
  const mebibytes = async (processId: number): Promise<number> =>
    (await peakMemoryBytes(processId)) / 1024 ** 2;
  const what = `with ${tabs} tabs on the fleet`;
  return [
    {
      what: `${what}: processor`,
      unit: '% of a core',
      aim: '',
      ours: [ours.processor],
      bare: [least.processor],
    },
    { what: `${what}: pages of rows`, unit: '/s', aim: '', ours: [ours.answers], bare: [least.answers] },
    {
      what: `${what}: most memory`,
      unit: 'MiB',
      aim: '',
      ours: [await mebibytes(console_.processId())],
      bare: [await mebibytes(bare.processId)],
    },
  ];
}

function cookieOf({ cookies }: LoggedIn): string {
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

async function tellCharge(ledger: BrowserWorld['ledger'], round: number, second = 0): Promise<void> {
  const id = randomUUID();
  await ledger.tell(SYSTEM_NAMESPACE, 'capataz-router', {
    records: [
      {
        id: `${id}:1`,
        type: 'model_attempt',
        namespace: CHARGED_AGENT.namespace,
        atMicroseconds: Date.now() * 1000,
        source: { process: 'router', instance: 'router-of-the-bench', boot: id, sequence: 1 },
        agent: { name: CHARGED_AGENT.name },
        requestId: id,
        attempt: 1,
        operation: 'chat',
        model: 'swift',
        provider: 'openai',
        providerModel: 'gpt-5-mini',
        outcome: 'answered',
        tokens: { input: 100, cachedInput: 0, cacheWrite: 0, output: 10 },
        usageSource: 'provider',
        costNanoUsd: round > 0 ? CHARGE * NANO : 1_000_000 + second,
        durationMicroseconds: 500_000,
      },
    ],
    texts: [],
  });
}

async function inContext(opened: Browser, work: (context: BrowserContext) => Promise<void>): Promise<void> {
  const context = await opened.newContext({
    storageState: session,
    viewport: { width: 1280, height: 800 },
    locale: 'en',
  });
  try {
    await work(context);
  } finally {
    await context.close();
  }
}

/** Counts what is sent over the wire from now on, until it is asked for. */
function transferred(context: BrowserContext): () => Promise<number> {
  const sizes: Promise<number>[] = [];
  context.on('requestfinished', (request) => {
    sizes.push(
      request
        .sizes()
        .then(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize)
        .catch(() => 0),
    );
  });
  return async () => {
    const all = await Promise.all(sizes);
    return all.reduce((sum, size) => sum + size, 0);
  };
}

async function startBare(): Promise<AsyncDisposable & { readonly url: string; readonly processId: number }> {
  const ask = async (
    path: string,
  ): Promise<{ readonly rows: readonly object[]; readonly nextCursor: string | null }> =>
    (await (await fetch(`${world.console.url}${path}`, { headers: { cookie } })).json()) as never;
  const rows: object[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await ask(
      `/v1/agents?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    rows.push(...page.rows);
    cursor = page.nextCursor;
  }
  const [rowsPath, runPath] = [join(directory, 'rows.json'), join(directory, 'run.json')];
  await writeFile(rowsPath, JSON.stringify(rows));
  await writeFile(
    runPath,
    JSON.stringify(await ask(`/v1/runs/${LONG_RUN.id}?namespace=${LONG_RUN.namespace}&limit=200`)),
  );
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare-page.ts'), rowsPath, runPath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    url: `http://127.0.0.1:${port}`,
    processId: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 10 ? 0 : 1);
}
