import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importImage, listContent } from './container-images.ts';
import { runCommand } from '#cluster/command-line/command.ts';
import type { ImageStore } from './image-store.ts';
import type { Instance } from '#cluster/instance/instance.ts';

interface Manifest {
  readonly mediaType: string;
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

/**
 * Brings an image from the store to the node, and of its layers only those that the node lacks: an
 * edit of the code is then one megabyte instead of half a gigabyte.
 */
export async function transferImage(
  instance: Instance,
  store: ImageStore,
  reference: string,
  cache: string,
): Promise<void> {
  const directory = await mkdtemp(join(cache, '.archive-'));
  try {
    // To a plain folder: on the way to an OCI layout every layer would be compressed, each time.
    const pushed = join(directory, 'pushed');
    await store.run(['push', '--quiet', '--disable-compression', reference, `dir:${pushed}`]);
    const text = await readFile(join(pushed, 'manifest.json'), 'utf8');
    const manifest = JSON.parse(text) as Manifest;
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    await rename(join(pushed, 'manifest.json'), join(pushed, fileName(digest)));

    const present = await listContent(instance);
    const wanted = [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
    await mkdir(join(directory, 'blobs/sha256'), { recursive: true });
    for (const missing of wanted.filter((each) => !present.has(each))) {
      const file = fileName(missing);
      await rename(join(pushed, file), join(directory, 'blobs/sha256', file));
    }
    const index = {
      schemaVersion: 2,
      manifests: [
        {
          mediaType: manifest.mediaType,
          digest,
          size: Buffer.byteLength(text),
          annotations: { 'io.containerd.image.name': reference },
        },
      ],
    };
    await writeFile(join(directory, 'index.json'), JSON.stringify(index));
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion": "1.0.0"}');
    const archive = join(directory, 'image.tar');
    await runCommand('tar', ['-cf', archive, '-C', directory, 'oci-layout', 'index.json', 'blobs']);
    await importImage(instance, archive);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const fileName = (digest: string): string => digest.replace('sha256:', '');
