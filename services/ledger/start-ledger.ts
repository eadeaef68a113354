/** Puts the ledger together from its configuration and runs it until `stop`. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { createAccessReviewer } from '#adapters/kubernetes/access-reviewer.ts';
import { cachingTokenReviewer } from '#adapters/kubernetes/caching-token-reviewer.ts';
import { createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { createUserReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import { encodeVerifierKey } from '#domain/transparency/note-keys.ts';
import { Drain } from '#process/drain.ts';
import { startHealthServer } from '#process/health-server.ts';
import { startHttpService } from '#process/http/http-service.ts';
import type { ProcessShell, RunningProcess } from '#process/run-process.ts';
import { agentImages } from './agent-images.ts';
import { assembleLedger } from './assemble-ledger.ts';
import { tokenIdentity } from './caller-identity.ts';
import { findOtherSigningKey } from './checkpoints/signing-key-document.ts';
import { createWitnessClient } from './checkpoints/witness-client.ts';
import { type WitnessKeys, firstWitnessKey, namedWitnessKeys } from './checkpoints/witness-keys.ts';
import type { LedgerConfig } from './config.ts';
import { openSigningKey, openTextKeys } from './key-files.ts';
import { Leader } from './leader.ts';
import { repeat } from './repeat.ts';
import { forgetOnce } from './retention.ts';
import { endWhenFenced } from './store/end-when-fenced.ts';
import { GROUP_COMMIT_DEFAULTS, GroupCommit } from './store/group-commit.ts';
import type { LedgerStore } from './store/ledger-store.ts';
import { readConnectionFile } from './store/postgres/connection-string.ts';
import { openPostgresStore } from './store/postgres/open-postgres-store.ts';
import { openSqliteStore } from './store/sqlite/open-sqlite-store.ts';
import { createSink } from './siem/create-sink.ts';
import { readSinks } from './siem/read-sinks.ts';
import { createSiemMetrics } from './siem/siem-metrics.ts';
import { deliverToSink } from './siem/sink-delivery.ts';
import { createTextVault } from './texts/text-vault.ts';

const FORGET_MILLISECONDS = 60_000;
const METERS_MILLISECONDS = 60_000;
/** So long after another replica has found a loss, this one may still say that it is ready; it writes nothing. */
const HEED_MILLISECONDS = 1_000;
/** The first look at the witness may not hold up the start for longer; the look goes on. */
const FIRST_TURN_MILLISECONDS = 20_000;
const LAST_TURN_MILLISECONDS = 3_000;
/** Where another key has signed, those that have it take the lead first: some seconds after they were without a leader. */
const OTHER_KEY_MILLISECONDS = 5_000;

