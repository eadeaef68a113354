/** The observer and the console as they run in a cluster: each with exactly the rights that the chart gives it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import { ObservedNews } from '#domain/observation/observed-news.ts';
import { chartRules, grant } from '#test/cluster/operator/chart-rules.ts';
import {
  type OperatorProcess,
  SYSTEM_NAMESPACE,
  type World,
  eventually,
  launch,
} from '#test/cluster/operator/operator-world.ts';

const OBSERVER = 'capataz-observer';
const CONSOLE = 'capataz-console';
const STARTED = 'the process is listening';
const START_SECONDS = 60;
const REPLAY_MILLISECONDS = 120_000;

export interface Place {
  readonly world: World;
  readonly directory: string;
  readonly ledgerUrl: string;
}

export async function startObserver({ world, directory, ledgerUrl }: Place): Promise<OperatorProcess> {
  await grant(world, OBSERVER, await chartRules('observerRules', 'tokenReviewRules'));
  await grant(world, OBSERVER, await chartRules('observerLeaseRules'), {
    isInSystem: true,
    suffix: '-lease',
  });
  const paths = await credentials(world, directory, OBSERVER, [LEDGER_AUDIENCE]);
  const state = join(directory, 'observer');
  await mkdir(state);
  const observer = await started(
    { path: 'services/observer/main.ts', startedMessage: STARTED },
    `${OBSERVER}-0`,
    {
      CAPATAZ_KUBECONFIG: paths.kubeconfig,
      CAPATAZ_LEDGER_URL: ledgerUrl,
      CAPATAZ_LEDGER_TOKEN_PATH: paths.token(LEDGER_AUDIENCE),
      CAPATAZ_OBSERVER_READERS: `${SYSTEM_NAMESPACE}/${CONSOLE}`,
      CAPATAZ_OBSERVER_DIRECTORY: state,
    },
  );
  await untilCurrent(world, `http://127.0.0.1:${observer.port()}`);
  return observer;
}

/** Until it has read what the ledger had, and says so to whoever may ask. */
async function untilCurrent(world: World, url: string): Promise<void> {
  const token = await world.token(SYSTEM_NAMESPACE, CONSOLE, OBSERVER);
  const signal = AbortSignal.timeout(REPLAY_MILLISECONDS);
  const { body } = await fetch(`${url}/v1/news`, { headers: { authorization: `Bearer ${token}` }, signal });
  if (body === null) throw new Error('The observer tells nothing.');
  const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  let problem = '';
  for await (const { data } of events) {
    const news = ObservedNews.parse(JSON.parse(data));
    if (news.problem === null) return;
    problem = news.problem;
  }
  throw new Error(`The observer does not become current: ${problem}`);
}

export interface ConsoleProcess {
  /** The same after it was started again. */
  readonly url: string;
  readonly processId: () => number;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
}

export async function startConsole(place: Place & { readonly observerUrl: string }): Promise<ConsoleProcess> {
  const { world, directory, ledgerUrl, observerUrl } = place;
  await grant(world, CONSOLE, await chartRules('consoleRules', 'consoleReviewRules'));
  const audiences = [LEDGER_AUDIENCE, OBSERVER];
  const paths = await credentials(world, directory, CONSOLE, audiences);
  const sessionKeys = join(directory, 'session-keys');
  await writeFile(sessionKeys, `${Buffer.alloc(32, 7).toString('base64')}\n`);
  let port = 0;
  let running: OperatorProcess | undefined;
  const start = async (): Promise<void> => {
    running = await started({ path: 'services/console/main.ts', startedMessage: STARTED }, `${CONSOLE}-0`, {
      CAPATAZ_PORT: String(port),
      CAPATAZ_LOOPBACK_ONLY: 'true',
      CAPATAZ_KUBECONFIG: paths.kubeconfig,
      CAPATAZ_SESSION_KEYS_PATH: sessionKeys,
      CAPATAZ_OBSERVER_URL: observerUrl,
      CAPATAZ_OBSERVER_TOKEN_PATH: paths.token(OBSERVER),
      CAPATAZ_LEDGER_URL: ledgerUrl,
      CAPATAZ_LEDGER_TOKEN_PATH: paths.token(LEDGER_AUDIENCE),
    });
    port = running.port();
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    processId: () => running?.child.pid ?? 0,
    start,
    kill: async () => {
      const killed = running;
      running = undefined;
      killed?.kill('SIGKILL');
      await killed?.exited;
    },
  };
}

interface Credentials {
  readonly kubeconfig: string;
  readonly token: (audience: string) => string;
}

/** What a pod finds projected: a way to the API server, and a token for each that it asks. */
async function credentials(
  world: World,
  directory: string,
  account: string,
  audiences: readonly string[],
): Promise<Credentials> {
  const kubeconfig = join(directory, `${account}.kubeconfig`);
  await world.kubeconfigOf(SYSTEM_NAMESPACE, account, kubeconfig);
  const token = (audience: string): string => join(directory, `${account}-for-${audience}`);
  for (const audience of audiences) {
    await writeFile(token(audience), await world.token(SYSTEM_NAMESPACE, account, audience));
  }
  return { kubeconfig, token };
}

async function started(
  program: Parameters<typeof launch>[0],
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<OperatorProcess> {
  const process = launch(program, name, { CAPATAZ_LOG_LEVEL: 'info', ...environment });
  await eventually(() => Promise.resolve(process.port()), START_SECONDS);
  return process;
}
