/** The ledger of the world: its own process, on a store in which the history of the fleet stands already. */
import { join } from 'node:path';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import { type SubmittedRecord } from '#services/ledger/store/ledger-store.ts';
import { openSqliteStore } from '#services/ledger/store/sqlite/open-sqlite-store.ts';
import { chartRules, grant } from '#test/cluster/operator/chart-rules.ts';
import {
  type OperatorProcess,
  SYSTEM_NAMESPACE,
  type World,
  eventually,
  launch,
} from '#test/cluster/operator/operator-world.ts';
import type { ToldToLedger } from './hostile-run.ts';

const LEDGER = 'capataz-ledger';
const PROGRAM = { path: 'services/ledger/main.ts', startedMessage: 'the process is listening' } as const;
const BATCH_RECORDS = 2_000;

/** Straight into the store: what would take an hour by the ledger's door takes a minute. */
export async function fillStore(
  directory: string,
  histories: readonly Iterable<SubmittedRecord>[],
): Promise<void> {
  let failure: Error | undefined;
  await using store = await openSqliteStore({
    path: databasePath(directory),
    onFailure: (error) => {
      failure = error;
    },
  });
  for (const history of histories) {
    let batch: SubmittedRecord[] = [];
    const write = async (): Promise<void> => {
      const last = batch.at(-1);
      if (last === undefined) return;
      const outcomes = await store.append(batch, last.record.atMicroseconds);
      const refused = outcomes.find(({ kind }) => kind !== 'written');
      if (refused !== undefined)
        throw new Error(`The store did not take a record: ${JSON.stringify(refused)}.`);
      batch = [];
    };
    for (const record of history) {
      batch.push(record);
      if (batch.length === BATCH_RECORDS) await write();
    }
    await write();
  }
  if (failure !== undefined) throw failure;
}

export interface FleetLedger {
  readonly url: string;
  readonly process: OperatorProcess;
  /** As this ServiceAccount. Rejects when anything is refused. */
  readonly tell: (namespace: string, account: string, told: ToldToLedger) => Promise<void>;
}

/** `platformWriters`: processes of the platform that may tell, each as the account `capataz-PROCESS`. */
export async function startFleetLedger(
  world: World,
  directory: string,
  platformWriters: readonly string[],
): Promise<FleetLedger> {
  await world.createServiceAccount(SYSTEM_NAMESPACE, LEDGER);
  await grant(world, LEDGER, await chartRules('ledgerRules', 'reviewRules'));
  const kubeconfig = join(directory, 'ledger.kubeconfig');
  await world.kubeconfigOf(SYSTEM_NAMESPACE, LEDGER, kubeconfig);
  const process = launch(PROGRAM, `${LEDGER}-0`, {
    CAPATAZ_LOG_LEVEL: 'info',
    CAPATAZ_KUBECONFIG: kubeconfig,
    CAPATAZ_DATABASE_PATH: databasePath(directory),
    CAPATAZ_SIGNING_KEY_PATH: join(directory, 'signing-key'),
    CAPATAZ_TEXT_KEYS_PATH: join(directory, 'text-keys'),
    CAPATAZ_GENERATE_KEYS: 'true',
    CAPATAZ_CHECKPOINT_SECONDS: '1',
    CAPATAZ_PLATFORM_WRITERS: platformWriters
      .map((name) => `${name}=${SYSTEM_NAMESPACE}/capataz-${name}`)
      .join(','),
  });
  await eventually(() => Promise.resolve(process.port()), 60);
  const url = `http://127.0.0.1:${process.port()}`;
  return {
    url,
    process,
    tell: async (namespace, account, told) => {
      const token = await world.token(namespace, account, LEDGER_AUDIENCE);
      const response = await fetch(`${url}/v1/records`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(told),
      });
      const answer = (await response.json()) as { readonly refused?: readonly unknown[] };
      if (!response.ok || answer.refused?.length !== 0) {
        throw new Error(`The ledger refused: ${JSON.stringify(answer).slice(0, 1_000)}`);
      }
    },
  };
}

function databasePath(directory: string): string {
  return join(directory, 'ledger.sqlite');
}
