import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '#cluster/command-line/command.ts';
import { hasImage } from './container-images.ts';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';
import { hashImageContent, IMAGE_FOLDERS, listImageFiles } from './image-content.ts';
import {
  ensureBaseImage,
  ensureEmptyImage,
  ensureModelsImage,
  ensurePackagesImage,
} from './image-ingredients.ts';
import { type ImageStore, withImageStore } from './image-store.ts';
import { transferImage } from './image-transfer.ts';
import type { Instance } from '#cluster/instance/instance.ts';

export interface ImageReference {
  readonly repository: string;
  readonly tag: string;
}

const REPOSITORY = 'localhost/capataz';

export interface ImageOptions {
  readonly checkout: string;
  readonly cache: string;
  readonly nodeProgram: string;
  readonly report: ConsoleReport;
}

/** Builds the image of this checkout and brings it to the node; does nothing where it is there already. */
export function ensureContainerImage(instance: Instance, options: ImageOptions): Promise<ImageReference> {
  return withImageStore(options.cache, (store) => ensureInStore(store, instance, options));
}

async function ensureInStore(
  store: ImageStore,
  instance: Instance,
  options: ImageOptions,
): Promise<ImageReference> {
  const { checkout, cache, report } = options;
  // Into the checkout, from which it is copied like all else.
  await runCommand(options.nodeProgram, [join(checkout, 'services/console/page/build/build-page.ts')]);
  const node = await ensureBaseImage(store, options.nodeProgram);
  const models = await ensureModelsImage(store, node, checkout, cache, report);
  const base = await ensurePackagesImage(store, models, checkout);
  const context = await mkdtemp(join(cache, '.context-'));
  let tag: string;
  let reference: string;
  try {
    // Hashed after it was copied: an edit meanwhile cannot slip under the tag of what was before it.
    const files = await listImageFiles(checkout);
    await copyContext(checkout, files, context);
    tag = await hashImageContent(context, files, [base]);
    reference = `${REPOSITORY}:${tag}`;
    if (await hasImage(instance, reference)) return { repository: REPOSITORY, tag };
    if (!(await store.has(reference))) {
      report.step(`Building the image ${reference}.`);
      const empty = await ensureEmptyImage(store);
      await build(store, context, reference, {
        BASE: base,
        GIT: base,
        PACKAGES: empty,
        MODELS: empty,
        PAGE: empty,
      });
      await forgetOthers(store, [reference, node, models, base, empty]);
    }
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  report.step(`Bringing the image ${reference} to the node.`);
  await transferImage(instance, store, reference, cache);
  return { repository: REPOSITORY, tag };
}

async function copyContext(checkout: string, files: readonly string[], context: string): Promise<void> {
  for (const folder of IMAGE_FOLDERS) await mkdir(join(context, folder));
  for (const file of files) {
    await mkdir(dirname(join(context, file)), { recursive: true });
    await copyFile(join(checkout, file), join(context, file));
  }
}

async function build(
  store: ImageStore,
  context: string,
  reference: string,
  buildArguments: Readonly<Record<string, string>>,
): Promise<void> {
  await store.run([
    'build',
    '--isolation',
    'chroot',
    '--pull-never',
    '--timestamp',
    '0',
    ...Object.entries(buildArguments).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    '--tag',
    reference,
    context,
  ]);
}

/** Every edit makes a new image, and only the newest can be wanted again. */
async function forgetOthers(store: ImageStore, kept: readonly string[]): Promise<void> {
  // The stages of the build left containers, which would hold on to their images.
  await store.run(['rm', '--all']);
  for (const reference of await store.list('localhost/')) {
    // One that a newer image stands on cannot be removed, and goes with that one later.
    if (!kept.includes(reference)) await store.run(['rmi', reference]).catch(() => undefined);
  }
}
