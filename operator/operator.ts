/**
 * Puts the parts of the operator together. Every replica watches the cluster and serves configurations; the leader
 * also runs the controllers.
 */
import { randomUUID } from 'node:crypto';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { cachingTokenReviewer } from '#adapters/kubernetes/caching-token-reviewer.ts';
import { createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { createLeaderElection } from '#adapters/kubernetes/leader-election.ts';
import { createLedgerClientMetrics } from '#adapters/ledger-client/ledger-client-metrics.ts';
import { openRolloutOutcomes } from '#adapters/ledger-reader/open-rollout-outcomes.ts';
import { createLedgerWriter } from '#adapters/ledger-client/ledger-writer.ts';
import { createObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import { createTokenReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { NO_LEDGER } from '#domain/ledger/record-writer.ts';
import { Drain } from '#process/drain.ts';
import { type Readiness, startHealthServer } from '#process/health-server.ts';
import type { Logger } from '#telemetry/logger.ts';
import { CONFIG_MAPS } from './agent/resources.ts';
import { createGoldenSetCounter } from './runtime/golden-set-config-map.ts';
import { CANARY_ROLLOUTS, ROLLOUT_CONFIG_MAPS } from './canary-rollout/resources.ts';
import { registerRolloutMetrics } from './canary-rollout/rollout-metrics.ts';
import { OutcomeFeed } from './canary-rollout/outcomes/outcome-feed.ts';
import { createOutcomeMetrics } from './canary-rollout/outcomes/outcome-metrics.ts';
import type { OperatorConfig } from './config.ts';
import { createAgentStreams } from './configuration-stream/agent-streams.ts';
import {
  formerConfiguration,
  publishedConfiguration,
  publishedRollout,
} from './configuration-stream/published-documents.ts';
import { startConfigurationServer } from './configuration-stream/server.ts';
import { kindModules } from './kinds.ts';
import { createOperatorMetrics } from './operator-metrics.ts';
import { createClusterView } from '#adapters/kubernetes/cluster-view.ts';
import { createControllers } from './runtime/controllers.ts';
import { createEventRecorder } from './runtime/event-recorder.ts';
import { FIELD_MANAGER } from './runtime/field-manager.ts';
import { resourcesOf } from './runtime/kind-module.ts';
import { readableObject } from '#adapters/kubernetes/read-kind.ts';
import { createLedgerTeller } from './runtime/ledger-teller.ts';
import { untilSynced, viewReadiness } from './runtime/view-readiness.ts';

const MAXIMUM_STREAMS = 10_000;
const MAXIMUM_STREAMS_PER_AGENT = 2_000;
/** Passes under way get so long to end before the lease is given back. */
const DRAIN_SECONDS = 10;
/** What the ledger has not taken by then waits on disk for the next start. */
const LAST_DELIVERY_MILLISECONDS = 2_000;

export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
}

/** Runs until the signal aborts (resolves) or the lease is lost (rejects: the process must end). */
export async function runOperator(config: OperatorConfig, logger: Logger, stop: AbortSignal): Promise<void> {
  const random = (): number => Math.random();
  const now = (): Date => new Date();
  const kubeClient = createKubeClient(loadKubeConfig(config.kubeconfigPath));
  const leadership = createLeaderElection({
    kubeClient,
    namespace: config.namespace,
    leaseName: FIELD_MANAGER,
    identity: `${config.podName}_${randomUUID()}`,
    logger,
    random,
    now,
  });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const ledgerWriter =
    config.ledger &&
    (await createLedgerWriter({
      ...config.ledger,
      source: { process: 'operator', instance: config.podName },
      namespace: config.namespace,
      logger,
      metrics: createLedgerClientMetrics(registry),
      newId: randomUUID,
      now: () => performance.now(),
      epochMilliseconds: Date.now,
      random,
    }));
  const ledgerReader =
    config.ledger && openRolloutOutcomes({ ...config.ledger, now: () => performance.now() });
  const metrics = createOperatorMetrics(registry, {
    queueDepths: () => controllers.queueDepths(),
    staleness: () => view.staleness(),
    isLeader: leadership.isHeld,
    openStreams: () => streams.count(),
  });
  registerRolloutMetrics(registry, () =>
    view
      .of(CANARY_ROLLOUTS)
      .list()
      .flatMap((rollout) => readableObject(rollout) ?? []),
  );
  const writer = createObjectWriter({
    kubeClient,
    fieldManager: FIELD_MANAGER,
    assertMayWrite: () => {
      if (!leadership.isHeld())
        throw new LeadershipLostError('The lease is not held: nothing may be written.');
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
  const streams = createAgentStreams({
    sources: {
      configuration: (key) => publishedConfiguration(view.of(CONFIG_MAPS).get(key)),
      formerConfiguration: (key) => formerConfiguration(view.of(CONFIG_MAPS).get(key)),
      rollout: (key) => publishedRollout(view.of(ROLLOUT_CONFIG_MAPS).get(key)),
    },
    maximumStreams: MAXIMUM_STREAMS,
    maximumStreamsPerKey: MAXIMUM_STREAMS_PER_AGENT,
  });
  const kinds = kindModules({
    countGoldenSetKeys: createGoldenSetCounter(kubeClient),
    outcomes:
      ledgerReader &&
      new OutcomeFeed({ source: ledgerReader.outcomes, now, ...createOutcomeMetrics(registry) }),
  });
  const view = createClusterView({
    resources: resourcesOf(kinds),
    kubeClient,
    namespace: config.watchNamespace,
    logger,
    random,
    onChange: (resource, key, change) => {
      if (resource === CONFIG_MAPS) streams.configurationChanged(key);
      else if (resource === ROLLOUT_CONFIG_MAPS) streams.rolloutChanged(key);
      controllers.wake(resource, key, change);
    },
  });
  const controllers = createControllers({
    kinds,
    view,
    config,
    kubeClient,
    writer,
    events,
    tellLedger: createLedgerTeller({
      ledger: ledgerWriter ?? NO_LEDGER,
      mayTell: leadership.isHeld,
      logger,
    }),
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
  const configurationServer = await startConfigurationServer({
    port: config.port,
    tokenReviewer: cachingTokenReviewer(
      createTokenReviewer(kubeClient, {
        onFailure: (message) => logger.warn({ message }, 'token not reviewed'),
      }),
    ),
    streams,
    drain,
    times: config,
    logger,
    random,
  });
  logger.info(
    { port: configurationServer.port, metricsPort: metricsServer.port, identity: config.podName },
    'operator started',
  );
  try {
    await lead();
  } finally {
    await configurationServer.stop();
    await events.flush();
    await ledgerReader?.close();
    await ledgerWriter?.close(LAST_DELIVERY_MILLISECONDS);
    watching.abort();
    await watched;
    await metricsServer.close();
    await kubeClient.close();
  }

  async function lead(): Promise<void> {
    if (!(await leadership.acquire(stop))) return;
    const working = new AbortController();
    const worked = controllers.run(working.signal);
    const end = await leadership.hold(stop);
    working.abort();
    await Promise.race([worked, delay(DRAIN_SECONDS)]);
    if (end === 'lost') throw new LeadershipLostError('The lease was lost: another replica leads now.');
    await events.flush();
    await leadership.release();
  }
}

async function delay(seconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000).unref();
  });
}
