import { stringify } from 'yaml';

import type { Instance } from '#cluster/instance/instance.ts';

/** The files that the node's components read, as text by file name. Pure. */

export const NODE_FOLDERS = {
  // These live on a tmpfs that only the node sees: they vanish with it, as they would at a reboot.
  containerdState: '/run/containerd',
  podAddresses: '/run/cni-addresses',
} as const;

export const KUBELET_HEALTH_PORT = 10248;
export const PAUSE_IMAGE = 'capataz.dev/pause:1';
export const CNI_PLUGIN_DIRECTORY = '/usr/lib/cni';

export function renderNodeConfiguration(
  instance: Instance,
  nameservers: readonly string[],
): Readonly<Record<string, string>> {
  return {
    'containerd.toml': renderContainerd(instance),
    'cni/10-capataz.conflist': `${JSON.stringify(describePodNetwork(instance), undefined, 2)}\n`,
    'kubelet.yaml': stringify(describeKubelet(instance)),
    'kube-proxy.yaml': stringify(describeProxy(instance)),
    Corefile: renderCorefile(instance, nameservers),
    'resolv.conf': nameservers.map((nameserver) => `nameserver ${nameserver}\n`).join(''),
  };
}

function renderContainerd(instance: Instance): string {
  return `version = 2
root = "${instance.stateDirectory}/containerd"
state = "${NODE_FOLDERS.containerdState}"
oom_score = 0

[grpc]
  address = "${instance.containerdSocket}"

[plugins."io.containerd.internal.v1.opt"]
  path = "${instance.stateDirectory}/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  # Without it runc fails where the kernel forbids to lower a process's oom_score_adj.
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${CNI_PLUGIN_DIRECTORY}"
    conf_dir = "${instance.stateDirectory}/configuration/cni"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`;
}

function describePodNetwork(instance: Instance): unknown {
  return {
    cniVersion: '0.4.0',
    name: 'capataz',
    plugins: [
      {
        type: 'bridge',
        bridge: 'pods',
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: NODE_FOLDERS.podAddresses,
          ranges: [[{ subnet: instance.addresses.nodePodSubnet, gateway: instance.addresses.podGateway }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function describeKubelet(instance: Instance): unknown {
  const certificate = (file: string): string => `${instance.stateDirectory}/certificates/${file}`;
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: instance.addresses.nodeAddress,
    // Where "up" asks whether the kubelet lives; the default is a loopback that only the node has.
    healthzBindAddress: instance.addresses.nodeAddress,
    healthzPort: KUBELET_HEALTH_PORT,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: certificate('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certificate('kubelet-server.crt'),
    tlsPrivateKeyFile: certificate('kubelet-server.key'),
    containerRuntimeEndpoint: `unix://${instance.containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${instance.cgroup}`,
    failSwapOn: false,
    failCgroupV1: false,
    // Reads the kernel's settings and never writes them; see node-init.sh for what it reads.
    protectKernelDefaults: true,
    clusterDNS: [instance.addresses.dnsServiceAddress],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    // A laptop's full disk must not evict the pods; the image store is small and has one tenant.
    evictionHard: {},
    imageGCHighThresholdPercent: 100,
    // The first status and the first Lease decide how soon the node is Ready.
    nodeStatusUpdateFrequency: '5s',
    syncFrequency: '10s',
    oomScoreAdj: 0,
    maxPods: 200,
    volumePluginDir: `${instance.stateDirectory}/kubelet/volume-plugins`,
    // Prompt rollouts are read from ConfigMaps by the kubelet's watch, not by polling.
    configMapAndSecretChangeDetectionStrategy: 'Watch',
    serializeImagePulls: false,
    logging: { verbosity: 1 },
  };
}

function describeProxy(instance: Instance): unknown {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig: `${instance.stateDirectory}/kubeconfigs/kube-proxy.kubeconfig` },
    clusterCIDR: instance.addresses.podSubnet,
    hostnameOverride: instance.name,
    bindAddress: instance.addresses.nodeAddress,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    nodePortAddresses: [`${instance.addresses.nodeAddress}/32`, '127.0.0.0/8'],
    // The size of the table belongs to the host's kernel: a network namespace may not change it.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    iptables: { minSyncPeriod: '100ms' },
  };
}

function renderCorefile(instance: Instance, nameservers: readonly string[]): string {
  const forward = nameservers.length === 0 ? '' : `    forward . ${nameservers.join(' ')}\n`;
  return `.:53 {
    bind ${instance.addresses.nodeAddress}
    errors
    health ${instance.addresses.nodeAddress}:8181 {
        lameduck 0s
    }
    ready ${instance.addresses.nodeAddress}:8182
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig ${instance.stateDirectory}/kubeconfigs/coredns.kubeconfig
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
${forward}    cache 30
    loadbalance
}
`;
}
