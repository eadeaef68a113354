/** The samples that `up` applies: a prompt, an agent and its models. They go again with `down`, and nothing else does. */
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { lastLines, runCommand } from '#cluster/command-line/command.ts';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';
import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';
import { KINDS } from '#crds/kinds.ts';
import { API_GROUP } from '#crds/object-meta.ts';
import {
  MADE_BY_UP_SELECTOR,
  type NamedObject,
  listOf,
  parseManifest,
  planApply,
  readExisting,
  readManifests,
} from './made-by-up.ts';
import { readNodeSamples } from '#cluster/sample-repository/read-node-samples.ts';
import type { Image } from '#cluster/command-line/up-arguments.ts';
import { SYSTEM_NAMESPACE } from './install-capataz.ts';
import { describeTroubledPods, showTroubledPodsDuring } from './troubled-pods.ts';

export const SAMPLE_NAMESPACE = 'default';
export const SAMPLE_AGENT = 'email-classifier';

const READY_TIMEOUT_SECONDS = 240;

export interface SampleTools {
  readonly nodeProgram: string;
  /** Of Capataz: it has the git that serves the sample's repository on the node of this machine. */
  readonly image: Image;
}

export async function applySamples(
  access: ClusterAccess,
  checkout: string,
  { nodeProgram, image }: SampleTools,
  report: ConsoleReport,
): Promise<void> {
  report.step('Applying the samples: a local model, an agent and its prompt.');
  const samples = access.isRouted
    ? await readNodeSamples(checkout, `${image.repository}:${image.tag}`)
    : await readSamples(checkout, nodeProgram);
  // On the node of this machine all is ours, and goes with the node; in a person's cluster some of it may be theirs.
  const existing = access.isRouted ? [] : await readExisting(access, SAMPLE_NAMESPACE, samples);
  const plan = planApply(samples, existing);
  for (const { kind, metadata } of plan.leave) {
    report.detail(`  ${kind} ${metadata.name} is there already and not of npm run up: it stays as it is.`);
  }
  if (plan.apply.length === 0) return;
  await access.kubectl(['apply', '--namespace', SAMPLE_NAMESPACE, '--filename=-'], {
    input: listOf(plan.apply),
  });
}

/** Prompts first: a rollout that names a version which is not there yet would complain for a moment. */
async function readSamples(checkout: string, nodeProgram: string): Promise<readonly NamedObject[]> {
  const renderer = join(checkout, 'tools/render-prompt-version.ts');
  const objects: NamedObject[] = [];
  for await (const prompt of glob('prompts/*.prompt', { cwd: checkout })) {
    const rendered = await runCommand(nodeProgram, [renderer, join(checkout, prompt)], {
      directory: checkout,
    });
    objects.push(...parseManifest(rendered));
  }
  return [...objects, ...(await readManifests(checkout, 'samples/*.yaml'))];
}

export async function hasSampleAgent(access: ClusterAccess): Promise<boolean> {
  const found = await access.tryKubectl([
    'get',
    `agents.${API_GROUP}`,
    SAMPLE_AGENT,
    '--namespace',
    SAMPLE_NAMESPACE,
  ]);
  return found.exitCode === 0;
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

/** Deletes what carries our label, older prompt versions included, and nothing that a person made. */
export async function removeSamples(access: ClusterAccess, report: ConsoleReport): Promise<void> {
  report.step('Removing the samples.');
  for (const { plural } of KINDS) {
    const deleted = await access.tryKubectl([
      'delete',
      `${plural}.${API_GROUP}`,
      '--namespace',
      SAMPLE_NAMESPACE,
      '--selector',
      MADE_BY_UP_SELECTOR,
      '--ignore-not-found',
      '--timeout=60s',
    ]);
    const isKindUnknown = /the server doesn't have a resource type/.test(deleted.errorOutput);
    if (deleted.exitCode !== 0 && !isKindUnknown) {
      throw new ClusterError(
        `The samples of the kind ${plural} could not be removed: ${lastLines(deleted.errorOutput, 2)}`,
      );
    }
  }
}
