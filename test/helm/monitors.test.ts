/** Whom the Prometheus Operator is asked to read, by which of the two kinds it may be. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type KubernetesObject,
  HELM_BUILD_TIMEOUT_MS,
  helmBinary,
  named,
  ofKind,
  renderChart,
} from './chart.ts';

const POD = { 'metrics.podMonitor.enabled': true };
const SERVICE = { 'metrics.serviceMonitor.enabled': true };

beforeAll(async () => {
  await helmBinary();
}, HELM_BUILD_TIMEOUT_MS);

const namesOf = (objects: readonly KubernetesObject[], kind: string): readonly string[] =>
  ofKind(objects, kind).map(({ metadata }) => metadata.name);

const isSelected = (
  labels: Readonly<Record<string, string>> | undefined,
  selector: Readonly<Record<string, string>>,
) => Object.entries(selector).every(([label, value]) => labels?.[label] === value);

describe('monitors of the Prometheus Operator', () => {
  it('are none where they are not asked for, and no Service has the port of figures then', async () => {
    const objects = await renderChart();
    expect([...namesOf(objects, 'PodMonitor'), ...namesOf(objects, 'ServiceMonitor')]).toEqual([]);
    const ports = ofKind(objects, 'Service').flatMap(({ spec }) => spec.ports as { name: string }[]);
    expect(ports.map(({ name }) => name)).not.toContain('metrics');
  });

  it('read each part once: by a PodMonitor, or by a ServiceMonitor in its place', async () => {
    expect(namesOf(await renderChart(POD), 'PodMonitor')).toEqual(['capataz', 'capataz-agents']);
    const both = await renderChart({ ...POD, ...SERVICE });
    expect(namesOf(both, 'PodMonitor')).toEqual(['capataz-agents']);
    expect(namesOf(both, 'ServiceMonitor')).toEqual(['capataz']);
  });

  it('find every Service of the release, also the witness in a namespace of its own, and its port', async () => {
    const objects = await renderChart(SERVICE);
    const { spec } = named(objects, 'ServiceMonitor', 'capataz');
    const services = ofKind(objects, 'Service');
    expect(services.length).toBeGreaterThan(5);
    for (const { metadata, spec: service } of services) {
      expect(isSelected(metadata.labels, spec.selector.matchLabels)).toBe(true);
      expect(spec.namespaceSelector.matchNames).toContain(metadata.namespace ?? 'capataz-system');
      const ports = service.ports as { name: string; targetPort: string }[];
      expect(ports.find(({ name }) => name === spec.endpoints[0].port)?.targetPort).toBe('metrics');
    }
  });

  it('find every pod of the release, and its port', async () => {
    const objects = await renderChart(POD);
    const { spec } = named(objects, 'PodMonitor', 'capataz');
    for (const { metadata, spec: workload } of ofKind(objects, 'Deployment', 'StatefulSet')) {
      expect(isSelected(workload.template.metadata.labels, spec.selector.matchLabels)).toBe(true);
      expect(spec.namespaceSelector.matchNames).toContain(metadata.namespace ?? 'capataz-system');
      const ports = workload.template.spec.containers.flatMap(
        (container: { ports: unknown[] }) => container.ports,
      );
      expect(ports).toContainEqual(expect.objectContaining({ name: spec.podMetricsEndpoints[0].port }));
    }
  });

  it('leave the namespace that a part speaks of as it is', async () => {
    const service = named(await renderChart(SERVICE), 'ServiceMonitor', 'capataz');
    const pod = named(await renderChart(POD), 'PodMonitor', 'capataz');
    for (const endpoints of [service['spec'].endpoints, pod['spec'].podMetricsEndpoints]) {
      expect(endpoints).toEqual([expect.objectContaining({ honorLabels: true })]);
    }
  });
});
