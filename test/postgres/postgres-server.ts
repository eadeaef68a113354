/**
 * A real PostgreSQL of its own for a test or a bench: a new data folder, a free loopback port, fsync on, never as root.
 * It ends with the process that started it, however that ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { lastLines, runCommand } from '#cluster/command-line/command.ts';
import { waitUntil } from '#cluster/control-plane/api-server-probe.ts';
import { findFreePorts } from '#cluster/control-plane/free-ports.ts';
import { ensurePostgres, type PostgresPrograms } from './postgres-programs.ts';

const START_SECONDS = 60;
const STOP_MILLISECONDS = 20_000;
const ATTEMPTS = 3;
/** `nobody` and its group in every Debian: PostgreSQL refuses to run as root. */
const UNPRIVILEGED = 65_534;
const PASSWORD = 'only-on-loopback';
const LIBRARIES = ['usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu', 'lib/x86_64-linux-gnu'];

export interface PostgresServer extends AsyncDisposable {
  /** `postgres://capataz:PASSWORD@127.0.0.1:PORT/capataz`. The role owns the database and is no superuser. */
  readonly connectionString: string;
  /** By the socket, to the same database: for settings, tablespaces and for ending connections. */
  readonly superuserConnectionString: string;
  /** Whatever the server is to read or write elsewhere in it must belong to `userId`. */
  readonly directory: string;
  readonly userId: number;
  /** To the server and all that it forked: SIGSTOP freezes it whole, SIGKILL is a crash of all of it at once. */
  readonly signal: (name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL') => Promise<void>;
  /** Again, on the same port and data: after a stop or a crash. */
  readonly start: () => Promise<void>;
  /** In good order; open connections are ended. */
  readonly stop: () => Promise<void>;
}

interface PostgresServerOptions {
  /** Settings of postgresql.conf, e.g. `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Instance {
  readonly programs: PostgresPrograms;
  readonly directory: string;
  readonly userId: number;
  readonly settings: Readonly<Record<string, string>>;
}

export async function startPostgresServer(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const installed = await ensurePostgres();
  const directory = await mkdtemp(join(tmpdir(), 'capataz-postgres-'));
  try {
    await chmod(directory, 0o755);
    const instance: Instance = {
      programs: await makeReadable(installed, directory),
      directory,
      userId: isRoot() ? UNPRIVILEGED : (process.getuid?.() ?? UNPRIVILEGED),
      settings: options.settings ?? {},
    };
    for (const folder of ['data', 'socket']) {
      await mkdir(join(directory, folder), { mode: 0o700 });
      if (isRoot()) await chown(join(directory, folder), instance.userId, instance.userId);
    }
    const [initdb, initdbArguments] = asUser(instance, 'initdb', [
      `--pgdata=${join(directory, 'data')}`,
      '--username=postgres',
      '--auth-local=trust',
      '--auth-host=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      // Small files of the write-ahead log: there are many of these servers, and little in each.
      '--wal-segsize=4',
    ]);
    await runCommand(initdb, initdbArguments, { directory, environment: programEnvironment(instance) });
    return await startOnFreePort(instance);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function startOnFreePort(instance: Instance): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt += 1) {
    const [port = 0] = await findFreePorts(1);
    try {
      return await serve(instance, port);
    } catch (error) {
      // A stranger may have taken the port before it was bound; any other reason comes back and is thrown then.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function serve(instance: Instance, port: number): Promise<PostgresServer> {
  const { directory } = instance;
  const bySocket = (database: string): string =>
    `postgres://postgres@${encodeURIComponent(join(directory, 'socket'))}:${port}/${database}`;
  let server: ChildProcess | undefined;

  const stop = async (): Promise<void> => {
    if (server === undefined || hasEnded(server)) return;
    await signal('SIGCONT');
    const ended = once(server, 'exit');
    server.kill('SIGINT');
    const killer = setTimeout(() => void signal('SIGKILL'), STOP_MILLISECONDS);
    await ended;
    clearTimeout(killer);
  };
  const signal: PostgresServer['signal'] = async (name) => {
    if (server?.pid === undefined || hasEnded(server)) return;
    const ended = once(server, 'exit');
    // The server first: it would answer a dead child by restarting in good order.
    for (const processId of [server.pid, ...(await childrenOf(server.pid))]) send(processId, name);
    if (name === 'SIGKILL') await ended;
  };
  const start = async (): Promise<void> => {
    await stop();
    server = await launch(instance, port);
    await waitUntilReady(server, instance, bySocket('postgres'));
  };
  try {
    await start();
    await makeDatabase(bySocket('postgres'));
  } catch (error) {
    await signal('SIGKILL');
    throw error;
  }
  return {
    connectionString: `postgres://capataz:${PASSWORD}@127.0.0.1:${port}/capataz`,
    superuserConnectionString: bySocket('capataz'),
    directory,
    userId: instance.userId,
    signal,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launch(instance: Instance, port: number): Promise<ChildProcess> {
  const { directory } = instance;
  const settings: Readonly<Record<string, string>> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: join(directory, 'socket'),
    fsync: 'on',
    synchronous_commit: 'on',
    jit: 'off',
    timezone: 'GMT',
    log_timezone: 'GMT',
    ...instance.settings,
  };
  const log = await open(logFile(instance), 'a');
  try {
    const [program, programArguments] = asUser(instance, 'postgres', [
      '-D',
      join(directory, 'data'),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ]);
    const child = spawn(program, programArguments, {
      cwd: directory,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...programEnvironment(instance) },
    });
    await once(child, 'spawn');
    return child;
  } finally {
    await log.close();
  }
}

async function waitUntilReady(
  server: ChildProcess,
  instance: Instance,
  connectionString: string,
): Promise<void> {
  let isReady = false;
  await waitUntil(
    async () => {
      isReady = await query(connectionString, ['SELECT 1']).then(
        () => true,
        () => false,
      );
      return isReady || hasEnded(server);
    },
    START_SECONDS,
    50,
  );
  if (isReady) return;
  const log = await readFile(logFile(instance), 'utf8').catch(() => '');
  throw new Error(`PostgreSQL in ${instance.directory} did not start: ${lastLines(log, 5)}`);
}

async function makeDatabase(connectionString: string): Promise<void> {
  await query(connectionString, [
    `CREATE ROLE capataz LOGIN PASSWORD '${PASSWORD}'`,
    'CREATE DATABASE capataz OWNER capataz',
  ]);
}

async function query(connectionString: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 5000 });
  // A server that ends meanwhile is told by the statement that was waiting for it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The cache of root is closed to everybody else, so a server that root starts gets a copy. */
async function makeReadable(programs: PostgresPrograms, directory: string): Promise<PostgresPrograms> {
  if (programs.root === '/' || !isRoot()) return programs;
  const root = join(directory, 'programs');
  await cp(programs.root, root, { recursive: true, verbatimSymlinks: true });
  return { ...programs, root };
}

function asUser(
  { programs, userId }: Instance,
  program: string,
  programArguments: readonly string[],
): [string, readonly string[]] {
  const user = isRoot() ? [`--reuid=${userId}`, `--regid=${userId}`, '--clear-groups'] : [];
  return [
    'setpriv',
    [...user, '--pdeathsig=KILL', join(programs.root, programs.binaries, program), ...programArguments],
  ];
}

function programEnvironment({ programs }: Instance): Record<string, string | undefined> {
  const ofUsersOwnServer = Object.keys(process.env).filter((name) => name.startsWith('PG'));
  return {
    ...Object.fromEntries(ofUsersOwnServer.map((name) => [name, undefined])),
    TZ: 'GMT',
    ...(programs.root === '/'
      ? {}
      : { LD_LIBRARY_PATH: LIBRARIES.map((folder) => join(programs.root, folder)).join(':') }),
  };
}

function logFile({ directory }: Instance): string {
  return join(directory, 'postgres.log');
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Each backend leads a session of its own, so a signal to a process group would reach the server alone. */
async function childrenOf(processId: number): Promise<readonly number[]> {
  const list = await readFile(`/proc/${processId}/task/${processId}/children`, 'utf8').catch(() => '');
  return list.split(' ').filter(Boolean).map(Number);
}

function send(processId: number, name: NodeJS.Signals): void {
  try {
    process.kill(processId, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
