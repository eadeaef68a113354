/**
 * The arguments of the components that need no node: shared by the node and by the control plane
 * that tests start alone. Pure, so that one place says how the cluster is set up.
 */

export interface ControlPlanePlan {
  readonly dataDirectory: string;
  readonly certificateDirectory: string;
  readonly kubeconfigDirectory: string;
  readonly etcdClientPort: number;
  readonly etcdPeerPort: number;
  readonly apiServerAddress: string;
  readonly apiServerPort: number;
  readonly controllerManagerPort: number;
  readonly serviceSubnet: string;
  readonly podSubnet?: string;
}

export const SERVICE_ACCOUNT_ISSUER = 'https://kubernetes.default.svc.cluster.local';

export function etcdArguments(plan: ControlPlanePlan): readonly string[] {
  const clientUrl = `http://127.0.0.1:${plan.etcdClientPort}`;
  const peerUrl = `http://127.0.0.1:${plan.etcdPeerPort}`;
  return [
    'etcd',
    '--name=capataz',
    `--data-dir=${plan.dataDirectory}/etcd`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=capataz=${peerUrl}`,
    // A laptop's cluster: the page cache survives kill -9, and only a power cut can lose writes.
    '--unsafe-no-fsync',
    '--auto-compaction-mode=periodic',
    '--auto-compaction-retention=10m',
    '--log-level=warn',
  ];
}

export type ApiServerRole =
  // A loopback address is no valid endpoint, and without a node nothing needs the endpoints.
  'alone' | 'with-node';

export function apiServerArguments(plan: ControlPlanePlan, role: ApiServerRole): readonly string[] {
  const certificate = (file: string): string => `${plan.certificateDirectory}/${file}`;
  return [
    'kube-apiserver',
    `--etcd-servers=http://127.0.0.1:${plan.etcdClientPort}`,
    `--bind-address=${plan.apiServerAddress}`,
    `--advertise-address=${plan.apiServerAddress}`,
    `--secure-port=${plan.apiServerPort}`,
    `--service-cluster-ip-range=${plan.serviceSubnet}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--client-ca-file=${certificate('ca.crt')}`,
    `--tls-cert-file=${certificate('apiserver.crt')}`,
    `--tls-private-key-file=${certificate('apiserver.key')}`,
    `--kubelet-certificate-authority=${certificate('ca.crt')}`,
    `--kubelet-client-certificate=${certificate('apiserver-kubelet-client.crt')}`,
    `--kubelet-client-key=${certificate('apiserver-kubelet-client.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--proxy-client-cert-file=${certificate('front-proxy-client.crt')}`,
    `--proxy-client-key-file=${certificate('front-proxy-client.key')}`,
    `--requestheader-client-ca-file=${certificate('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-username-headers=X-Remote-User',
    `--service-account-issuer=${SERVICE_ACCOUNT_ISSUER}`,
    `--service-account-key-file=${certificate('service-account.pub')}`,
    `--service-account-signing-key-file=${certificate('service-account.key')}`,
    '--profiling=false',
    '--shutdown-delay-duration=0s',
    ...(role === 'alone' ? ['--endpoint-reconciler-type=none'] : []),
  ];
}

/**
 * Without a controller manager no namespace has its "default" ServiceAccount, which the admission
 * plug-in of that name would make every pod wait for.
 */
export const WITHOUT_SERVICE_ACCOUNT_ADMISSION = '--disable-admission-plugins=ServiceAccount';

export function controllerManagerArguments(plan: ControlPlanePlan): readonly string[] {
  const certificate = (file: string): string => `${plan.certificateDirectory}/${file}`;
  const kubeconfig = `${plan.kubeconfigDirectory}/controller-manager.kubeconfig`;
  return [
    'kube-controller-manager',
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${plan.controllerManagerPort}`,
    // The default is a folder under /usr, which the program makes when it is root.
    `--flex-volume-plugin-dir=${plan.dataDirectory}/volume-plugins`,
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--root-ca-file=${certificate('ca.crt')}`,
    `--service-account-private-key-file=${certificate('service-account.key')}`,
    `--cluster-signing-cert-file=${certificate('ca.crt')}`,
    `--cluster-signing-key-file=${certificate('ca.key')}`,
    ...(plan.podSubnet === undefined
      ? []
      : [
          '--allocate-node-cidrs=true',
          `--cluster-cidr=${plan.podSubnet}`,
          `--service-cluster-ip-range=${plan.serviceSubnet}`,
        ]),
    '--profiling=false',
  ];
}
