import { createServer } from 'node:net';
import { waitUntil } from '#cluster/control-plane/api-server-probe.ts';
import { ClusterError } from './cluster-error.ts';

export type ReleaseLock = () => void;

/**
 * A socket in the kernel's own name space is the lock: it needs no file and is gone with the
 * process, however that ends. Undefined where somebody else holds it.
 */
async function tryLock(name: string): Promise<ReleaseLock | undefined> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<ReleaseLock | undefined>();
  server.on('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
  );
  server.listen(`\0${name}`, () => {
    server.unref();
    resolve(() => void server.close());
  });
  return promise;
}

/** Two runs on the same cluster would undo each other's work. */
export async function holdClusterLock(instanceName: string): Promise<ReleaseLock> {
  const release = await tryLock(`capataz-lifecycle-${instanceName}`);
  if (release !== undefined) return release;
  throw new ClusterError(
    `Another "npm run up" or "npm run down" of the cluster "${instanceName}" is still running: wait until it ends.`,
  );
}

/** Waits for its turn: the clusters of a machine share one image store. */
export async function waitForLock(name: string, timeoutSeconds: number): Promise<ReleaseLock> {
  let release: ReleaseLock | undefined;
  await waitUntil(
    async () => {
      release = await tryLock(name);
      return release !== undefined;
    },
    timeoutSeconds,
    200,
  );
  if (release !== undefined) return release;
  throw new ClusterError(
    `Another run has been building an image for more than ${timeoutSeconds} s: end it, then run npm run up again.`,
  );
}
