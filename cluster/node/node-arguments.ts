import {
  apiServerArguments,
  controllerManagerArguments,
  type ControlPlanePlan,
  etcdArguments,
} from '#cluster/control-plane/control-plane-arguments.ts';
import type { Instance } from '#cluster/instance/instance.ts';

export const API_SERVER_PORT = 6443;

export interface NodeComponent {
  readonly name: string;
  // 'kubernetes' stands for our own binary with the component as its first argument.
  readonly program: 'kubernetes' | 'containerd';
  readonly arguments: readonly string[];
  // Pods are not told of a restart of the control plane, so what serves them starts as soon as it can.
  readonly needsApiServer: boolean;
}

export function describeControlPlane(instance: Instance): ControlPlanePlan {
  return {
    dataDirectory: instance.stateDirectory,
    certificateDirectory: `${instance.stateDirectory}/certificates`,
    kubeconfigDirectory: `${instance.stateDirectory}/kubeconfigs`,
    etcdClientPort: 2379,
    etcdPeerPort: 2380,
    apiServerAddress: instance.addresses.nodeAddress,
    apiServerPort: API_SERVER_PORT,
    controllerManagerPort: 10257,
    serviceSubnet: instance.addresses.serviceSubnet,
    podSubnet: instance.addresses.podSubnet,
  };
}

export function describeNodeComponents(instance: Instance): readonly NodeComponent[] {
  const plan = describeControlPlane(instance);
  const state = instance.stateDirectory;
  const kubeconfig = (user: string): string => `${state}/kubeconfigs/${user}.kubeconfig`;
  const configuration = (file: string): string => `${state}/configuration/${file}`;
  const kubernetes = (componentArguments: readonly string[], needsApiServer: boolean): NodeComponent => ({
    name: componentArguments[0] ?? '',
    program: 'kubernetes',
    arguments: componentArguments,
    needsApiServer,
  });
  return [
    kubernetes(etcdArguments(plan), false),
    kubernetes(apiServerArguments(plan, 'with-node'), false),
    {
      name: 'containerd',
      program: 'containerd',
      arguments: ['--config', configuration('containerd.toml')],
      needsApiServer: false,
    },
    kubernetes(
      [
        'kubelet',
        `--config=${configuration('kubelet.yaml')}`,
        `--kubeconfig=${kubeconfig('kubelet')}`,
        `--hostname-override=${instance.name}`,
        `--node-ip=${instance.addresses.nodeAddress}`,
        `--root-dir=${state}/kubelet`,
        `--cert-dir=${state}/kubelet/pki`,
      ],
      true,
    ),
    kubernetes(controllerManagerArguments(plan), true),
    kubernetes(
      [
        'kube-scheduler',
        `--kubeconfig=${kubeconfig('scheduler')}`,
        `--authentication-kubeconfig=${kubeconfig('scheduler')}`,
        `--authorization-kubeconfig=${kubeconfig('scheduler')}`,
        '--bind-address=127.0.0.1',
        '--leader-elect=false',
      ],
      true,
    ),
    kubernetes(['kube-proxy', `--config=${configuration('kube-proxy.yaml')}`], true),
    kubernetes(['coredns', '-conf', configuration('Corefile')], true),
  ];
}
