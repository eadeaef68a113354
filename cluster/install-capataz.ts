import { existsSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';

import type { ClusterAccess } from './cluster-access.ts';
import { ClusterError } from './cluster-error.ts';
import { lastLines, runCommand } from './command.ts';
import type { ConsoleReport } from './console-report.ts';
import type { Image } from './up-arguments.ts';

export const release = 'capataz';
export const systemNamespace = 'capataz-system';
export const sampleNamespace = 'default';
export const sampleAgent = 'email-classifier';

const installTimeoutSeconds = 300;
const readyTimeoutSeconds = 240;

// False where this checkout has no chart: there is then nothing to install and nothing to ask.
export function hasChart(checkout: string): boolean {
  return existsSync(join(checkout, 'helm/capataz/Chart.yaml'));
}

export async function installCapataz(
  access: ClusterAccess,
  checkout: string,
  image: Image,
  report: ConsoleReport,
): Promise<void> {
  report.step(`Installing the chart helm/capataz into the namespace ${systemNamespace}.`);
  try {
    await access.helm([
      ...['upgrade', '--install', release, join(checkout, 'helm/capataz')],
      ...['--namespace', systemNamespace, '--create-namespace'],
      ...['--set-string', `image.repository=${image.repository}`],
      ...['--set-string', `image.tag=${image.tag}`],
      ...['--wait', '--timeout', `${installTimeoutSeconds}s`],
    ]);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    throw new ClusterError(`${error.message}${await describeTroubledPods(access, systemNamespace)}`);
  }
}

export async function applySamples(
  access: ClusterAccess,
  checkout: string,
  nodeProgram: string,
  report: ConsoleReport,
): Promise<void> {
  report.step('Applying the samples: a local model, an agent and its prompt.');
  const renderer = join(checkout, 'tools/render-prompt-version.ts');
  for await (const prompt of glob('prompts/*.prompt', { cwd: checkout })) {
    const promptVersion = await runCommand(nodeProgram, [renderer, join(checkout, prompt)], {
      directory: checkout,
    });
    await access.kubectl(['apply', '--namespace', sampleNamespace, '--filename', '-'], {
      input: promptVersion,
    });
  }
  await access.kubectl([
    ...['apply', '--namespace', sampleNamespace, '--filename', join(checkout, 'samples')],
  ]);
}

export async function waitForSampleAgent(
  access: ClusterAccess,
  report: ConsoleReport,
): Promise<void> {
  report.step(`Waiting until the agent ${sampleAgent} is Ready.`);
  const subject = ['--namespace', sampleNamespace, `agent/${sampleAgent}`];
  const waited = await access.tryKubectl([
    ...['wait', '--for=condition=Ready', `--timeout=${readyTimeoutSeconds}s`, ...subject],
  ]);
  if (waited.exitCode === 0) return;
  const conditions = await access.tryKubectl([
    ...['get', ...subject, '--output'],
    'jsonpath={range .status.conditions[*]}{.type}={.status}: {.message}{"\\n"}{end}',
  ]);
  const told = lastLines(conditions.output, 6) || lastLines(waited.errorOutput, 1);
  throw new ClusterError(
    `The agent ${sampleAgent} is not Ready after ${readyTimeoutSeconds} s. It says:\n${told}${await describeTroubledPods(access, sampleNamespace)}${await describeTroubledPods(access, systemNamespace)}`,
  );
}

type PodList = {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: {
      readonly phase?: string;
      readonly containerStatuses?: readonly {
        readonly ready: boolean;
        readonly state?: { readonly waiting?: { readonly reason?: string } };
      }[];
    };
  }[];
};

// One line for each pod that is not ready, so that the person knows where to look first.
export function listTroubledPods(pods: PodList, namespace: string): readonly string[] {
  return pods.items
    .filter((pod) => pod.status?.phase !== 'Succeeded')
    .filter((pod) => !(pod.status?.containerStatuses ?? [{ ready: false }]).every((each) => each.ready))
    .map((pod) => {
      const waiting = (pod.status?.containerStatuses ?? []).find((each) => each.state?.waiting)?.state;
      const reason = waiting?.waiting?.reason ?? pod.status?.phase ?? 'Pending';
      return `The pod ${pod.metadata.name} is not ready (${reason}): kubectl -n ${namespace} describe pod ${pod.metadata.name}`;
    });
}

async function describeTroubledPods(access: ClusterAccess, namespace: string): Promise<string> {
  const listed = await access.tryKubectl(['get', 'pods', '--namespace', namespace, '--output=json']);
  if (listed.exitCode !== 0) return '';
  const lines = listTroubledPods(JSON.parse(listed.output) as PodList, namespace);
  return lines.length === 0 ? '' : `\n${lines.slice(0, 5).join('\n')}`;
}

// Takes out what the install stage put in, and nothing else of the person's cluster.
export async function uninstallCapataz(
  access: ClusterAccess,
  checkout: string,
  report: ConsoleReport,
): Promise<void> {
  report.step('Removing the samples.');
  await access.tryKubectl([
    ...['delete', '--namespace', sampleNamespace, '--ignore-not-found', '--timeout=60s'],
    ...['--filename', join(checkout, 'samples')],
  ]);
  await access.tryKubectl([
    ...['delete', 'promptversions.capataz.dev', '--all', '--namespace', sampleNamespace],
    ...['--ignore-not-found', '--timeout=60s'],
  ]);
  report.step(`Removing the release ${release} and the namespace ${systemNamespace}.`);
  await access.helm(['uninstall', release, '--namespace', systemNamespace, '--ignore-not-found', '--wait']);
  await access.kubectl(['delete', 'namespace', systemNamespace, '--ignore-not-found', '--timeout=120s']);
}
