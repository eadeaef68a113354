/**
 * Puts together the process that follows git repositories. It is not the operator's, because it alone reads git
 * credentials and starts a program that talks to servers of others.
 */
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { sendCommitStatus } from '#adapters/commit-status/commit-status-sender.ts';
import { GIT_LIMITS } from '#adapters/git/git-cache.ts';
import { createGitCaches } from '#adapters/git/git-caches.ts';
import { createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { createLeaderElection } from '#adapters/kubernetes/leader-election.ts';
import { createObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import { NO_LEDGER } from '#domain/ledger/record-writer.ts';
import { Drain } from '#process/drain.ts';
import { type Readiness, startHealthServer } from '#process/health-server.ts';
import type { Logger } from '#telemetry/logger.ts';
import { createOperatorMetrics } from '../operator-metrics.ts';
import { createClusterView } from '#adapters/kubernetes/cluster-view.ts';
import { createControllers } from '../runtime/controllers.ts';
import { createEventRecorder } from '../runtime/event-recorder.ts';
import { resourcesOf } from '../runtime/kind-module.ts';
import { createLedgerTeller } from '../runtime/ledger-teller.ts';
import { readableObject } from '#adapters/kubernetes/read-kind.ts';
import { untilSynced, viewReadiness } from '../runtime/view-readiness.ts';
import type { PromptRepositoryConfig } from './config.ts';
import { promptRepositoryKind } from './kind.ts';
import { createReportCommit } from './report-commit.ts';
import { SecretProblem, readSecret } from './repository-secrets.ts';
import { PROMPT_REPOSITORIES } from './resources.ts';
import { createSyncMemory } from './sync-memory.ts';
import { synchronise } from './synchronise.ts';
import { startWebhookServer } from './webhook-server.ts';

/** Who it is to the API server, and the name of its Lease. */
export const PROMPT_REPOSITORY_MANAGER = 'capataz-prompt-repository';

const DRAIN_SECONDS = 5;

/** Runs until the signal aborts (resolves) or the lease is lost (rejects: the process must end). */
export async function runPromptRepositories(
  config: PromptRepositoryConfig,
  logger: Logger,
  stop: AbortSignal,
  /** Where git is found. */
  searchPath: string,
): Promise<void> {
  const random = (): number => Math.random();
  const now = (): Date => new Date();
  const kubeClient = createKubeClient(loadKubeConfig(config.kubeconfigPath));
  const leadership = createLeaderElection({
    kubeClient,
    namespace: config.namespace,
    leaseName: PROMPT_REPOSITORY_MANAGER,
    identity: `${config.podName}_${randomUUID()}`,
    logger,
    random,
    now,
  });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = createOperatorMetrics(registry, {
    queueDepths: () => controllers.queueDepths(),
    staleness: () => view.staleness(),
    isLeader: leadership.isHeld,
    openStreams: () => 0,
  });
  const writer = createObjectWriter({
    kubeClient,
    fieldManager: PROMPT_REPOSITORY_MANAGER,
    assertMayWrite: () => {
      if (!leadership.isHeld()) throw new Error('The lease is not held: nothing may be written.');
    },
    onWrite: metrics.countWrite,
  });
  const events = createEventRecorder({
    kubeClient,
    reportingInstance: config.podName,
    logger,
    now,
    mayWrite: leadership.isHeld,
    onEvent: metrics.countEvent,
  });
  const memory = createSyncMemory(random);
  const { git } = config;
  const openSession = createGitCaches({
    directory: git.cacheDirectory,
    temporaryFolder: git.temporaryDirectory,
    searchPath,
    allowedSchemes: git.schemes,
    limits: { ...GIT_LIMITS, maximumBytes: git.maximumBytes, timeoutSeconds: git.timeoutSeconds },
  });
  const kind = promptRepositoryKind({
    memory,
    report: createReportCommit(kubeClient, sendCommitStatus),
    synchronise: (repository, signal) =>
      synchronise(
        repository,
        {
          kubeClient,
          writer,
          view,
          openSession: ({ metadata: { uid }, spec: { url } }, remote, aborted) =>
            // Of the url too: what another server sent must not count against this one.
            openSession(createHash('sha256').update(`${uid} ${url}`).digest('hex'), remote, aborted),
        },
        signal,
      ),
  });
  const view = createClusterView({
    resources: resourcesOf([kind]),
    kubeClient,
    namespace: config.watchNamespace,
    logger,
    random,
    onChange: (resource, key, change) => controllers.wake(resource, key, change),
  });
  const controllers = createControllers({
    kinds: [kind],
    view,
    config,
    kubeClient,
    writer,
    events,
    tellLedger: createLedgerTeller({ ledger: NO_LEDGER, mayTell: leadership.isHeld, logger }),
    logger,
    random,
    now,
    onPass: metrics.observePass,
  });
  const isReady = (): Readiness => viewReadiness(view);
  const drain = new Drain();
  stop.addEventListener('abort', () => drain.begin(), { once: true });
  const metricsServer = await startHealthServer({ port: config.metricsPort, registry, isReady, drain });
  const watching = new AbortController();
  const watched = view.run(watching.signal);
  await untilSynced(view, stop);

  const webhookOf = (namespace: string, name: string) =>
    readableObject(view.of(PROMPT_REPOSITORIES).get(`${namespace}/${name}`))?.spec.webhook;
  const webhooks = await startWebhookServer({
    port: config.port,
    drain,
    times: config,
    logger,
    hasWebhook: (namespace, name) => webhookOf(namespace, name) !== undefined,
    tokenOf: async (namespace, name) => {
      const webhook = webhookOf(namespace, name);
      if (webhook === undefined) return undefined;
      try {
        return (await readSecret(kubeClient, namespace, webhook.secretRef.name)).get('token')?.trim();
      } catch (error) {
        if (error instanceof SecretProblem) return undefined;
        throw error;
      }
    },
    wake: (namespace, name) => {
      if (!leadership.isHeld()) return false;
      const key = `${namespace}/${name}`;
      memory.wake(key);
      const current = view.of(PROMPT_REPOSITORIES).get(key);
      controllers.wake(PROMPT_REPOSITORIES, key, { current, previous: current });
      return true;
    },
    nowMilliseconds: () => performance.now(),
  });
  logger.info({ port: webhooks.port, metricsPort: metricsServer.port }, 'following prompt repositories');
  try {
    if (!(await leadership.acquire(stop))) return;
    const working = new AbortController();
    const worked = controllers.run(working.signal);
    const end = await leadership.hold(stop);
    working.abort();
    await Promise.race([worked, sleep(DRAIN_SECONDS * 1000, undefined, { ref: false })]);
    if (end === 'lost') throw new Error('The lease was lost: another replica leads now.');
    await events.flush();
    await leadership.release();
  } finally {
    await webhooks.stop();
    await events.flush();
    watching.abort();
    await watched;
    await metricsServer.close();
    await kubeClient.close();
  }
}
