import { runCommand, tryCommand } from '#cluster/command-line/command.ts';
import type { Instance } from '#cluster/instance/instance.ts';

const containerdArguments = (instance: Instance): readonly string[] => [
  '--address',
  instance.containerdSocket,
  '--namespace',
  'k8s.io',
];

/** The socket's file outlives the process, so only an answer counts. */
export async function isRuntimeReady(instance: Instance): Promise<boolean> {
  const answer = await tryCommand('ctr', [
    '--connect-timeout',
    '2s',
    ...containerdArguments(instance),
    'namespaces',
    'list',
    '--quiet',
  ]);
  return answer.exitCode === 0;
}

export async function hasImage(instance: Instance, reference: string): Promise<boolean> {
  const listed = await tryCommand('ctr', [
    ...containerdArguments(instance),
    'images',
    'list',
    '--quiet',
    `name==${reference}`,
  ]);
  return listed.exitCode === 0 && listed.output.trim() === reference;
}

export async function importImage(instance: Instance, archive: string): Promise<void> {
  await runCommand('ctr', [...containerdArguments(instance), 'images', 'import', archive]);
}

/** The digests of the layers and documents that the node has already. */
export async function listContent(instance: Instance): Promise<ReadonlySet<string>> {
  const listed = await runCommand('ctr', [...containerdArguments(instance), 'content', 'list', '--quiet']);
  return new Set(listed.split('\n').filter((digest) => digest !== ''));
}
