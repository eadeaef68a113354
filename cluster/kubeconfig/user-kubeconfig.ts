import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

import type { Instance } from '#cluster/instance/instance.ts';
import type { KubeconfigDocument } from './kubeconfig.ts';
import {
  isKubeconfigEmpty,
  mergeKubeconfig,
  readCurrentContext,
  removeFromKubeconfig,
} from './kubeconfig-merge.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What `down` must know to put things back. */
interface ChangeRecord {
  readonly path: string;
  readonly wasMissing: boolean;
  readonly previousContext?: string;
}

export function chooseUserKubeconfig(environment: Environment, exists: (path: string) => boolean): string {
  const listed = (environment['KUBECONFIG'] ?? '').split(':').filter((path) => path !== '');
  const first = listed.find(exists) ?? listed[0];
  return first ?? join(environment['HOME'] ?? '/root', '.kube', 'config');
}

const recordPath = (instance: Instance): string => join(instance.stateDirectory, 'user-kubeconfig.json');

/** Returns the file that now has the context, or undefined where the person's file is left alone. */
export async function addToUserKubeconfig(
  instance: Instance,
  environment: Environment,
): Promise<string | undefined> {
  if (!instance.isDefault) return undefined;
  const path = chooseUserKubeconfig(environment, existsSync);
  if (path === instance.kubeconfigPath) return undefined;
  const before = await readFile(path, 'utf8').catch(() => undefined);
  const added = parse(await readFile(instance.kubeconfigPath, 'utf8')) as KubeconfigDocument;
  const previousContext = before === undefined ? undefined : readCurrentContext(before);
  if (previousContext !== instance.name || !existsSync(recordPath(instance))) {
    const record: ChangeRecord = {
      path,
      wasMissing: before === undefined,
      ...(previousContext === undefined || previousContext === instance.name ? {} : { previousContext }),
    };
    await writeFile(recordPath(instance), JSON.stringify(record));
  }
  const after = mergeKubeconfig(before ?? '', added);
  if (after !== before) await replace(path, after);
  return path;
}

export async function removeFromUserKubeconfig(instance: Instance): Promise<void> {
  const text = await readFile(recordPath(instance), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const record = JSON.parse(text) as ChangeRecord;
  const before = await readFile(record.path, 'utf8').catch(() => undefined);
  if (before === undefined) return;
  const after = removeFromKubeconfig(before, instance.name, record.previousContext);
  if (record.wasMissing && isKubeconfigEmpty(after)) await rm(record.path);
  else if (after !== before) await replace(record.path, after);
}

/** Written beside and renamed, so that kubectl never reads half a file; a link stays a link. */
async function replace(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const target = existsSync(path) ? await realpath(path) : path;
  const temporary = `${target}.capataz-new`;
  await writeFile(temporary, text, { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, target);
}
