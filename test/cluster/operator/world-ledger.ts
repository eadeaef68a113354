/** The ledger of a world: its own process with a store on disk, with exactly the rights that the chart gives it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { openRolloutOutcomes } from '#adapters/ledger-reader/open-rollout-outcomes.ts';
import type { RolloutOutcomes } from '#adapters/ledger-reader/rollout-outcomes.ts';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import { chartRules, grant } from './chart-rules.ts';
import {
  type AnyObject,
  type OperatorProcess,
  SYSTEM_NAMESPACE,
  type World,
  eventually,
  launch,
} from './operator-world.ts';

const LEDGER = 'capataz-ledger';
const OPERATOR = 'capataz-operator';
const PROGRAM = { path: 'services/ledger/main.ts', startedMessage: 'the process is listening' } as const;

export interface WorldLedger {
  /** The same, whichever process stands behind it. */
  readonly url: string;
  /** What an operator of this name is started with. */
  readonly environmentOf: (operatorName: string) => Promise<Readonly<Record<string, string>>>;
  /** What an operator reads there, as it reads it. */
  readonly outcomes: RolloutOutcomes;
  /** What an operator has told of its decisions there, in order. */
  readonly decisionsOf: (namespace: string) => Promise<readonly string[]>;
  readonly kill: () => Promise<void>;
  /** What is on disk is there again. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startWorldLedger(world: World, directory: string): Promise<WorldLedger> {
  await world.createServiceAccount(SYSTEM_NAMESPACE, LEDGER);
  await grant(world, LEDGER, await chartRules('ledgerRules', 'reviewRules'));
  await grant(world, OPERATOR, await chartRules('outcomeRules'), { suffix: '-outcomes' });
  const kubeconfig = join(directory, 'ledger.kubeconfig');
  const tokenPath = join(directory, 'ledger-token-of-operator');
  await world.kubeconfigOf(SYSTEM_NAMESPACE, LEDGER, kubeconfig);
  await writeFile(tokenPath, await world.token(SYSTEM_NAMESPACE, OPERATOR, LEDGER_AUDIENCE));

  let ledger: OperatorProcess | undefined;
  const start = async (): Promise<void> => {
    const started = launch(PROGRAM, 'capataz-ledger-0', {
      CAPATAZ_LOG_LEVEL: 'info',
      CAPATAZ_KUBECONFIG: kubeconfig,
      CAPATAZ_DATABASE_PATH: join(directory, 'ledger.sqlite'),
      CAPATAZ_SIGNING_KEY_PATH: join(directory, 'signing-key'),
      CAPATAZ_TEXT_KEYS_PATH: join(directory, 'text-keys'),
      CAPATAZ_GENERATE_KEYS: 'true',
      CAPATAZ_PLATFORM_WRITERS: `operator=${SYSTEM_NAMESPACE}/${OPERATOR}`,
    });
    await eventually(() => Promise.resolve(started.port()), 60);
    ledger = started;
  };
  const kill = async (): Promise<void> => {
    const killed = ledger;
    ledger = undefined;
    killed?.kill('SIGKILL');
    await killed?.exited;
  };
  await start();
  const front = await startFront(() => ledger?.port());
  const reading = openRolloutOutcomes({ url: front.url, tokenPath, now: () => performance.now() });
  return {
    url: front.url,
    environmentOf: async (operatorName) => {
      const spool = join(directory, `spool-of-${operatorName}`);
      await mkdir(spool, { recursive: true });
      return {
        CAPATAZ_LEDGER_URL: front.url,
        CAPATAZ_LEDGER_TOKEN_PATH: tokenPath,
        CAPATAZ_LEDGER_SPOOL_PATH: spool,
      };
    },
    outcomes: reading.outcomes,
    decisionsOf: async (namespace) => {
      const query = `namespace=${namespace}&types=rollout_decision&limit=1000`;
      const headers = { authorization: `Bearer ${await readFile(tokenPath, 'utf8')}` };
      const { entries } = (await (
        await fetch(`${front.url}/v1/records?${query}`, { headers })
      ).json()) as AnyObject;
      return entries.map(({ entry }: AnyObject) => entry.record.decision);
    },
    kill,
    start,
    stop: async () => {
      await reading.close();
      await front.close();
      await kill();
    },
  };
}

/** The Service in front of it: a ledger that is started again has another port, and whoever asks knows only this one. */
async function startFront(
  portOfLedger: () => number | undefined,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    const port = portOfLedger();
    if (port === undefined) {
      client.destroy();
      return;
    }
    const ledger = connect(port, '127.0.0.1');
    client.pipe(ledger).pipe(client);
    for (const [one, other] of [
      [client, ledger],
      [ledger, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
