/** Opens everything that the console stands on, in the order in which it is needed. */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { createAccessReviewer } from '#adapters/kubernetes/access-reviewer.ts';
import { createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { createAudienceReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { openObserverReader } from '#adapters/observer-reader/observer-reader.ts';
import { Drain } from '#process/drain.ts';
import { startHealthServer } from '#process/health-server.ts';
import { startHttpServiceAt } from '#process/http/loopback.ts';
import type { ProcessShell, RunningProcess } from '#process/run-process.ts';
import { createConsoleApp } from './app.ts';
import type { ConsoleConfig } from './config.ts';
import { createConsoleMetrics } from './console-metrics.ts';
import type { ConsoleParts } from './console-parts.ts';
import { openConsoleRecords } from './ledger/console-records.ts';
import { createStatisticsOfModels } from './ledger/model-statistics.ts';
import { openPeopleLedger } from './ledger/people-ledger.ts';
import { rememberLogKeys } from './ledger/verify-record.ts';
import { openObjects } from './objects/open-objects.ts';
import { createFleet } from './observed/fleet.ts';
import { type ObserverConnection, followObserver } from './observed/follow-observer.ts';
import { ObservedFleet } from './observed/observed-fleet.ts';
import { createPeopleRights } from './rights/people-rights.ts';
import { SeenRollouts } from './rollouts/seen-rollouts.ts';
import { EndedSessions } from './sessions/ended-sessions.ts';
import { createHeaderDoor } from './sessions/header-door.ts';
import { createLoginLimit } from './sessions/login-limit.ts';
import { createOpenidDoor } from './sessions/openid-door.ts';
import { createSeal } from './sessions/seal.ts';
import { openSealingKeys } from './sessions/sealing-keys.ts';
import { createSessionCookies } from './sessions/session-cookies.ts';
import { ChangeLog } from './stream/change-log.ts';
import { LiveStreams } from './stream/live-streams.ts';

const SECRET_BYTES = 32;
const READY_WITHIN_SECONDS = 120;
const NO_OBSERVER = 'There is no observer: nothing is judged. CAPATAZ_OBSERVER_URL says where it is.';

export async function startConsole(
  config: ConsoleConfig,
  { logger }: Pick<ProcessShell, 'logger'>,
): Promise<RunningProcess> {
  const nowMilliseconds = (): number => performance.now();
  const nowSeconds = (): number => Date.now() / 1_000;
  const nowMicroseconds = (): number => Date.now() * 1_000;
  await using opened = new AsyncDisposableStack();
  const running = new AbortController();
  const drain = new Drain();
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const kubeClient = opened.adopt(createKubeClient(loadKubeConfig(config.kubeconfigPath)), (client) =>
    client.close(),
  );

  const changes = new ChangeLog();
  const seen = new SeenRollouts();
  const objects = openObjects({
    kubeClient,
    watchNamespace: config.watchNamespace,
    logger,
    changes,
    onRollout: (key, rollout) => seen.note(key, rollout),
  });
  const ledgerAt = { url: config.ledgerUrl, tokenPath: config.ledgerTokenPath, nowMilliseconds };
  const ledger = opened.use(openPeopleLedger(ledgerAt));
  const records = opened.use(
    openConsoleRecords({ ...ledgerAt, instance: config.podName, newBoot: () => randomUUID() }),
  );
  const observed = new ObservedFleet();
  const connection: ObserverConnection = {
    problem: config.observerUrl === undefined ? NO_OBSERVER : 'The observer was not reached yet.',
  };
  const observer =
    config.observerUrl === undefined
      ? undefined
      : opened.use(
          openObserverReader({
            url: config.observerUrl,
            tokenPath: config.observerTokenPath,
            nowMilliseconds,
          }),
        );
  const sealingKeys = opened.use(await openSealingKeys(config.sessionKeysPath, logger));
  const openidDoor =
    config.openid &&
    createOpenidDoor(config.openid, {
      clientSecret: await readSecret(config.openid.clientSecretPath),
      authorities: await readSecret(config.openid.authoritiesPath),
      nowMilliseconds,
    });
  if (openidDoor !== undefined) opened.defer(openidDoor.close);
  const headerDoor =
    config.headerDoor &&
    createHeaderDoor(config.headerDoor, (await readSecret(config.headerDoor.secretPath)) ?? '');

  const parts: ConsoleParts = {
    logger,
    drain,
    metrics: createConsoleMetrics(registry, {
      streams: () => streams.count,
      isObserverFollowed: () => connection.problem === null,
    }),
    pagePath: config.pagePath,
    settings: config,
    cookies: createSessionCookies({
      seal: createSeal(sealingKeys.keys),
      isPlainHttp: config.isPlainHttp,
      nowSeconds,
    }),
    ended: new EndedSessions(),
    loginLimit: createLoginLimit(nowMilliseconds),
    tokenDoor: config.hasTokenDoor
      ? createAudienceReviewer(kubeClient, {
          onFailure: (reason) => logger.warn({ reason }, 'a token could not be reviewed'),
        })
      : undefined,
    openidDoor,
    headerDoor,
    rights: createPeopleRights({
      reviewer: createAccessReviewer(kubeClient, {
        capacity: 50_000,
        concurrency: 512,
        onFailure: (reason) => logger.warn({ reason }, 'a right could not be reviewed'),
      }),
      namespaces: objects.namespaces,
      nowMilliseconds,
    }),
    namespaces: objects.namespaces,
    observed,
    fleet: createFleet({ agents: objects.agents, observed, connection, version: () => changes.version }),
    agentHistory: async (namespace, name) => await observer?.history(namespace, name),
    agents: objects.agents,
    rollouts: objects.rollouts,
    models: objects.models,
    ledger,
    records,
    logKeys: rememberLogKeys(),
    modelStatistics: createStatisticsOfModels({ ledger, nowMicroseconds, nowMilliseconds }),
    commands: { kubeClient, records, seen, logger, nowMicroseconds },
    changes,
    nowSeconds,
    nowMilliseconds,
    newId: () => randomUUID(),
    newSecret: () => randomBytes(SECRET_BYTES).toString('base64url'),
  };
  const streams = opened.use(new LiveStreams(parts));
  const app = await createConsoleApp(parts, streams);

  const loops = [
    objects.run(running.signal),
    ...(observer === undefined
      ? []
      : [
          followObserver({
            reader: observer,
            fleet: observed,
            connection,
            onChanges: (news) => {
              for (const change of news) changes.add(change);
            },
            logger,
            signal: running.signal,
          }),
        ]),
  ];
  opened.defer(async () => {
    running.abort();
    await Promise.all(loops);
  });
  const health = await startHealthServer({
    port: config.metricsPort,
    registry,
    isReady: () => objects.readiness(READY_WITHIN_SECONDS),
    drain,
  });
  opened.defer(health.close);
  const service = await startHttpServiceAt(config, { app, port: config.port, drain, times: config });
  const ends = opened.move();
  return {
    port: service.port,
    metricsPort: health.port,
    stop: async () => {
      await service.stop();
      await ends.disposeAsync();
    },
  };
}

async function readSecret(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : (await readFile(path, 'utf8')).trim();
}
