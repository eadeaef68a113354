/** What the chart asks of the Prometheus Operator, held against that operator's own CustomResourceDefinitions by a real API server. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type ControlPlane, startControlPlane } from '#cluster/control-plane/control-plane.ts';
import { ensureKubernetesBinary } from '#cluster/kubernetes/kubernetes-binary.ts';
import { goModuleFolder } from '#test/go-modules/module-folder.ts';
import {
  HELM_BUILD_TIMEOUT_MS,
  type KubernetesObject,
  helmBinary,
  ofKind,
  renderChart,
} from '#test/helm/chart.ts';

const MODULE = 'github.com/prometheus-operator/prometheus-operator';
const VERSION = 'v0.90.1';
const KINDS = {
  PodMonitor: 'podmonitors',
  ServiceMonitor: 'servicemonitors',
  PrometheusRule: 'prometheusrules',
};
const INTO = ['--namespace=capataz-system'];
const LABELS = { release: 'prometheus' };
const VALUES = {
  'metrics.podMonitor': { enabled: true, labels: LABELS },
  'metrics.serviceMonitor': { enabled: true, labels: LABELS },
  'metrics.prometheusRule': { enabled: true, labels: LABELS },
};

let directory: string;
let kubernetesBinary: string;
let controlPlane: ControlPlane;

beforeAll(async () => {
  await helmBinary();
  kubernetesBinary = await ensureKubernetesBinary();
  directory = await mkdtemp(join(tmpdir(), 'capataz-monitoring-'));
  controlPlane = await startControlPlane({ binaryPath: kubernetesBinary, directory });
  const folder = join(await goModuleFolder(MODULE, VERSION), 'example/prometheus-operator-crd');
  const files = Object.values(KINDS).map((plural) => join(folder, `monitoring.coreos.com_${plural}.yaml`));
  await kubectl('apply', '--server-side', ...files.map((file) => `--filename=${file}`));
  await kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
  await kubectl('create', 'namespace', 'capataz-system');
}, HELM_BUILD_TIMEOUT_MS);

afterAll(async () => {
  await controlPlane.stop();
  await rm(directory, { recursive: true, force: true });
});

async function kubectl(...options: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(kubernetesBinary, [
    'kubectl',
    `--kubeconfig=${controlPlane.kubeconfig}`,
    ...options,
  ]);
  return stdout;
}

/** Fields that the kind does not have are refused. */
async function apply(object: KubernetesObject): Promise<string> {
  const path = join(directory, `${object.kind}-${object.metadata.name}.yaml`);
  await writeFile(path, stringify(object));
  return await kubectl('apply', '--server-side', '--validate=strict', ...INTO, `--filename=${path}`);
}

describe('what the chart asks of the Prometheus Operator', () => {
  it.each(Object.keys(KINDS))('is a %s as the operator itself defines it', async (kind) => {
    const objects = [
      ...(await renderChart(VALUES)),
      ...(await renderChart({ 'metrics.podMonitor.enabled': true })),
    ];
    const ofThisKind = ofKind(objects, kind);
    expect(ofThisKind.length).toBeGreaterThan(0);
    for (const object of ofThisKind) expect(await apply(object)).toContain('serverside-applied');
  });

  it('would be refused with a field that the operator does not know', async () => {
    const [monitor] = ofKind(await renderChart(VALUES), 'ServiceMonitor');
    const broken = structuredClone(monitor) as KubernetesObject;
    broken['spec'].endpoints[0].honourLabels = true;
    await expect(apply(broken)).rejects.toThrow('honourLabels');
  });
});
