/** A git server of the tests' own: `git http-backend` behind http, or behind https that asks for a password. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type RequestListener, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { answerByGit } from '#cluster/sample-repository/serve-repository.ts';

const run = promisify(execFile);

export interface GitServer {
  readonly url: string;
  /** With this and a password. */
  readonly secureUrl: string;
  /** PEM of who vouches for it. */
  readonly certificateAuthority: string;
  readonly password: string;
  isDown: boolean;
  readonly createRepository: (name: string) => Promise<GitOrigin>;
  readonly stop: () => Promise<void>;
}

/** A repository of the server, in which a commit is what a push would be. */
export interface GitOrigin {
  /** Below the URL of the server. */
  readonly path: string;
  readonly git: (...words: readonly string[]) => Promise<string>;
  /** Of what is given, and of nothing else that changed. Returns the name of the commit. */
  readonly commit: (
    files: Readonly<Record<string, string | Uint8Array>>,
    ...options: readonly string[]
  ) => Promise<string>;
}

const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
};
const PASSWORD = 'p:a"s\\s-word of the test';

export async function startGitServer(directory: string): Promise<GitServer> {
  const keyPath = join(directory, 'certificate.key');
  const certificatePath = join(directory, 'certificate.crt');
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc';
  const subject = '-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';
  const words = `req -x509 ${key} ${subject} -days 2`.split(' ');
  await run('openssl', [...words, '-keyout', keyPath, '-out', certificatePath]);
  const certificateAuthority = await readFile(certificatePath, 'utf8');
  const serve =
    (needsPassword: boolean): RequestListener =>
    (request, response) => {
      const basic = Buffer.from(`capataz:${PASSWORD}`).toString('base64');
      if (server.isDown) request.socket.destroy();
      else if (needsPassword && request.headers.authorization !== `Basic ${basic}`) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      } else answerByGit(request, response, directory).catch(() => response.destroy());
    };
  const plain = createServer(serve(false));
  const secure = createTlsServer({ key: await readFile(keyPath), cert: certificateAuthority }, serve(true));
  const [port, securePort] = await Promise.all(
    [plain, secure].map(async (listener) => {
      await new Promise<void>((resolve) => {
        listener.listen(0, '127.0.0.1', resolve);
      });
      return (listener.address() as AddressInfo).port;
    }),
  );
  const server: GitServer = {
    url: `http://127.0.0.1:${port}`,
    secureUrl: `https://127.0.0.1:${securePort}`,
    certificateAuthority,
    password: PASSWORD,
    isDown: false,
    createRepository: (name) => createOrigin(join(directory, `${name}.git`), `${name}.git`),
    stop: async () => {
      for (const listener of [plain, secure]) {
        listener.closeAllConnections();
        await new Promise((resolve) => {
          listener.close(resolve);
        });
      }
    },
  };
  return server;
}

async function createOrigin(folder: string, path: string): Promise<GitOrigin> {
  const git = async (...words: readonly string[]): Promise<string> => {
    const who = ['-c', 'user.name=Ana', '-c', 'user.email=ana@example.com'];
    return (await run('git', ['-C', folder, ...who, ...words], { env: ENVIRONMENT })).stdout.trim();
  };
  await mkdir(folder);
  await git('init', '--quiet', '--initial-branch=main');
  return {
    path,
    git,
    commit: async (files, ...options) => {
      for (const [file, content] of Object.entries(files)) {
        await rm(join(folder, file), { force: true });
        await mkdir(dirname(join(folder, file)), { recursive: true });
        await writeFile(join(folder, file), content);
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '--message', 'A change', ...options);
      return await git('rev-parse', 'HEAD');
    },
  };
}
