import { createServer } from 'node:net';

import { ClusterError } from './cluster-error.ts';

// Two runs on the same cluster would undo each other's work. A socket in the kernel's own name space
// is the lock: it needs no file and is gone with the process, however that ends.
export async function holdClusterLock(instanceName: string): Promise<() => void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(`\0capataz-lifecycle-${instanceName}`, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new ClusterError(
      `Another "npm run up" or "npm run down" of the cluster "${instanceName}" is still running: wait until it ends.`,
    );
  });
  server.unref();
  return () => server.close();
}
