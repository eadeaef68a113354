/** Listening, the same everywhere. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The port that is listened on, also when 0 was asked for. Rejects when it is taken. */
export async function listen(server: Server, port: number, host?: string): Promise<number> {
  // Without a host Node takes ::, which takes IPv4 too, and 0.0.0.0 where the kernel has no IPv6.
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
