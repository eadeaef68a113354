import { describe, expect, it } from 'vitest';
import {
  EVERYTHING,
  HELM_BUILD_TIMEOUT_MS,
  type KubernetesObject,
  WORKLOADS,
  ofKind,
  renderChart,
} from './chart.ts';

interface Peer {
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface PolicySpec {
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly { readonly from: readonly Peer[]; readonly ports: readonly Port[] }[];
  readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports: readonly Port[] }[];
}

interface Port {
  readonly port: number;
  readonly protocol: string;
}

/** A peer in one word or two. */
function nameOf({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock) return `${ipBlock.cidr}${(ipBlock.except ?? []).map((each) => `-${each}`).join('')}`;
  const labels = podSelector?.matchLabels ?? {};
  const pods =
    labels['app.kubernetes.io/component'] ?? labels['app.kubernetes.io/name'] ?? labels['k8s-app'] ?? '*';
  if (!namespaceSelector) return pods;
  return `${namespaceSelector.matchLabels?.['kubernetes.io/metadata.name'] ?? 'any'}/${pods}`;
}

/** One line for each connection that is allowed: `in part <- peer port` or `out part -> peer port`. */
function connectionsOf(objects: readonly KubernetesObject[]): readonly string[] {
  const portsOf = (ports: readonly Port[]): string =>
    ports.map(({ port, protocol }) => `${port}${protocol === 'UDP' ? '/udp' : ''}`).join();
  const connections: string[] = [];
  for (const { spec } of ofKind(objects, 'NetworkPolicy')) {
    const { podSelector, ingress = [], egress = [] } = spec as PolicySpec;
    const part = podSelector.matchLabels['app.kubernetes.io/component'] ?? 'all parts';
    for (const { from, ports } of ingress) {
      connections.push(...from.map((peer) => `${part} <- ${nameOf(peer)} ${portsOf(ports)}`));
    }
    for (const { to = [{ ipBlock: { cidr: 'anywhere' } }], ports } of egress) {
      connections.push(...to.map((peer) => `${part} -> ${nameOf(peer)} ${portsOf(ports)}`));
    }
  }
  return connections;
}

const DNS = 'kube-system/kube-dns 53/udp,53';
const KUBERNETES_API = 'anywhere 443,6443';

const OUTSIDE_OF_THE_CLOUD = [
  '0.0.0.0/0-169.254.0.0/16-100.100.100.200/32-168.63.129.16/32-192.0.0.0/24',
  '::/0-fe80::/10-fd00:ec2::/32-fd20:ce::/32-fd00:c1::/32-fd00:42::/32-fd00:a9fe:a9fe::/48',
];

const CONNECTIONS = [
  'operator <- any/agent 8080',
  'operator <- monitoring/* 9090',
  'operator -> router 8080',
  'operator -> ledger 8080',
  `operator -> ${KUBERNETES_API}`,
  `operator -> ${DNS}`,
  'router <- any/agent 8080',
  'router <- operator 8080',
  'router <- monitoring/* 9090',
  ...OUTSIDE_OF_THE_CLOUD.map((addresses) => `router -> ${addresses} 443`),
  'router -> local-model 8080',
  'router -> ledger 8080',
  `router -> ${KUBERNETES_API}`,
  `router -> ${DNS}`,
  'ledger <- any/agent 8080',
  'ledger <- router 8080',
  'ledger <- operator 8080',
  'ledger <- observer 8080',
  'ledger <- capataz-system-witness/ledger-witness 8080',
  'ledger <- 0.0.0.0/0 8080',
  'ledger <- ::/0 8080',
  'ledger <- monitoring/* 9090',
  'ledger -> capataz-system-witness/ledger-witness 8080',
  `ledger -> ${KUBERNETES_API}`,
  `ledger -> ${DNS}`,
  'ledger-witness <- capataz-system/ledger 8080',
  'ledger-witness <- 0.0.0.0/0 8080',
  'ledger-witness <- ::/0 8080',
  'ledger-witness <- monitoring/* 9090',
  'ledger-witness -> capataz-system/ledger 8080',
  `ledger-witness -> ${DNS}`,
  'console <- 0.0.0.0/0 8080',
  'console <- ::/0 8080',
  'console <- monitoring/* 9090',
  'console -> ledger 8080',
  'console -> observer 8080',
  `console -> ${KUBERNETES_API}`,
  `console -> ${DNS}`,
  'observer <- console 8080',
  'observer <- monitoring/* 9090',
  'observer -> ledger 8080',
  `observer -> ${KUBERNETES_API}`,
  `observer -> ${DNS}`,
  'prompt-repository <- monitoring/* 9090',
  ...OUTSIDE_OF_THE_CLOUD.map((addresses) => `prompt-repository -> ${addresses} 22,80,443`),
  `prompt-repository -> ${KUBERNETES_API}`,
  `prompt-repository -> ${DNS}`,
  'local-model <- router 8080',
  'local-model <- monitoring/* 9090',
];

