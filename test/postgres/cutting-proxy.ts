/** A proxy before PostgreSQL that cuts the connection at one moment: the COMMIT has arrived, its answer has not. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** The next that many COMMITs are passed on and never answered. */
  cutNextCommits: number;
  readonly cuts: () => number;
}

export async function startCuttingProxy(serverPort: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1');
    let isCut = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    }
    client.on('data', (bytes) => {
      upstream.write(bytes);
      // As the simple query that the store sends it in.
      if (proxy.cutNextCommits === 0 || !bytes.includes('COMMIT\0')) return;
      proxy.cutNextCommits -= 1;
      cuts += 1;
      isCut = true;
    });
    upstream.on('data', (bytes) => {
      // The answer shows that the server has committed; nobody else gets to know.
      if (isCut) client.destroy();
      else client.write(bytes);
    });
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: CuttingProxy = {
    port: (server.address() as AddressInfo).port,
    cutNextCommits: 0,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
