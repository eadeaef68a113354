import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { importImage, listContent } from './container-images.ts';
import { runCommand } from './command.ts';
import type { ImageStore } from './image-store.ts';
import type { Instance } from './instance.ts';

type Descriptor = { readonly digest: string; readonly mediaType: string; readonly size: number };
type Manifest = { readonly config: Descriptor; readonly layers: readonly Descriptor[] };

// Brings an image from the store to the node, and of its layers only those that the node lacks: an
// edit of the code is then a few hundred kilobytes instead of half a gigabyte.
export async function transferImage(
  instance: Instance,
  store: ImageStore,
  reference: string,
  layout: string,
): Promise<void> {
  // The folder is kept between runs, for layers that are in it are not written again.
  await rm(join(layout, 'index.json'), { force: true });
  await store.run(['push', '--quiet', '--disable-compression', reference, `oci:${layout}`]);
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as {
    readonly manifests: readonly Descriptor[];
  };
  const descriptor = index.manifests[0];
  if (descriptor === undefined) throw new Error(`${layout}/index.json names no image`);
  const manifest = JSON.parse(await readFile(blobPath(layout, descriptor.digest), 'utf8')) as Manifest;
  const wanted = [descriptor, manifest.config, ...manifest.layers].map((each) => each.digest);
  await forgetOtherBlobs(layout, new Set(wanted));

  const present = await listContent(instance);
  const missing = wanted.filter((digest) => !present.has(digest));
  const directory = await mkdtemp(join(layout, '..', '.archive-'));
  try {
    const named = { ...descriptor, annotations: { 'io.containerd.image.name': reference } };
    await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion": "1.0.0"}');
    const archive = join(directory, 'image.tar');
    await runCommand('tar', [
      '-cf',
      archive,
      '-C',
      directory,
      'oci-layout',
      'index.json',
      '-C',
      layout,
      ...missing.map((digest) => blobPath('.', digest)),
    ]);
    await importImage(instance, archive);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const blobPath = (layout: string, digest: string): string => join(layout, 'blobs', ...digest.split(':'));

async function forgetOtherBlobs(layout: string, wanted: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(join(layout, 'blobs/sha256'))) {
    if (!wanted.has(`sha256:${name}`)) await rm(blobPath(layout, `sha256:${name}`));
  }
}
