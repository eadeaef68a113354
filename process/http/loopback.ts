/**
 * A service on somebody's own machine, whose ports are nobody else's. It listens on 127.0.0.1 alone, and it answers only who
 * asks this machine by its names: a page in a browser can let a name of its own mean 127.0.0.1.
 */
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { type HttpService, type HttpServiceOptions, startHttpService } from './http-service.ts';

export const LOOPBACK_VARIABLES = {
  CAPATAZ_LOOPBACK_ONLY: z.enum(['true', 'false']).default('false'),
} as const;

/** The address to listen on; without one it is all of them. */
export function listeningHost(environment: z.output<z.ZodObject<typeof LOOPBACK_VARIABLES>>): {
  readonly host?: string;
} {
  return environment.CAPATAZ_LOOPBACK_ONLY === 'true' ? { host: '127.0.0.1' } : {};
}

/** As `startHttpService`, and on the one address that is given. */
export async function startHttpServiceAt(
  { host }: { readonly host?: string },
  options: Omit<HttpServiceOptions, 'host'>,
): Promise<HttpService> {
  if (host === undefined) return await startHttpService(options);
  options.app.addHook('onRequest', async (request, reply) => {
    if (isLoopback(request.hostname)) return;
    const message = 'The host of the request is not this machine: ask 127.0.0.1 or localhost.';
    const error = { message, type: 'invalid_request_error', param: null, code: 'invalid_request' };
    await reply.code(400).header('connection', 'close').send({ error });
  });
  return await startHttpService({ ...options, host });
}

const NAMES = new Set(['localhost', '::1', '[::1]']);

/** The host that a request is for, without its port; it may be empty in HTTP/1.0, which no browser speaks. */
function isLoopback(host: string): boolean {
  return host === '' || NAMES.has(host.toLowerCase()) || (isIPv4(host) && host.startsWith('127.'));
}
