import { parseArgs } from 'node:util';
import { ClusterError } from './cluster-error.ts';

export type Target =
  | { readonly kind: 'local' }
  | { readonly kind: 'context'; readonly context: string; readonly image?: Image };

export interface Image {
  readonly repository: string;
  readonly tag: string;
}

export const UP_USAGE = `npm run up                                            a cluster on this machine (Linux x64, root)
npm run up -- --context NAME --image REPOSITORY:TAG   your own cluster, by its kubeconfig context
npm run down                                          remove the cluster of this machine
npm run down -- --context NAME                        remove Capataz from your own cluster

CAPATAZ_CLUSTER   name of the cluster on this machine (capataz)
CAPATAZ_SUBNET    its /16 network, where the usual one is taken (10.210.0.0/16)
KUBECONFIG        the file that gets the context (~/.kube/config)`;

export function parseTarget(commandArguments: readonly string[]): Target | { readonly kind: 'help' } {
  const { values } = parse(commandArguments);
  if (values.help === true) return { kind: 'help' };
  if (values.context === undefined) {
    if (values.image === undefined) return { kind: 'local' };
    throw new ClusterError(
      '--image goes with --context NAME: the cluster of this machine runs the image of this checkout.',
    );
  }
  if (values.context === '')
    throw new ClusterError('--context needs a name: kubectl config get-contexts lists them.');
  const image = values.image === undefined ? undefined : parseImage(values.image);
  return { kind: 'context', context: values.context, ...(image === undefined ? {} : { image }) };
}

function parse(commandArguments: readonly string[]) {
  try {
    return parseArgs({
      args: [...commandArguments],
      options: {
        context: { type: 'string' },
        image: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('. ')[0] ?? '') : '';
    throw new ClusterError(`${reason}. Usage:\n${UP_USAGE}`);
  }
}

export function parseImage(reference: string): Image {
  // A colon before the last slash belongs to the registry's port, not to a tag.
  const match = /^(.+):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/.exec(reference);
  const [, repository, tag] = match ?? [];
  if (repository === undefined || tag === undefined) {
    throw new ClusterError(
      `--image is "${reference}": write REPOSITORY:TAG, for example registry.example/capataz:0.1.0.`,
    );
  }
  return { repository, tag };
}
