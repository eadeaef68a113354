/** Puts the witness together from its configuration and runs it until `stop`. */
import { mkdir } from 'node:fs/promises';
import { Drain } from '#process/drain.ts';
import { startHealthServer } from '#process/health-server.ts';
import { startHttpService } from '#process/http/http-service.ts';
import type { RunningProcess } from '#process/run-process.ts';
import type { VerifierKey } from '#domain/transparency/note-keys.ts';
import { encodeVerifierKey } from '#domain/transparency/note-keys.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Witness } from './add-checkpoint.ts';
import { createWitnessApp } from './app.ts';
import type { WitnessConfig } from './config.ts';
import { keptLogKeys, learnLogKeys } from './trusted-logs.ts';
import { openWitnessKey } from './witness-key.ts';
import { createWitnessMetrics } from './witness-metrics.ts';
import { WitnessedCheckpoints } from './witnessed-checkpoints.ts';

export async function startWitness(config: WitnessConfig, logger: Logger): Promise<RunningProcess> {
  const { directory, trustFirstLogKeysFrom: url } = config;
  const nowSeconds = (): number => Math.floor(Date.now() / 1000);
  await mkdir(directory, { recursive: true });
  const key = await openWitnessKey(config);
  const checkpoints = await WitnessedCheckpoints.open(directory, key);
  logger.info({ key: encodeVerifierKey(key) }, 'the witness signs with this key');

  let witness: Witness | undefined;
  const trust = (logKeys: readonly VerifierKey[]): void => {
    witness = { key, logKeys, checkpoints, nowSeconds };
  };
  const learning = new AbortController();
  const known = url === undefined ? config.logKeys : await keptLogKeys(directory);
  if (known !== undefined) trust(known);
  const learned =
    witness !== undefined || url === undefined
      ? Promise.resolve()
      : learnLogKeys({ directory, url, logger, signal: learning.signal }).then((keys) => keys && trust(keys));

  const metrics = createWitnessMetrics(nowSeconds);
  const drain = new Drain();
  const healthServer = await startHealthServer({
    port: config.metricsPort,
    registry: metrics.registry,
    isReady: () =>
      witness === undefined
        ? { ready: false, reason: 'the ledger has not told its keys yet' }
        : { ready: true },
    drain,
  });
  const app = createWitnessApp({ witness: () => witness, metrics, drain, logger });
  const service = await startHttpService({ app, port: config.port, drain, times: config });
  return {
    port: service.port,
    metricsPort: healthServer.port,
    stop: async () => {
      learning.abort();
      await learned;
      await service.stop();
      await healthServer.close();
    },
  };
}
