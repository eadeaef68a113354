import { createHash } from 'node:crypto';
import { type AddressPlan, defaultInstanceSubnet, planAddresses } from './address-plan.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';

/** One local cluster: everything it owns on the host carries its name, so several live side by side. */
export interface Instance {
  readonly name: string;
  readonly addresses: AddressPlan;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly networkNamespace: string;
  readonly hostDevice: string;
  readonly cgroup: string;
  readonly kubeconfigPath: string;
  readonly containerdSocket: string;
  // Only the default instance shows up in the user's own kubeconfig.
  readonly isDefault: boolean;
}

export const DEFAULT_INSTANCE_NAME = 'capataz';
export const STATE_ROOT = '/var/lib/capataz';
export const RUN_ROOT = '/run/capataz';

/** The names in daily use have fixed subnets; any other name gets one of 38 by its hash. */
const FIXED_INDEXES: Readonly<Record<string, number>> = { capataz: 0, 'capataz-test': 1 };

export function instanceIndex(name: string): number {
  const fixed = FIXED_INDEXES[name];
  if (fixed !== undefined) return fixed;
  return 2 + (createHash('sha256').update(name).digest().readUInt32BE(0) % 38);
}

export function describeInstance(name: string, subnet?: string): Instance {
  if (!/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw new ClusterError(
      `CAPATAZ_CLUSTER is "${name}": use at most 40 lower-case letters, digits and dashes, beginning with a letter.`,
    );
  }
  const addresses = planAddresses(subnet ?? defaultInstanceSubnet(instanceIndex(name)));
  if (addresses === undefined) {
    throw new ClusterError(`CAPATAZ_SUBNET is "${subnet}": write it as 10.99.0.0/16, always a /16.`);
  }
  return {
    name,
    addresses,
    stateDirectory: `${STATE_ROOT}/${name}`,
    runDirectory: `${RUN_ROOT}/${name}`,
    networkNamespace: name,
    hostDevice: hostDeviceName(name),
    cgroup: name,
    kubeconfigPath: `${STATE_ROOT}/${name}/kubeconfig`,
    containerdSocket: `${RUN_ROOT}/${name}/containerd.sock`,
    isDefault: name === DEFAULT_INSTANCE_NAME,
  };
}

/** The kernel allows 15 characters; a longer name is cut and told apart by its hash. */
export function hostDeviceName(name: string): string {
  if (name.length <= 15) return name;
  return `${name.slice(0, 8)}-${createHash('sha256').update(name).digest('hex').slice(0, 6)}`;
}
