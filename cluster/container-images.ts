import { runCommand, tryCommand } from './command.ts';
import type { Instance } from './instance.ts';

const containerdArguments = (instance: Instance): readonly string[] => [
  ...['--address', instance.containerdSocket, '--namespace', 'k8s.io'],
];

export async function hasImage(instance: Instance, reference: string): Promise<boolean> {
  const listed = await tryCommand('ctr', [
    ...containerdArguments(instance),
    ...['images', 'list', '--quiet', `name==${reference}`],
  ]);
  return listed.exitCode === 0 && listed.output.trim() === reference;
}

export async function importImage(instance: Instance, archive: string): Promise<void> {
  await runCommand('ctr', [...containerdArguments(instance), 'images', 'import', archive]);
}
