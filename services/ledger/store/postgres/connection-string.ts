/** Where the ledger's PostgreSQL is and how it is talked to: a connection string in a mounted file. */
import { open } from 'node:fs/promises';
import { parseIntoClientConfig } from 'pg-connection-string';
import type { ClientConfig } from 'pg';

const FILE_MAXIMUM_BYTES = 8192;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\]|\/.*)$/;

export class ConnectionStringError extends Error {
  override readonly name = 'ConnectionStringError';
}

/** Throws a ConnectionStringError, which never repeats what stands in the file. */
export async function readConnectionFile(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FILE_MAXIMUM_BYTES + 1));
    if (bytesRead > FILE_MAXIMUM_BYTES) {
      throw new ConnectionStringError(
        `${path} is larger than ${FILE_MAXIMUM_BYTES} bytes: it holds one connection string.`,
      );
    }
    return buffer.toString('utf8', 0, bytesRead).trim();
  } catch (error) {
    if (error instanceof ConnectionStringError) throw error;
    throw new ConnectionStringError(
      `${path} could not be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}): mount the Secret with the connection string there.`,
      { cause: error },
    );
  }
}

/**
 * `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE`. A server on another machine is
 * talked to by TLS, unless `sslmode=disable` says in so many words that it is not. Certificates are always verified.
 */
export function parseConnectionString(text: string): ClientConfig & { readonly host: string } {
  let config: ClientConfig;
  try {
    config = parseIntoClientConfig(text);
  } catch {
    // The cause repeats the string, and the password in it.
    throw new ConnectionStringError(
      'The connection string is none: write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full.',
    );
  }
  const { host, user, database } = config;
  if (!/^postgres(ql)?:\/\//.test(text) || !host || !user || !database) {
    throw new ConnectionStringError(
      'The connection string must name user, host and database: write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full.',
    );
  }
  const saysHow = /[?&]ssl(mode)?=/.test(text);
  if (!LOOPBACK.test(host) && !saysHow) {
    throw new ConnectionStringError(
      `The connection string does not say whether ${host} is talked to by TLS: add ?sslmode=verify-full, or ?sslmode=disable where the network is trusted.`,
    );
  }
  const { ssl } = config;
  if (typeof ssl === 'object' && ssl.rejectUnauthorized === false) {
    throw new ConnectionStringError(
      'The connection string asks for TLS with any certificate: write sslmode=verify-full, with sslrootcert=FILE where the authority is your own.',
    );
  }
  // Nothing may come from the PG... variables of whoever started the process.
  return { ...config, host, port: config.port ?? 5432, password: config.password ?? '', ssl: ssl ?? false };
}
