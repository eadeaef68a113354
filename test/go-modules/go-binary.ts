/** Judges that are not ours: programs of Go modules, built once and kept outside of the checkout. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';

/** Compiling takes a minute or two, once for a machine. */
export const GO_BUILD_TIMEOUT_MS = 600_000;

const SOURCES = ['go.mod', 'go.sum', 'main.go'] as const;

/** The path of the program whose module is in `directory`; it is called like that. */
export async function goBinary(directory: string): Promise<string> {
  const name = basename(directory);
  const sources = await Promise.all(SOURCES.map((file) => readFile(join(directory, file), 'utf8')));
  const key = createHash('sha256').update(JSON.stringify(sources)).digest('hex').slice(0, 16);
  const cache = cacheDirectory(process.env);
  const target = join(cache, `${name}-${key}`);
  const binary = join(target, name);
  if (existsSync(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, `.building-${name}-`));
  try {
    await promisify(execFile)('go', ['build', '-trimpath', '-o', join(temporary, name), '.'], {
      cwd: directory,
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
