import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, describe, expect, it } from 'vitest';
import { KubeApiError, isConflict, isNotFound } from './kube-api-error.ts';
import { type KubeClient, createKubeClient } from './kube-client.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function clientOf(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  user: object = { name: 'nobody' },
): Promise<{ readonly kube: KubeClient; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer(answer).on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const kubeConfig = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'c', server: url, skipTLSVerify: true }],
    users: [{ name: 'u', ...user }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const kube = createKubeClient(kubeConfig);
  cleanups.push(async () => {
    await kube.close();
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return { kube, connections: () => connections };
}

describe('a request to the API server', () => {
  it('reuses its connection', async () => {
    const { kube, connections } = await clientOf((_, response) => response.end('{}'));
    for (let index = 0; index < 20; index += 1) await kube.request({ method: 'GET', path: '/api' });
    expect(connections()).toBeLessThanOrEqual(2);
  });

  it('becomes an error with the words of the Status object', async () => {
    const status = { kind: 'Status', code: 409, reason: 'AlreadyExists', message: 'pods "a" already exists' };
    const { kube } = await clientOf((_, response) => response.writeHead(409).end(JSON.stringify(status)));
    const error = await kube
      .request({ method: 'POST', path: '/api', body: {} })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(KubeApiError);
    expect(error).toMatchObject({ status: 409, reason: 'AlreadyExists' });
    expect((error as Error).message).toContain('pods "a" already exists');
    expect([isConflict(error), isNotFound(error)]).toEqual([true, false]);
  });

  it('becomes an error also when the answer is no JSON', async () => {
    const { kube } = await clientOf((_, response) => response.writeHead(502).end('<html>'));
    await expect(kube.request({ method: 'GET', path: '/api' })).rejects.toMatchObject({ status: 502 });
  });

  it('is given up after its time', async () => {
    const { kube } = await clientOf(() => undefined);
    await expect(kube.request({ method: 'GET', path: '/api', timeoutSeconds: 0.1 })).rejects.toThrow(
      /timeout|aborted/i,
    );
  });

  it('reads a rotated token again when the old one is refused, and succeeds', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'capataz-token-'));
    cleanups.push(() => rm(directory, { recursive: true }));
    const tokenFile = join(directory, 'token');
    await writeFile(tokenFile, 'old');
    let accepted = 'old';
    const seen: (string | undefined)[] = [];
    const { kube } = await clientOf(
      (request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(request.headers.authorization === `Bearer ${accepted}` ? 200 : 401).end('{}');
      },
      { authProvider: { name: 'tokenFile', config: { tokenFile } } },
    );
    await kube.request({ method: 'GET', path: '/api' });
    accepted = 'new';
    await writeFile(tokenFile, 'new');
    await kube.request({ method: 'GET', path: '/api' });
    expect(seen).toEqual(['Bearer old', 'Bearer old', 'Bearer new']);
    accepted = 'none';
    await expect(kube.request({ method: 'GET', path: '/api' })).rejects.toMatchObject({ status: 401 });
    expect(seen).toHaveLength(5);
  });
});