describe('the connections that the chart allows', { timeout: HELM_BUILD_TIMEOUT_MS }, () => {
  it('are exactly these', async () => {
    expect(connectionsOf(await renderChart()).toSorted()).toEqual(CONNECTIONS.toSorted());
  });

  it('are all there are: each pod of the release is selected by a policy that refuses the rest, in and out', async () => {
    const objects = await renderChart(EVERYTHING);
    const policies = ofKind(objects, 'NetworkPolicy');
    for (const { spec } of policies) expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    for (const { metadata, spec } of ofKind(objects, ...WORKLOADS)) {
      const labels = spec.template.metadata.labels as Record<string, string>;
      const selecting = policies.filter(
        (policy) =>
          policy.metadata.namespace === metadata.namespace &&
          Object.entries((policy['spec'] as PolicySpec).podSelector.matchLabels).every(
            ([label, value]) => labels[label] === value,
          ),
      );
      // Its own and the one that refuses the rest; the witness is alone in its namespace.
      expect(selecting).toHaveLength(metadata.namespace === undefined ? 2 : 1);
    }
  });

  it('go from the router to the collector, when there is one', async () => {
    const connections = connectionsOf(
      await renderChart({ 'tracing.otlpEndpoint': 'http://collector.monitoring.svc:4318' }),
    );
    expect(connections.toSorted()).toEqual([...CONNECTIONS, 'router -> monitoring/* 4318'].toSorted());
  });

  it('come from agents of the one namespace that is looked after, when it is one', async () => {
    const connections = connectionsOf(await renderChart({ watchNamespace: 'mail' }));
    expect(connections.filter((each) => each.includes('/agent '))).toEqual([
      'ledger <- mail/agent 8080',
      'operator <- mail/agent 8080',
      'router <- mail/agent 8080',
    ]);
  });

  it('go to the given addresses of the API server and the providers, when they are given', async () => {
    const connections = connectionsOf(
      await renderChart({
        'networkPolicy.kubernetesApi': { cidrs: ['10.0.0.1/32'], ports: [6443] },
        'networkPolicy.router.providers': { cidrs: ['203.0.113.0/24'], exceptCidrs: [], ports: [443, 8443] },
        'networkPolicy.router.additionalEgress': [
          {
            to: [{ podSelector: { matchLabels: { 'k8s-app': 'vllm' } } }],
            ports: [{ port: 8000, protocol: 'TCP' }],
          },
        ],
      }),
    );
    expect(connections.filter((each) => each.startsWith('router ->'))).toEqual([
      'router -> 203.0.113.0/24 443,8443',
      'router -> local-model 8080',
      'router -> vllm 8000',
      'router -> ledger 8080',
      'router -> 10.0.0.1/32 6443',
      `router -> ${DNS}`,
    ]);
  });

  it('are not restricted where NetworkPolicies are switched off', async () => {
    expect(ofKind(await renderChart({ 'networkPolicy.enabled': false }), 'NetworkPolicy')).toEqual([]);
  });
});
