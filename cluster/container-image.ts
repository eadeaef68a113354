import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { hasImage } from './container-images.ts';
import type { ConsoleReport } from './console-report.ts';
import { hashImageContent, imageFolders, listImageFiles } from './image-content.ts';
import {
  ensureBaseImage,
  ensureEmptyImage,
  ensureModelsImage,
  ensurePackagesImage,
} from './image-ingredients.ts';
import { type ImageStore, openImageStore } from './image-store.ts';
import { transferImage } from './image-transfer.ts';
import type { Instance } from './instance.ts';

export type ImageReference = { readonly repository: string; readonly tag: string };

const repository = 'localhost/capataz';

export type ImageOptions = {
  readonly checkout: string;
  readonly cache: string;
  readonly nodeProgram: string;
  readonly report: ConsoleReport;
};

// Builds the image of this checkout and brings it to the node; does nothing where it is there already.
export async function ensureContainerImage(
  instance: Instance,
  options: ImageOptions,
): Promise<ImageReference> {
  const { checkout, cache, report } = options;
  const store = await openImageStore(cache);
  const node = await ensureBaseImage(store, options.nodeProgram);
  const models = await ensureModelsImage(store, node, checkout, cache, report);
  const base = await ensurePackagesImage(store, models, checkout);
  const files = await listImageFiles(checkout);
  const tag = await hashImageContent(checkout, files, [base]);
  const reference = `${repository}:${tag}`;
  if (await hasImage(instance, reference)) return { repository, tag };
  if (!(await store.has(reference))) {
    report.step(`Building the image ${reference}.`);
    const empty = await ensureEmptyImage(store);
    await build(store, options, files, reference, { BASE: base, PACKAGES: empty, MODELS: empty });
    await forgetOthers(store, [reference, node, models, base, empty]);
  }
  report.step(`Bringing the image ${reference} to the node.`);
  await transferImage(instance, store, reference, join(cache, 'image-layout'));
  return { repository, tag };
}

async function build(
  store: ImageStore,
  options: ImageOptions,
  files: readonly string[],
  reference: string,
  buildArguments: Readonly<Record<string, string>>,
): Promise<void> {
  // A copy of exactly the hashed files: an edit during the build cannot slip under the old tag.
  const context = await mkdtemp(join(options.cache, '.context-'));
  try {
    for (const folder of imageFolders) await mkdir(join(context, folder));
    for (const file of files) {
      await mkdir(dirname(join(context, file)), { recursive: true });
      await copyFile(join(options.checkout, file), join(context, file));
    }
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
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

// Every edit makes a new image, and only the newest can be wanted again.
async function forgetOthers(store: ImageStore, kept: readonly string[]): Promise<void> {
  for (const reference of await store.list('localhost/')) {
    // One that another cluster's run is building on right now cannot be removed; the next run will.
    if (!kept.includes(reference)) await store.run(['rmi', reference]).catch(() => undefined);
  }
}
