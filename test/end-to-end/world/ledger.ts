/** The ledger of the node as its enemies meet it: its pod, its process, the files of its volume. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { request } from 'undici';
import { INSTANCE, get, kubectl, serviceUrl } from './cluster.ts';

const NAMESPACE = 'capataz-system';
const POD = 'capataz-ledger-0';
const CLAIM = 'ledger-capataz-ledger-0';

export async function scaleLedger(replicas: 0 | 1): Promise<void> {
  await kubectl(['scale', 'statefulset/capataz-ledger', `--replicas=${replicas}`, '--namespace', NAMESPACE]);
  if (replicas === 1) await untilLedgerIsReady();
  else await kubectl(['wait', '--for=delete', `pod/${POD}`, '--namespace', NAMESPACE, '--timeout=60s']);
}

export async function deleteLedgerPod(): Promise<void> {
  await kubectl(['delete', 'pod', POD, '--namespace', NAMESPACE, '--force', '--grace-period=0']);
  await untilLedgerIsReady();
}

/** Stopped, it holds its connections and answers nothing: a worse death than a real one. */
export async function freezeLedger(seconds: number): Promise<void> {
  const pid = await processOf((await get('pod', POD, NAMESPACE)).metadata.uid);
  process.kill(pid, 'SIGSTOP');
  try {
    await sleep(seconds * 1000);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

async function untilLedgerIsReady(): Promise<void> {
  await kubectl([
    'rollout',
    'status',
    'statefulset/capataz-ledger',
    '--namespace',
    NAMESPACE,
    '--timeout=120s',
  ]);
}

async function processOf(podUid: string): Promise<number> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (!command.includes('services/ledger/main.ts')) continue;
    const group = await readFile(`/proc/${entry}/cgroup`, 'utf8').catch(() => '');
    if (group.includes(podUid) || group.includes(podUid.replaceAll('-', '_'))) return Number(entry);
  }
  throw new Error(`No process of the pod ${POD} is found on this machine.`);
}

async function volumeFolder(): Promise<string> {
  const claim = await get('persistentvolumeclaim', CLAIM, NAMESPACE);
  return join(INSTANCE.stateDirectory, 'volumes', String(claim.spec?.['volumeName']));
}

/** Everything that is on the volume, byte by byte. */
export async function ledgerBytes(): Promise<Buffer> {
  const folder = await volumeFolder();
  return Buffer.concat(
    await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name)))),
  );
}

/** Writes into the database under the running ledger, as whoever holds the disk can. */
export async function editLedgerFile<Result>(edit: (database: DatabaseSync) => Result): Promise<Result> {
  const database = new DatabaseSync(join(await volumeFolder(), 'ledger.sqlite'), { timeout: 5000 });
  try {
    return edit(database);
  } finally {
    database.close();
  }
}

interface ToldRecord {
  readonly type: string;
  readonly callId?: string;
  readonly [field: string]: unknown;
}

/** All records of these types in the namespace, by the ledger's own API. */
export async function readRecords(
  namespace: string,
  ...types: readonly string[]
): Promise<readonly ToldRecord[]> {
  const account = ['create', 'token', 'capataz-reader', '--namespace', NAMESPACE];
  const token = (await kubectl([...account, '--audience', 'capataz-ledger'])).trim();
  const base = `${await serviceUrl('capataz-ledger', NAMESPACE)}/v1/records?namespace=${namespace}&types=${types.join(',')}`;
  const records: ToldRecord[] = [];
  for (let after = 0, isEnd = false; !isEnd;) {
    const { statusCode, body } = await request(`${base}&limit=1000&after=${after}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const page = (await body.json()) as {
      readonly entries: readonly { readonly entry: { readonly record: ToldRecord } | string }[];
      readonly position: number;
      readonly isEnd: boolean;
    };
    if (statusCode !== 200)
      throw new Error(`The ledger answered with ${statusCode}: ${JSON.stringify(page)}`);
    for (const { entry } of page.entries) {
      const read = typeof entry === 'string' ? (JSON.parse(entry) as { readonly record: ToldRecord }) : entry;
      records.push(read.record);
    }
    after = page.position;
    isEnd = page.isEnd;
  }
  return records;
}
