/** The real kstatus, built once from its Go module and kept outside of the checkout. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';

/** Compiling takes a minute or two, once for a machine. */
export const KSTATUS_BUILD_TIMEOUT_MS = 600_000;

const SOURCES = ['go.mod', 'go.sum', 'main.go'] as const;

async function kstatusBinary(): Promise<string> {
  const sources = await Promise.all(SOURCES.map((file) => readFile(join(import.meta.dirname, file), 'utf8')));
  const key = createHash('sha256').update(JSON.stringify(sources)).digest('hex').slice(0, 16);
  const cache = cacheDirectory(process.env);
  const target = join(cache, `kstatus-${key}`);
  const binary = join(target, 'kstatus');
  if (existsSync(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, '.building-kstatus-'));
  try {
    await promisify(execFile)('go', ['build', '-trimpath', '-o', join(temporary, 'kstatus'), '.'], {
      cwd: import.meta.dirname,
      env: {
        ...process.env,
        CGO_ENABLED: '0',
        GOFLAGS: '-buildvcs=false -mod=readonly',
        GOTOOLCHAIN: 'local',
        GOWORK: 'off',
      },
    });
    // Atomic: another process sees either no folder or a whole one, and the first to finish wins.
    await rename(temporary, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return binary;
}

/** What kstatus says of each object: Current, InProgress, Failed, Terminating, Unknown. */
export async function kstatusOf(objects: readonly unknown[]): Promise<readonly string[]> {
  const child = spawn(await kstatusBinary(), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(objects));
  const verdicts = JSON.parse(await text(child.stdout)) as readonly { readonly status: string }[];
  return verdicts.map(({ status }) => status);
}
