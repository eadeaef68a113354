import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { runCommand } from './command.ts';
import type { ConsoleReport } from './console-report.ts';
import { commitImage, type ImageStore } from './image-store.ts';

// The three images that the Dockerfile takes as build arguments, made from npm and PyPI alone. Each
// is tagged by what it is made from and so made once.

const shortHash = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);

// Libraries that glibc loads by name at run time, which ldd cannot see.
const lateLibraries = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'] as const;
const baseRecipe = 1;

// A distroless-like base: this very Node with the libraries it links, and no shell.
export async function ensureBaseImage(store: ImageStore, nodeProgram: string): Promise<string> {
  const libraries = parseLibraries(await runCommand('ldd', [nodeProgram]));
  const key = shortHash(String(baseRecipe), process.version, ...libraries);
  const reference = `localhost/capataz-base:${key}`;
  if (await store.has(reference)) return reference;
  await commitImage(store, reference, async (container, root) => {
    const libraryFolder = dirname(libraries.find((path) => basename(path) === 'libc.so.6') ?? '/lib/libc.so.6');
    const late = lateLibraries.map((name) => join(libraryFolder, name)).filter((path) => existsSync(path));
    for (const library of [...libraries, ...late]) {
      await mkdir(join(root, dirname(library)), { recursive: true });
      await copyFile(await realpath(library), join(root, library));
      await chmod(join(root, library), 0o755);
    }
    await mkdir(join(root, 'usr/local/bin'), { recursive: true });
    await copyFile(nodeProgram, join(root, 'usr/local/bin/node'));
    await chmod(join(root, 'usr/local/bin/node'), 0o755);
    await mkdir(join(root, 'etc'), { recursive: true });
    await writeFile(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/sbin/nologin\ncapataz:x:65532:65532::/tmp:/sbin/nologin\n',
    );
    await writeFile(join(root, 'etc/group'), 'root:x:0:\ncapataz:x:65532:\n');
    await writeFile(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
    await mkdir(join(root, 'tmp'));
    await chmod(join(root, 'tmp'), 0o1777);
    await store.run(['config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', container]);
  });
  return reference;
}

export function parseLibraries(lddOutput: string): readonly string[] {
  return lddOutput
    .split('\n')
    .map((line) => /(?:=>\s+)?(\/\S+)\s+\(0x[0-9a-f]+\)/.exec(line)?.[1])
    .filter((path): path is string => path !== undefined)
    .toSorted();
}

// The production packages of package-lock.json, without a second Node.
export async function ensurePackagesImage(
  store: ImageStore,
  checkout: string,
  cache: string,
  report: ConsoleReport,
): Promise<string> {
  const files = ['package.json', 'package-lock.json'] as const;
  const texts = await Promise.all(files.map((file) => readFile(join(checkout, file), 'utf8')));
  const reference = `localhost/capataz-packages:${shortHash(...texts)}`;
  if (await store.has(reference)) return reference;
  report.step('Fetching the packages of the image with npm.');
  const directory = await mkdtemp(join(cache, '.packages-'));
  try {
    for (const file of files) await copyFile(join(checkout, file), join(directory, file));
    // Not npm ci, which refuses a lock without the development packages of other machines; the
    // versions come from the lock all the same.
    const install = ['install', '--no-save', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
    await runCommand('npm', [...install, '--loglevel=error'], { directory });
    await commitImage(store, reference, async (_container, root) => {
      await mkdir(join(root, 'capataz'));
      await cp(join(directory, 'node_modules'), join(root, 'capataz/node_modules'), {
        recursive: true,
        verbatimSymlinks: true,
      });
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return reference;
}

// The two local models; prepare-models.sh pins their sums.
export async function ensureModelsImage(
  store: ImageStore,
  checkout: string,
  cache: string,
  report: ConsoleReport,
): Promise<string> {
  const script = join(checkout, 'services/local-model/prepare-models.sh');
  const scriptText = await readFile(script, 'utf8');
  const key = shortHash(scriptText);
  const reference = `localhost/capataz-models:${key}`;
  if (await store.has(reference)) return reference;
  const directory = join(cache, `models-${key}`);
  if (!existsSync(directory)) {
    report.step('Fetching the two local models (200 MB, once).');
    const temporary = await mkdtemp(join(cache, '.models-'));
    try {
      await runCommand('bash', [script, temporary]);
      await rename(temporary, directory);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
  await commitImage(store, reference, async (_container, root) => {
    await cp(directory, join(root, 'models'), { recursive: true });
    await chmod(join(root, 'models'), 0o755);
  });
  return reference;
}
