/** A process with the shell and nothing else, for the tests of the shell: what a further process has to write. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { Drain } from '#process/drain.ts';
import { PROCESS_VARIABLES, processSettings, seconds } from '#process/environment.ts';
import { startHealthServer } from '#process/health-server.ts';
import { createHttpApp, startHttpService } from '#process/http/http-service.ts';
import { runProcess } from '#process/run-process.ts';

await runProcess({
  name: 'sample',
  environment: z
    .object({
      ...PROCESS_VARIABLES,
      CAPATAZ_DRAIN_SECONDS: seconds(0, 60).default(5),
      SAMPLE_FAULT: z.enum(['start', 'rejection', 'exception']).optional(),
    })
    .transform((environment) => ({
      ...processSettings(environment),
      drainSeconds: environment.CAPATAZ_DRAIN_SECONDS,
      fault: environment.SAMPLE_FAULT,
    })),
  start: async (settings, { logger }) => {
    if (settings.fault === 'start') throw new Error('no such database');
    if (settings.fault === 'rejection') void Promise.reject(new Error('nobody handles this'));
    if (settings.fault === 'exception') {
      setTimeout(() => {
        throw new Error('nobody catches this');
      });
    }
    const drain = new Drain();
    const app = createHttpApp({
      logger,
      drain,
      requestId: () => randomUUID(),
      paths: 'GET /now and GET /slow',
      largestBodyBytes: 1024,
      body: 'json',
      refuse: ({ message }, _request, reply) => reply.code(400).send(message),
    });
    app.get('/now', async () => process.pid);
    app.get('/slow', async () => sleep(600, process.pid));
    const health = await startHealthServer({
      port: settings.metricsPort,
      registry: new Registry(),
      isReady: () => true,
      drain,
    });
    const service = await startHttpService({ app, port: settings.port, drain, times: settings });
    return {
      port: service.port,
      metricsPort: health.port,
      stop: async () => {
        await service.stop();
        await health.close();
      },
    };
  },
});
