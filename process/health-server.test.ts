import { Counter, Gauge, Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { type HealthServer, type Readiness, startHealthServer } from './health-server.ts';

const open: HealthServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function aServer(
  isReady: () => boolean | Readiness,
  registry = new Registry(),
): Promise<(path: string, init?: RequestInit) => Promise<{ status: number; body: string; type: string }>> {
  const server = await startHealthServer({ port: 0, host: '127.0.0.1', registry, isReady });
  open.push(server);
  return async (path, init) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    return {
      status: response.status,
      body: await response.text(),
      type: response.headers.get('content-type') ?? '',
    };
  };
}

describe('startHealthServer', () => {
  it('serves the registry in the text format of Prometheus', async () => {
    const registry = new Registry();
    const things = new Counter({ name: 'capataz_things_total', help: 'Things.', registers: [registry] });
    things.inc(3);
    const get = await aServer(() => true, registry);
    const { status, body, type } = await get('/metrics');
    expect(status).toBe(200);
    expect(type).toContain('text/plain; version=0.0.4');
    expect(body).toContain('capataz_things_total 3');
  });

  it('turns from not ready to ready and back, while it is alive all the time', async () => {
    let readiness: boolean | Readiness = { ready: false, reason: 'Waiting for the list of Models.' };
    const get = await aServer(() => readiness);
    expect(await get('/readyz')).toMatchObject({ status: 503, body: 'Waiting for the list of Models.\n' });
    expect((await get('/livez')).status).toBe(200);
    readiness = true;
    expect((await get('/readyz')).status).toBe(200);
    readiness = false;
    expect((await get('/readyz')).status).toBe(503);
    expect((await get('/livez')).status).toBe(200);
  });

  it('survives a metric that cannot be collected', async () => {
    const registry = new Registry();
    const broken = new Gauge({
      name: 'capataz_broken',
      help: 'Broken.',
      collect: () => {
        throw new Error('no');
      },
      registers: [],
    });
    registry.registerMetric(broken);
    const get = await aServer(() => true, registry);
    expect((await get('/metrics')).status).toBe(500);
    expect((await get('/livez')).status).toBe(200);
  });

  it('knows no other path and no other method', async () => {
    const get = await aServer(() => true);
    expect((await get('/')).status).toBe(404);
    expect((await get('/metrics', { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('lets a second process know that the port is taken', async () => {
    const first = await startHealthServer({
      port: 0,
      host: '127.0.0.1',
      registry: new Registry(),
      isReady: () => true,
    });
    open.push(first);
    await expect(
      startHealthServer({
        port: first.port,
        host: '127.0.0.1',
        registry: new Registry(),
        isReady: () => true,
      }),
    ).rejects.toThrow('EADDRINUSE');
  });
});
