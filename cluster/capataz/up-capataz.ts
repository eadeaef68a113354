import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';
import { CHECKOUT_DIRECTORY } from '#cluster/instance/cluster-paths.ts';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { type FirstAnswer, askFirstQuestion, openAgent, readSampleEmail } from './first-question.ts';
import { findOtherVersion, readOwnVersion, readServedVersions } from './answering-version.ts';
import { installCapataz, SYSTEM_NAMESPACE } from './install-capataz.ts';
import { REPOSITORY_NAME } from '#cluster/sample-repository/server-objects.ts';
import {
  SAMPLE_AGENT,
  SAMPLE_NAMESPACE,
  applySamples,
  hasSampleAgent,
  waitForSampleAgent,
} from './samples.ts';
import { openConsole } from './open-console.ts';
import { makeTraffic } from './make-traffic.ts';
import { parseServices, renderNextSteps } from './next-steps.ts';
import type { Image } from '#cluster/command-line/up-arguments.ts';

export interface InstallOptions {
  readonly image: Image;
  readonly report: ConsoleReport;
  readonly kubectl: string;
  readonly capatazFlags: readonly string[];
  readonly downCommand: string;
}

/** The part of `up` that is the same on every cluster: install, samples, the first question. */
export async function installAndAsk(access: ClusterAccess, options: InstallOptions): Promise<void> {
  const { report } = options;
  // Before the kinds are there it is not either.
  const isKnown = await hasSampleAgent(access);
  await installCapataz(access, CHECKOUT_DIRECTORY, options.image, report);
  const tools = { nodeProgram: process.execPath, image: options.image };
  await applySamples(access, CHECKOUT_DIRECTORY, tools, report);
  await waitForSampleAgent(access, report);

  const email = await readSampleEmail(CHECKOUT_DIRECTORY);
  report.step('Asking the first question: what is this e-mail?');
  report.detail(`\n${email.replaceAll(/^/gm, '    ')}`);
  const agent = await openAgent(access);
  const startedAt = performance.now();
  try {
    const first = await askFirstQuestion(agent.url, email);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    report.detail(`\n${JSON.stringify(first.answer, undefined, 2)}\n`);
    report.step(`Answered in ${seconds} s.${await noteOnFirstAnswer(access, first)}`);
    // Once: a node that was up before has runs to show.
    if (!isKnown) await makeTraffic(agent.url, CHECKOUT_DIRECTORY, report);
  } finally {
    agent.close();
  }

  const listed = await access.kubectl(['get', 'services', '--namespace', SYSTEM_NAMESPACE, '--output=json']);
  const repositoryUrl = access.isRouted ? await findRepositoryUrl(access) : undefined;
  const services = access.isRouted
    ? parseServices(JSON.parse(listed) as Parameters<typeof parseServices>[0])
    : [];
  report.detail(
    `\n${renderNextSteps({
      kubectl: options.kubectl,
      capatazFlags: options.capatazFlags,
      agentUrl: access.isRouted ? agent.url : undefined,
      services,
      repositoryUrl,
      downCommand: options.downCommand,
      console: await openConsole(access),
    })}`,
  );
}

/** Empty where the sample answered well. */
async function noteOnFirstAnswer(access: ClusterAccess, first: FirstAnswer): Promise<string> {
  if (first.status === 200) return '';
  const own = await readOwnVersion(CHECKOUT_DIRECTORY);
  const other = findOtherVersion(first, own, await readServedVersions(access));
  if (other !== undefined) {
    return ` That failure is of ${other}, which is not the prompt of this checkout: somebody pushed it, and "npx capataz status ${SAMPLE_AGENT}" says how it stands.`;
  }
  throw new ClusterError(`The agent answered the first question with status ${first.status}.`);
}

async function findRepositoryUrl(access: ClusterAccess): Promise<string> {
  const address = await access.kubectl([
    'get',
    'service',
    REPOSITORY_NAME,
    '--namespace',
    SAMPLE_NAMESPACE,
    '--output=jsonpath={.spec.clusterIP}',
  ]);
  return `http://${address.trim()}/prompts.git`;
}
