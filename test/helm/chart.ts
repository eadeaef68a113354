/** The chart as Helm renders it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { ensureHelm } from '#cluster/command-line/command-line-tools.ts';
import { createConsoleReport } from '#cluster/command-line/console-report.ts';

export const CHART = join(import.meta.dirname, '../../helm/capataz');

/** Building Helm takes minutes, once for a machine. */
export const HELM_BUILD_TIMEOUT_MS = 600_000;

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // oxlint-disable-next-line typescript/no-explicit-any -- objects of every kind, which tests read freely.
  readonly [field: string]: any;
}

/** The path of helm: the one on the PATH, else one that is built once into the cache. */
export function helmBinary(): Promise<string> {
  return ensureHelm(
    cacheDirectory(process.env),
    process.env['PATH'] ?? '',
    createConsoleReport(process.stderr),
  );
}

/** Runs helm. Fails with what helm said. */
export async function helm(...options: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(await helmBinary(), options, { maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/** Every object of a release called capataz in capataz-system, with these values (`key=JSON`). */
export async function renderChart(
  values: Readonly<Record<string, unknown>> = {},
  release = 'capataz',
): Promise<readonly KubernetesObject[]> {
  const settings = Object.entries(values).flatMap(([key, value]) => [
    '--set-json',
    `${key}=${JSON.stringify(value)}`,
  ]);
  const text = await helm('template', release, CHART, '--namespace', 'capataz-system', ...settings);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/** Everything optional switched on. */
export const EVERYTHING = {
  'metrics.podMonitor.enabled': true,
  'metrics.serviceMonitor.enabled': true,
  'metrics.prometheusRule.enabled': true,
  'metrics.dashboards.enabled': true,
  'tracing.otlpEndpoint': 'http://collector.monitoring.svc:4318',
} as const;

/** The kinds that run pods. */
export const WORKLOADS = ['Deployment', 'StatefulSet'] as const;

export function ofKind(
  objects: readonly KubernetesObject[],
  ...kinds: readonly string[]
): readonly KubernetesObject[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}

export function named(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`the chart has no ${kind} ${name}`);
  return found;
}
