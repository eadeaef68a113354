/**
 * Puts the observer together and runs it until `stop`. Every replica reads, judges and serves; the one that holds the Lease also
 * writes conditions.
 */
import { LEDGER_PATIENCE_MICROSECONDS } from '#domain/attention/platform-causes.ts';
import { randomUUID } from 'node:crypto';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { cachingTokenReviewer } from '#adapters/kubernetes/caching-token-reviewer.ts';
import { createClusterView } from '#adapters/kubernetes/cluster-view.ts';
import { createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { createLeaderElection } from '#adapters/kubernetes/leader-election.ts';
import { createObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import { pause } from '#adapters/kubernetes/pause.ts';
import { createTokenReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { openLedgerReader } from '#adapters/ledger-reader/open-ledger-reader.ts';
import { FleetWatch } from '#domain/watching/fleet-watch.ts';
import { Drain } from '#process/drain.ts';
import { startHealthServer } from '#process/health-server.ts';
import { startHttpService } from '#process/http/http-service.ts';
import type { RunningProcess } from '#process/run-process.ts';
import type { Logger } from '#telemetry/logger.ts';
import { createObserverApp } from './app.ts';
import { ChangesOfObjects } from './changes-of-objects.ts';
import { ConditionWriter } from './condition-writer.ts';
import type { ObserverConfig } from './config.ts';
import { NewsDesk } from './news-desk.ts';
import { openNotifications } from './notifications/open-notifications.ts';
import type { Notifications } from './notifications/start-notifications.ts';
import { type Judged, Observation } from './observation.ts';
import { createObserverMetrics } from './observer-metrics.ts';
import { followLedger } from './follow-ledger.ts';
import { SnapshotFile } from './snapshot-file.ts';
import { WATCHED_RESOURCES, seeObject } from './watched-fleet.ts';

/** Who the observer is to the API server when it sets fields, and the name of its Lease. */
export const OBSERVER_MANAGER = 'capataz-observer';

const JUDGE_MILLISECONDS = 1_000;
/** A judgement that takes long is made more rarely: a quarter of the time belongs to it at most. */
const REST_TO_JUDGEMENT = 3;
const SNAPSHOT_SECONDS = 60;
const SYNC_CHECK_SECONDS = 0.05;
const STALE_SECONDS = 60;
const SAVE_FAILED = 'what was seen could not be written to its file';

export async function startObserver(
  config: ObserverConfig,
  logger: Logger,
  fail: (error: unknown) => void,
): Promise<RunningProcess> {
  const random = Math.random;
  const now = (): Date => new Date();
  const nowMilliseconds = (): number => performance.now();
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const kubeClient = createKubeClient(loadKubeConfig(config.kubeconfigPath));
  const ledger = openLedgerReader({ ...config.ledger, now: nowMilliseconds });
  const leadership = createLeaderElection({
    kubeClient,
    namespace: config.namespace,
    leaseName: OBSERVER_MANAGER,
    identity: `${config.podName}_${randomUUID()}`,
    logger,
    random,
    now,
  });
  const view = createClusterView({
    resources: WATCHED_RESOURCES,
    kubeClient,
    namespace: config.watchNamespace,
    onChange: (resource, key, change) => {
      observation.clusterChanged();
      seeObject(observation.changes, resource, key, change, now());
    },
    logger,
    random,
  });
  const file = new SnapshotFile(config.directory, {
    watch: config.watch,
    historyDays: config.historyDays,
    watchNamespace: config.watchNamespace ?? '',
  });
  const { begin, isContinued, takenAt } = await readBegin(file, config, logger);
  const observation = new Observation({ view, now }, begin);
  let judged: Judged | undefined;
  let snapshotAt = takenAt;
  const news = new NewsDesk(Date.now(), nowMilliseconds);
  const metrics = createObserverMetrics(registry, {
    judged: () => judged,
    snapshotAgeSeconds: () => snapshotAt && (Date.now() - snapshotAt.getTime()) / 1_000,
    isLeader: leadership.isHeld,
    staleness: view.staleness,
    streams: () => news.readers,
  });
  const notifications = await openNotifications({
    settingsPath: config.notificationsPath,
    directory: config.directory,
    registry,
    logger,
  });
  let telling: Notifications | undefined;
  const conditions = new ConditionWriter({
    view,
    writer: createObjectWriter({
      kubeClient,
      fieldManager: OBSERVER_MANAGER,
      assertMayWrite: () => {
        if (!leadership.isHeld()) throw new Error('The lease is not held: nothing may be written.');
      },
    }),
    mayWrite: leadership.isHeld,
    onWrite: metrics.countWrite,
    logger,
    now,
  });

  const working = new AbortController();
  const { signal } = working;
  const drain = new Drain();
  const healthServer = await startHealthServer({
    port: config.metricsPort,
    registry,
    isReady: () => {
      if (!view.isSynced()) return { ready: false, reason: 'The view of the cluster is not complete yet.' };
      const seconds = Math.round(view.secondsSinceLastContact());
      return seconds > STALE_SECONDS
        ? { ready: false, reason: `The API server has not been heard of for ${seconds} seconds.` }
        : { ready: true };
    },
    drain,
  });
  const work = Promise.all([
    view.run(signal),
    followLedger({
      reader: ledger.reader,
      observation,
      isContinued,
      newWatch: () => new FleetWatch(config.watch),
      historyDays: config.historyDays,
      watchNamespace: config.watchNamespace,
      anyNamespace: config.namespace,
      onEntries: metrics.countEntries,
      onFailure: metrics.countLedgerFailure,
      logger,
      random,
      now,
      nowMilliseconds,
      signal,
    }),
    judgeAgainAndAgain(),
    saveAgainAndAgain(),
    lead(),
  ]);
  work.catch((error: unknown) => {
    if (!signal.aborted) fail(error);
  });
  const app = createObserverApp({
    news,
    historyOf: (namespace, name) => observation.historyOf(namespace, name),
    tokenReviewer: cachingTokenReviewer(
      createTokenReviewer(kubeClient, {
        onFailure: (reason) => logger.warn({ reason }, 'a token could not be reviewed'),
      }),
    ),
    readers: config.readers,
    drain,
    logger,
  });
  const service = await startHttpService({ app, port: config.port, drain, times: config });
  return {
    port: service.port,
    metricsPort: healthServer.port,
    stop: async () => {
      // Whoever follows the news is told to go elsewhere first; nothing else is held up by that.
      const stopped = service.stop();
      working.abort();
      await work.catch(() => undefined);
      await save().catch((error: unknown) => logger.warn({ error }, SAVE_FAILED));
      await stopped;
      await notifications.close();
      await ledger.close();
      await healthServer.close();
      await kubeClient.close();
    },
  };

  async function judgeAgainAndAgain(): Promise<void> {
    while (!signal.aborted) {
      const beganAt = nowMilliseconds();
      if (view.isSynced() && observation.isDue) judgeOnce();
      const tookMilliseconds = nowMilliseconds() - beganAt;
      const rest = Math.max(JUDGE_MILLISECONDS - tookMilliseconds, REST_TO_JUDGEMENT * tookMilliseconds);
      await pause(view.isSynced() ? rest / 1_000 : SYNC_CHECK_SECONDS, signal);
    }
  }

  function judgeOnce(): void {
    const beganAt = nowMilliseconds();
    judged = observation.judge();
    metrics.observeJudgement((nowMilliseconds() - beganAt) / 1_000);
    news.publish(judged);
    if (observation.isReplayed) telling?.tell(judged.attention);
    // A ledger that is silent for long leaves nothing green: its rows are unknown, and the Agents say so too.
    const isLongSilent =
      observation.isReplayed && judged.lagSeconds * 1_000_000 > LEDGER_PATIENCE_MICROSECONDS;
    if (judged.problem === null || isLongSilent) conditions.write(judged.rows);
  }

  async function saveAgainAndAgain(): Promise<void> {
    while (!signal.aborted) {
      await pause(SNAPSHOT_SECONDS, signal);
      if (signal.aborted) return;
      await save().catch((error: unknown) => logger.error({ error }, SAVE_FAILED));
    }
  }

  async function save(): Promise<void> {
    const takenAt = now();
    await file.write({
      takenAtMicroseconds: takenAt.getTime() * 1_000,
      place: observation.place,
      objects: observation.changes.toSnapshot(),
      watch: observation.watch.toSnapshot(),
    });
    snapshotAt = takenAt;
  }

  /** Losing the lease ends the process, as that of the operator: nothing that was begun before may be written after. */
  async function lead(): Promise<void> {
    if (!(await leadership.acquire(signal))) return;
    telling = notifications.start();
    const end = await leadership.hold(signal);
    await telling.close();
    if (end === 'lost') throw new Error('The lease was lost: another replica leads now.');
    await conditions.settled();
    await leadership.release();
  }
}

interface Begin {
  readonly begin: ConstructorParameters<typeof Observation>[1];
  readonly isContinued: boolean;
  readonly takenAt: Date | undefined;
}

async function readBegin(file: SnapshotFile, { watch }: ObserverConfig, logger: Logger): Promise<Begin> {
  const anew: Begin = {
    begin: { watch: new FleetWatch(watch), changes: new ChangesOfObjects(), place: { position: 0 } },
    isContinued: false,
    takenAt: undefined,
  };
  const read = await file.read();
  if (read.kind === 'none') return anew;
  if (read.kind === 'unusable') {
    logger.warn({ problem: read.problem }, 'the ledger is read again from the beginning');
    return anew;
  }
  const { snapshot } = read;
  try {
    const begin = {
      watch: FleetWatch.fromSnapshot(snapshot.watch, watch),
      changes: new ChangesOfObjects(snapshot.objects),
      place: snapshot.place,
    };
    return { begin, isContinued: true, takenAt: new Date(snapshot.takenAtMicroseconds / 1_000) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    logger.warn({ problem }, 'the ledger is read again from the beginning');
    return anew;
  }
}
