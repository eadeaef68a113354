import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, runCommand, tryCommand } from '#cluster/command-line/command.ts';
import { waitForLock } from '#cluster/command-line/single-run.ts';

/** Buildah with its store in our cache, so that the machine's own images are neither seen nor touched. */
export interface ImageStore {
  readonly run: (buildArguments: readonly string[], options?: CommandOptions) => Promise<string>;
  readonly has: (reference: string) => Promise<boolean>;
  readonly list: (prefix: string) => Promise<readonly string[]>;
}

const RUN_ROOT = '/run/capataz-images';
const LOCK_TIMEOUT_SECONDS = 900;

/**
 * Whatever the work leaves mounted or half-built is gone afterwards: a build of several stages keeps
 * a container for each, and Buildah mounts its store on itself.
 */
export async function withImageStore<Result>(
  cache: string,
  work: (store: ImageStore) => Promise<Result>,
): Promise<Result> {
  const root = join(cache, 'images');
  await mkdir(root, { recursive: true });
  const release = await waitForLock('capataz-images', LOCK_TIMEOUT_SECONDS);
  const store = describeStore(root);
  try {
    return await work(store);
  } finally {
    await store.run(['rm', '--all']).catch(() => undefined);
    await tryCommand('umount', ['--recursive', join(root, 'overlay')]);
    await rm(RUN_ROOT, { recursive: true, force: true });
    release();
  }
}

function describeStore(root: string): ImageStore {
  const store = ['--root', root, '--runroot', RUN_ROOT, '--storage-driver', 'overlay'];
  const run: ImageStore['run'] = (buildArguments, options) =>
    runCommand('buildah', [...store, ...buildArguments], options);
  return {
    run,
    has: async (reference) =>
      (await tryCommand('buildah', [...store, 'inspect', '--type', 'image', reference])).exitCode === 0,
    list: async (prefix) => {
      const text = await run(['images', '--noheading', '--format', '{{.Name}}:{{.Tag}}']);
      return text.split('\n').filter((line) => line.startsWith(prefix));
    },
  };
}

/** Fills a new working container on top of the base and commits it; the container goes whatever happens. */
export async function commitImage(
  store: ImageStore,
  base: string,
  reference: string,
  fill: (container: string, mountPoint: string) => Promise<void>,
): Promise<void> {
  const container = (await store.run(['from', '--pull-never', base])).trim();
  try {
    const mountPoint = (await store.run(['mount', container])).trim();
    await fill(container, mountPoint);
    await store.run(['umount', container]);
    await store.run(['commit', '--quiet', '--disable-compression', container, reference]);
  } finally {
    await store.run(['rm', container]);
  }
}
