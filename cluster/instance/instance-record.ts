import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { DEFAULT_INSTANCE_NAME, describeInstance, type Instance } from './instance.ts';

const RECORD_NAME = 'instance.json';

/** The instance that the environment names, on the subnet that it was made with. */
export async function findInstance(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Instance> {
  const name = environment['CAPATAZ_CLUSTER'] ?? DEFAULT_INSTANCE_NAME;
  const wanted = environment['CAPATAZ_SUBNET'];
  const instance = describeInstance(name, wanted);
  const recorded = await readRecordedSubnet(instance);
  if (recorded === undefined) return instance;
  if (wanted !== undefined && wanted !== recorded) {
    throw new ClusterError(
      `The cluster "${name}" was made with the subnet ${recorded}, and CAPATAZ_SUBNET is ${wanted}: remove it first with npm run down (without CAPATAZ_SUBNET), then run npm run up again.`,
    );
  }
  return describeInstance(name, recorded);
}

async function readRecordedSubnet(instance: Instance): Promise<string | undefined> {
  const text = await readFile(join(instance.stateDirectory, RECORD_NAME), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  return (JSON.parse(text) as { readonly subnet: string }).subnet;
}

export async function recordInstance(instance: Instance): Promise<void> {
  const record = { subnet: instance.addresses.instanceSubnet };
  await writeFile(join(instance.stateDirectory, RECORD_NAME), JSON.stringify(record));
}