export async function startLedger(
  config: LedgerConfig,
  { logger, fail, writeLine }: Pick<ProcessShell, 'logger' | 'fail' | 'writeLine'>,
): Promise<RunningProcess> {
  const nowMilliseconds = (): number => performance.now();
  const nowMicroseconds = (): number => Date.now() * 1000;
  const signingKey = await openSigningKey(config.signingKeyPath, {
    logName: config.logName,
    isDrawn: config.generateKeys,
  });
  const textKeys = await openTextKeys(config.textKeysPath, config.generateKeys);
  const store = endWhenFenced(await openStore(config, fail), fail);
  const leader = new Leader(store, logger);
  const commits = new GroupCommit({ append: store.append, nowMicroseconds, ...GROUP_COMMIT_DEFAULTS });
  const vault = createTextVault({
    store,
    keyEncryptionKeys: textKeys.keys,
    randomBytes: (count) => randomBytes(count),
    nowMicroseconds,
  });
  const witnessKeys = await openWitnessKeys(config, store);
  const witness = witnessKeys && createWitnessClient(witnessKeys.url, witnessKeys.keys);
  const sinks = config.sinksPath === undefined ? [] : await readSinks(config.sinksPath);
  const kubeClient = createKubeClient(loadKubeConfig(config.kubeconfigPath));
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const siemMetrics = createSiemMetrics(registry);
  const drain = new Drain();
  let sourceGaps = 0;
  let areKeysRewrapped = false;
  const { app, gate, logs, metrics, meters, acceptLosses, heedLosses } = assembleLedger({
    store,
    leader,
    commits,
    vault,
    signingKey,
    witness,
    identity: ({ tokenReviewed }) =>
      tokenIdentity(
        cachingTokenReviewer(
          createUserReviewer(kubeClient, {
            onFailure: (reason) => logger.warn({ reason }, 'a token could not be reviewed'),
          }),
          { takesUserTokens: true, onReview: tokenReviewed },
        ),
      ),
    access: createAccessReviewer(kubeClient, {
      onFailure: (reason) => logger.warn({ reason }, 'a right could not be reviewed'),
    }),
    agentImages: agentImages(kubeClient, nowMilliseconds, (error) =>
      logger.warn({ error }, 'an Agent could not be read'),
    ),
    settings: config,
    registry,
    logger,
    drain,
    newId: () => randomUUID(),
    randomBytes: (count) => randomBytes(count),
    nowMicroseconds,
    nowMilliseconds,
    sourceGaps: () => sourceGaps,
  });
  logger.info({ key: encodeVerifierKey(signingKey) }, 'checkpoints are signed');
  // Before anything is taken: a store that was rolled back must not grow.
  await acceptLosses();
  await heedLosses();
  if ((await findOtherSigningKey(store, signingKey)) !== undefined) await sleep(OTHER_KEY_MILLISECONDS);
  await leader.ask();
  if (leader.isLeading) {
    await logs.turn(AbortSignal.timeout(FIRST_TURN_MILLISECONDS));
  } else {
    const otherKey = await findOtherSigningKey(store, signingKey);
    if (otherKey !== undefined) throw otherKey;
    await logs.look(AbortSignal.timeout(FIRST_TURN_MILLISECONDS));
  }

  const running = new AbortController();
  const { signal } = running;
  const leads = async (signal: AbortSignal): Promise<void> => {
    areKeysRewrapped = false;
    await Promise.all([
      logs.run(signal),
      repeat({
        pauseMilliseconds: METERS_MILLISECONDS,
        signal,
        turn: (signal) => meters.look(signal),
        onFailure: (error) => logger.error({ error }, 'the meters of the routers could not be looked at'),
      }),
      repeat({
        pauseMilliseconds: FORGET_MILLISECONDS,
        signal,
        turn: async (signal) => {
          // Once after the start as well: the file may have changed, or a turn have failed, before.
          if (!areKeysRewrapped) {
            areKeysRewrapped = true;
            await vault.rewrap().catch((error: unknown) => {
              areKeysRewrapped = false;
              throw error;
            });
          }
          const { retentionDays } = config;
          const onForgotten = metrics.forgotten;
          await forgetOnce({ store, vault, logger, retentionDays, nowMicroseconds, onForgotten }, signal);
          sourceGaps = (await store.sourceGaps()).length;
        },
        onFailure: (error) => logger.error({ error }, 'what was kept for long enough could not be forgotten'),
      }),
      ...sinks.map((settings) =>
        deliverToSink(
          {
            settings,
            createSink: () =>
              createSink(settings, {
                hostname: config.podName,
                writeOutput: (text, done) => {
                  writeLine(text);
                  done();
                },
              }),
            store: leader.store,
            leafHashOf: (canonical) => Buffer.from(hashLeaf(canonical)).toString('hex'),
            metrics: siemMetrics,
            logger,
            random: Math.random,
            pause: (milliseconds, signal) =>
              sleep(milliseconds, undefined, { signal }).catch(() => undefined),
          },
          signal,
        ),
      ),
    ]);
    if (running.signal.aborted) return;
    logs.rest();
    sourceGaps = 0;
    for (const { name } of sinks) siemMetrics.waiting(name, 0);
  };
  const loops = [
    leader.run(signal, leads),
    repeat({
      pauseMilliseconds: HEED_MILLISECONDS,
      signal,
      turn: async () => {
        await heedLosses();
        await witnessKeys?.keys.recall();
        if (leader.isLeading) return;
        const otherKey = await findOtherSigningKey(store, signingKey);
        if (otherKey !== undefined) fail(otherKey);
      },
      onFailure: (error) => logger.error({ error }, 'what other replicas have found could not be read'),
    }),
    repeat({
      pauseMilliseconds: FORGET_MILLISECONDS,
      signal,
      turn: async () => {
        if (await textKeys.reload()) areKeysRewrapped = false;
      },
      onFailure: (error) => logger.error({ error }, 'the keys of the texts could not be read again'),
    }),
  ];

  const healthServer = await startHealthServer({
    port: config.metricsPort,
    registry,
    isReady: () => gate.readiness(),
    drain,
  });
  const service = await startHttpService({ app, port: config.port, drain, times: config });
  return {
    port: service.port,
    metricsPort: healthServer.port,
    stop: async () => {
      await service.stop();
      running.abort();
      await Promise.all(loops);
      await commits[Symbol.asyncDispose]();
      // What was written last is witnessed before the pod is gone, where the witness answers.
      if (leader.isLeading) {
        await logs.turn(AbortSignal.timeout(LAST_TURN_MILLISECONDS)).catch((error: unknown) => {
          logger.warn({ error }, 'the last checkpoint could not be made');
        });
      }
      await leader[Symbol.asyncDispose]();
      await Promise.all([witness?.[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
      await Promise.all([kubeClient.close(), healthServer.close()]);
    },
  };
}

async function openWitnessKeys(
  { witnessUrl: url, witnessKeys, trustFirstWitnessKey }: LedgerConfig,
  store: LedgerStore,
): Promise<{ readonly url: string; readonly keys: WitnessKeys } | undefined> {
  if (url === undefined) return undefined;
  return {
    url,
    keys: trustFirstWitnessKey ? await firstWitnessKey(url, store) : namedWitnessKeys(witnessKeys),
  };
}

function openStore(
  { databasePath, databaseConnectionPath }: LedgerConfig,
  fail: ProcessShell['fail'],
): Promise<LedgerStore> {
  return databaseConnectionPath === undefined
    ? openSqliteStore({ path: databasePath, onFailure: fail })
    : openPostgresStore({ readConnectionString: () => readConnectionFile(databaseConnectionPath) });
}
