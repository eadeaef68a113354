/**
 * A company as the console shows it: a real etcd and API server with a thousand Agents, a real ledger that holds what they did,
 * and the processes that people look through. One world serves all files of the suite.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '#cluster/command-line/command.ts';
import { CHECKOUT_DIRECTORY } from '#cluster/instance/cluster-paths.ts';
import {
  type OperatorProcess,
  SYSTEM_NAMESPACE,
  type World,
  startWorld,
} from '#test/cluster/operator/operator-world.ts';
import { type FleetLedger, fillStore, startFleetLedger } from './fleet-ledger.ts';
import { createFleet } from './fleet-objects.ts';
import { HOSTILE_NAMESPACE, createHostileObjects } from './hostile-objects.ts';
import { HOSTILE_AGENT, hostileAttempts, hostileRun } from './hostile-run.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';
import { longRun } from './long-run.ts';
import { simulateFleet } from './simulated-fleet.ts';
import { type PersonName, createPeople } from './people.ts';
import { historyOf } from './simulated-history.ts';
import { type ConsoleProcess, startConsole, startObserver } from './watching-processes.ts';

export const AGENT_COUNT = 1_000;
const SEED = 20_261_126;
const DAYS_OF_HISTORY = 8;
const WRITERS = ['router', 'observer', 'console'] as const;
const MINUTE_MICROSECONDS = 60_000_000;

export interface BrowserWorldOptions {
  /** Whether a part of the thousand is hostile; pictures for people are made without. */
  readonly isHostile: boolean;
}

export interface BrowserWorld extends AsyncDisposable {
  readonly world: World;
  readonly ledger: FleetLedger;
  readonly console: ConsoleProcess;
  /** What each person pastes to log in. */
  readonly tokens: Readonly<Record<PersonName, string>>;
}

export async function startBrowserWorld({ isHostile }: BrowserWorldOptions): Promise<BrowserWorld> {
  await using begun = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'capataz-browser-'));
  begun.defer(() => rm(directory, { recursive: true, force: true }));
  const world = await startWorld();
  begun.defer(() => world.stop());
  const nowMicroseconds = Date.now() * 1000;
  const fleet = simulateFleet(SEED, AGENT_COUNT - (isHostile ? HOSTILE_TEXTS.length : 0));
  const histories = [
    historyOf(fleet, { nowMicroseconds, days: DAYS_OF_HISTORY, seed: SEED }),
    longRun(nowMicroseconds - MINUTE_MICROSECONDS),
  ];
  const createObjects = async (): Promise<void> => {
    await createFleet(world, fleet);
    if (isHostile) await createHostileObjects(world);
    for (const writer of WRITERS) await world.createServiceAccount(SYSTEM_NAMESPACE, `capataz-${writer}`);
  };
  await Promise.all([createObjects(), fillStore(directory, histories), buildPage()]);
  const ledger = await startFleetLedger(world, directory, WRITERS);
  begun.defer(() => ended(ledger.process));
  if (isHostile) await tellHostileRun(world, ledger);
  const place = { world, directory, ledgerUrl: ledger.url };
  const observer = await startObserver(place);
  begun.defer(() => ended(observer));
  const console = await startConsole({ ...place, observerUrl: `http://127.0.0.1:${observer.port()}` });
  begun.defer(() => console.kill());
  const tokens = await createPeople(world);
  const all = begun.move();
  return { world, ledger, console, tokens, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function tellHostileRun(world: World, ledger: FleetLedger): Promise<void> {
  const nowMicroseconds = Date.now() * 1000;
  const account = `agent-${HOSTILE_AGENT}`;
  await world.createServiceAccount(HOSTILE_NAMESPACE, account);
  for (const batch of hostileRun(nowMicroseconds)) await ledger.tell(HOSTILE_NAMESPACE, account, batch);
  await ledger.tell(SYSTEM_NAMESPACE, 'capataz-router', hostileAttempts(nowMicroseconds));
}

/** As it is now: what is tested, measured and shown is never of yesterday. */
async function buildPage(): Promise<void> {
  await runCommand(process.execPath, [join(CHECKOUT_DIRECTORY, 'services/console/page/build/build-page.ts')]);
}

async function ended(process: OperatorProcess): Promise<void> {
  process.kill('SIGKILL');
  await process.exited;
}
