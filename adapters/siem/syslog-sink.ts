/**
 * Syslog over TLS: messages of RFC 5424, framed by RFC 5425 (`LENGTH SP MESSAGE`).
 *
 * Syslog has no acknowledgement, and what is written to a socket may die in it. So each delivery is a connection of its
 * own, closed by us; the other side closing in turn, without an error, is its word that it has read to the end. A receiver that does not
 * close within `closeSeconds` is believed when all was written and nothing was reset.
 */
import { readFile } from 'node:fs/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { syslogMessage } from '#domain/ocsf/syslog-message.ts';
import type { Sink } from './sink.ts';

export interface SyslogSinkOptions {
  readonly host: string;
  readonly port: number;
  /** PEM file of authorities to trust in place of the public ones. */
  readonly certificateAuthoritiesPath?: string;
  /** PEM files by which we show who we are, where the receiver asks. */
  readonly certificatePath?: string;
  readonly keyPath?: string;
  /** Stands in each message as the host. */
  readonly hostname: string;
  readonly closeSeconds?: number;
}

export function syslogSink(options: SyslogSinkOptions): Sink {
  return {
    deliver: async (events, signal) => {
      const text = events
        .map((event) => syslogMessage(event, options.hostname))
        .map((message) => `${Buffer.byteLength(message)} ${message}`)
        .join('');
      await send(await connectionOptions(options), text, (options.closeSeconds ?? 5) * 1000, signal);
    },
    close: async () => undefined,
  };
}

async function connectionOptions(options: SyslogSinkOptions): Promise<ConnectionOptions> {
  const { host, port, certificateAuthoritiesPath, certificatePath, keyPath } = options;
  // Read each time: certificates are renewed in their files.
  const read = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? undefined : await readFile(path, 'utf8');
  const [ca, cert, key] = await Promise.all([
    read(certificateAuthoritiesPath),
    read(certificatePath),
    read(keyPath),
  ]);
  return {
    host,
    port,
    servername: host,
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

async function send(
  options: ConnectionOptions,
  text: string,
  closeMilliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket: TLSSocket = connect(options);
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => reject(new Error('the receiver takes too long'));
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('error', reject);
  // TLS 1.3 tells a refused client certificate only after the handshake: as an error here, before the close.
  socket.on('secureConnect', () => socket.end(text));
  socket.on('finish', () => {
    timer = setTimeout(resolve, closeMilliseconds);
  });
  socket.on('close', (hadError) =>
    socket.writableFinished && !hadError
      ? resolve()
      : reject(new Error('the connection ended before all was sent')),
  );
  socket.resume();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}
