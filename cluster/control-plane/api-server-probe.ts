import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

export interface ApiServerIdentity {
  readonly server: string;
  readonly authorityCertificate: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/** True once the API server answers /readyz with 200, that is after its own start-up hooks ran. */
export function isApiServerReady(identity: ApiServerIdentity): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = request(
    `${identity.server}/readyz`,
    {
      ca: identity.authorityCertificate,
      cert: identity.clientCertificate,
      key: identity.clientKey,
      agent: false,
      timeout: 3000,
    },
    (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    },
  );
  probe.on('timeout', () => probe.destroy());
  probe.on('error', () => resolve(false));
  probe.end();
  return promise;
}

export async function waitUntil(
  condition: () => Promise<boolean>,
  timeoutSeconds: number,
  intervalMilliseconds: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    if (await condition()) return true;
    await delay(intervalMilliseconds);
  }
  return false;
}
