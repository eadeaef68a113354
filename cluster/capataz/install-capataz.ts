import { existsSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { lastLines, runCommand } from '#cluster/command-line/command.ts';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';
import type { Image } from '#cluster/command-line/up-arguments.ts';

export const RELEASE = 'capataz';
export const SYSTEM_NAMESPACE = 'capataz-system';
export const SAMPLE_NAMESPACE = 'default';
export const SAMPLE_AGENT = 'email-classifier';

const INSTALL_TIMEOUT_SECONDS = 240;
const READY_TIMEOUT_SECONDS = 240;

/** False where this checkout has no chart: there is then nothing to install and nothing to ask. */
export function hasChart(checkout: string): boolean {
  return existsSync(join(checkout, 'helm/capataz/Chart.yaml'));
}

export async function installCapataz(
  access: ClusterAccess,
  checkout: string,
  image: Image,
  report: ConsoleReport,
): Promise<void> {
  report.step(`Installing the chart helm/capataz into the namespace ${SYSTEM_NAMESPACE}.`);
  if (access.isRouted) await forgetInterruptedRelease(access);
  try {
    const installing = access.helm([
      'upgrade',
      '--install',
      RELEASE,
      join(checkout, 'helm/capataz'),
      '--namespace',
      SYSTEM_NAMESPACE,
      '--create-namespace',
      '--set-string',
      `image.repository=${image.repository}`,
      '--set-string',
      `image.tag=${image.tag}`,
      // Somebody may have scaled a Deployment of the chart by hand: up makes it as the chart says.
      '--force-conflicts',
      '--wait',
      '--timeout',
      `${INSTALL_TIMEOUT_SECONDS}s`,
    ]);
    await showTroubledPodsDuring(access, SYSTEM_NAMESPACE, installing, report);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    throw new ClusterError(`${error.message}${await describeTroubledPods(access, SYSTEM_NAMESPACE)}`);
  }
}

/**
 * A run of helm that was killed leaves a "pending" record that every later run stumbles over. We hold
 * this cluster's lock, so whoever wrote the record is gone.
 */
async function forgetInterruptedRelease(access: ClusterAccess): Promise<void> {
  for (const status of ['pending-install', 'pending-upgrade', 'pending-rollback']) {
    await access.tryKubectl([
      'delete',
      'secret',
      '--namespace',
      SYSTEM_NAMESPACE,
      '--ignore-not-found',
      '--selector',
      `owner=helm,name=${RELEASE},status=${status}`,
    ]);
  }
}

async function showTroubledPodsDuring(
  access: ClusterAccess,
  namespace: string,
  work: Promise<unknown>,
  report: ConsoleReport,
): Promise<void> {
  const isOver = work.then(
    () => true,
    () => true,
  );
  const pause = (): Promise<boolean> => delay(3000, false, { ref: false });
  while (!(await Promise.race([isOver, pause()]))) {
    const names = (await findTroubledPods(access, namespace)).map(
      ({ name, reason }) => `${name} (${reason})`,
    );
    if (names.length > 0) report.progress(`Waiting for ${names.join(', ')}`);
  }
  await work;
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
    await access.kubectl(['apply', '--namespace', SAMPLE_NAMESPACE, '--filename', '-'], {
      input: promptVersion,
    });
  }
  await access.kubectl(['apply', '--namespace', SAMPLE_NAMESPACE, '--filename', join(checkout, 'samples')]);
}

export async function waitForSampleAgent(access: ClusterAccess, report: ConsoleReport): Promise<void> {
  report.step(`Waiting until the agent ${SAMPLE_AGENT} is Ready.`);
  const subject = ['--namespace', SAMPLE_NAMESPACE, `agent/${SAMPLE_AGENT}`];
  const waiting = access.tryKubectl([
    'wait',
    '--for=condition=Ready',
    `--timeout=${READY_TIMEOUT_SECONDS}s`,
    ...subject,
  ]);
  await showTroubledPodsDuring(access, SAMPLE_NAMESPACE, waiting, report);
  const waited = await waiting;
  if (waited.exitCode === 0) return;
  const conditions = await access.tryKubectl([
    'get',
    ...subject,
    '--output',
    'jsonpath={range .status.conditions[*]}{.type}={.status}: {.message}{"\\n"}{end}',
  ]);
  const told = lastLines(conditions.output, 6) || lastLines(waited.errorOutput, 1);
  throw new ClusterError(
    `The agent ${SAMPLE_AGENT} is not Ready after ${READY_TIMEOUT_SECONDS} s. It says:\n${told}${await describeTroubledPods(access, SAMPLE_NAMESPACE)}${await describeTroubledPods(access, SYSTEM_NAMESPACE)}`,
  );
}

interface PodList {
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
}

export interface TroubledPod {
  readonly name: string;
  readonly reason: string;
}

export function listTroubledPods(pods: PodList): readonly TroubledPod[] {
  return pods.items
    .filter((pod) => pod.status?.phase !== 'Succeeded')
    .filter((pod) => !(pod.status?.containerStatuses ?? [{ ready: false }]).every((each) => each.ready))
    .map((pod) => {
      const waiting = (pod.status?.containerStatuses ?? []).find((each) => each.state?.waiting)?.state;
      const reason = waiting?.waiting?.reason ?? pod.status?.phase ?? 'Pending';
      return { name: pod.metadata.name, reason };
    });
}

async function findTroubledPods(access: ClusterAccess, namespace: string): Promise<readonly TroubledPod[]> {
  const listed = await access.tryKubectl(['get', 'pods', '--namespace', namespace, '--output=json']);
  return listed.exitCode === 0 ? listTroubledPods(JSON.parse(listed.output) as PodList) : [];
}

/** One line for each pod that is not ready, so that the person knows where to look first. */
async function describeTroubledPods(access: ClusterAccess, namespace: string): Promise<string> {
  const pods = await findTroubledPods(access, namespace);
  return pods
    .slice(0, 5)
    .map(
      ({ name, reason }) =>
        `\nThe pod ${name} is not ready (${reason}): kubectl -n ${namespace} logs ${name} --all-containers`,
    )
    .join('');
}

/** Takes out what the install stage put in, and nothing else of the person's cluster. */
export async function uninstallCapataz(
  access: ClusterAccess,
  checkout: string,
  report: ConsoleReport,
): Promise<void> {
  report.step('Removing the samples.');
  await access.tryKubectl([
    'delete',
    '--namespace',
    SAMPLE_NAMESPACE,
    '--ignore-not-found',
    '--timeout=60s',
    '--filename',
    join(checkout, 'samples'),
  ]);
  await access.tryKubectl([
    'delete',
    'promptversions.capataz.dev',
    '--all',
    '--namespace',
    SAMPLE_NAMESPACE,
    '--ignore-not-found',
    '--timeout=60s',
  ]);
  report.step(`Removing the release ${RELEASE} and the namespace ${SYSTEM_NAMESPACE}.`);
  await access.helm(['uninstall', RELEASE, '--namespace', SYSTEM_NAMESPACE, '--ignore-not-found', '--wait']);
  await access.kubectl(['delete', 'namespace', SYSTEM_NAMESPACE, '--ignore-not-found', '--timeout=120s']);
}
