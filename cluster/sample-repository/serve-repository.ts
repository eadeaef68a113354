/**
 * The git server of the sample: one bare repository behind git's own http-backend, for whoever reaches it. It runs in a pod of
 * the node and imports nothing but Node. The repository is begun once; what was pushed since is never touched.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const ROOT = process.env['REPOSITORY_ROOT'] ?? '/var/lib/git';
const PROMPTS = process.env['PROMPTS_DIRECTORY'] ?? '/etc/prompts';
const PORT = Number(process.env['PORT'] ?? '8080');
const REPOSITORY = join(ROOT, 'prompts.git');
const LARGEST_PUSH = '16m';
const LARGEST_HEADER_BYTES = 16_384;
const REQUEST_MILLISECONDS = 60_000;

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Capataz',
  GIT_AUTHOR_EMAIL: 'capataz@example.com',
  GIT_COMMITTER_NAME: 'Capataz',
  GIT_COMMITTER_EMAIL: 'capataz@example.com',
};

const environment = { PATH: process.env['PATH'], HOME: '/tmp', LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1' };

async function git(folder: string, options: readonly string[], input = ''): Promise<string> {
  const running = promisify(execFile)('git', ['-C', folder, ...options], {
    env: { ...environment, ...IDENTITY },
  });
  // Most commands read nothing and may have ended by now.
  running.child.stdin?.on('error', () => undefined).end(input);
  return (await running).stdout.trim();
}

/** Made beside its place and moved there whole: a pod that is killed meanwhile begins again. */
async function beginRepository(): Promise<void> {
  if (existsSync(REPOSITORY)) return;
  const begun = join(ROOT, '.begun.git');
  await rm(begun, { recursive: true, force: true });
  await mkdir(begun, { recursive: true });
  await git(begun, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main']);
  await git(begun, ['config', 'http.receivepack', 'true']);
  await git(begun, ['config', 'receive.maxInputSize', LARGEST_PUSH]);
  const lines: string[] = [];
  for (const name of (await readdir(PROMPTS)).filter((each) => each.endsWith('.prompt'))) {
    const text = await readFile(join(PROMPTS, name), 'utf8');
    lines.push(`100644 blob ${await git(begun, ['hash-object', '-w', '--stdin'], text)}\t${name}`);
  }
  const prompts = await git(begun, ['mktree'], `${lines.join('\n')}\n`);
  const tree = await git(begun, ['mktree'], `040000 tree ${prompts}\tprompts\n`);
  const commit = await git(begun, ['commit-tree', tree, '-m', 'Begin with the prompt of the sample']);
  await git(begun, ['update-ref', 'refs/heads/main', commit]);
  await rename(begun, REPOSITORY);
}

/** What CGI calls a request. */
function describeRequest(
  { method, headers, url = '/' }: IncomingMessage,
  root: string,
): Record<string, string> {
  const { pathname, search } = new URL(url, 'http://localhost');
  const named = (variable: string, header: string): Record<string, string> => {
    const value = headers[header];
    return typeof value === 'string' ? { [variable]: value } : {};
  };
  return {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: method ?? 'GET',
    ...named('CONTENT_TYPE', 'content-type'),
    ...named('CONTENT_LENGTH', 'content-length'),
    ...named('HTTP_CONTENT_ENCODING', 'content-encoding'),
    ...named('GIT_PROTOCOL', 'git-protocol'),
  };
}

function writeHead(response: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split('\r\n')) {
    const name = line.slice(0, line.indexOf(':')).trim();
    const value = line.slice(line.indexOf(':') + 1).trim();
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
}

/** For the repositories in `root`. The backend answers with headers, an empty line and the body. */
export async function answerByGit(
  request: IncomingMessage,
  response: ServerResponse,
  root: string,
): Promise<void> {
  const backend = spawn('git', ['http-backend'], {
    timeout: REQUEST_MILLISECONDS,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...environment, ...describeRequest(request, root) },
  });
  // One that ends early has said all it had to say.
  const sent = pipeline(request, backend.stdin).catch(() => undefined);
  let head = Buffer.alloc(0);
  for await (const piece of backend.stdout as AsyncIterable<Buffer>) {
    if (response.headersSent) {
      response.write(piece);
      continue;
    }
    head = Buffer.concat([head, piece]);
    const end = head.indexOf('\r\n\r\n');
    if (end >= 0) {
      writeHead(response, head.subarray(0, end).toString('latin1'));
      response.write(head.subarray(end + 4));
    } else if (head.length > LARGEST_HEADER_BYTES) break;
  }
  await sent;
  if (!response.headersSent) response.writeHead(500);
  response.end();
}

async function serve(): Promise<void> {
  await beginRepository();
  const server = createServer((request, response) => {
    if (!(request.url ?? '').startsWith('/prompts.git/')) {
      response.writeHead(404).end('The only repository here is /prompts.git.\n');
      return;
    }
    answerByGit(request, response, ROOT).catch((error: unknown) => {
      console.error(String(error));
      response.destroy();
    });
  });
  server.listen(PORT);
  process.on('SIGTERM', () => {
    server.close();
    server.closeAllConnections();
  });
}

if (import.meta.main) await serve();
