import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasImage, importImage } from '#cluster/image/container-images.ts';
import { runCommand } from '#cluster/command-line/command.ts';
import type { Instance } from '#cluster/instance/instance.ts';
import { PAUSE_IMAGE } from './node-configuration.ts';

/** Every pod's sandbox runs this one-program image, so it must be there before the first pod. */
export async function importPauseImage(instance: Instance, pauseProgram: string): Promise<void> {
  if (await hasImage(instance, PAUSE_IMAGE)) return;
  const directory = await mkdtemp(join(tmpdir(), 'capataz-pause-'));
  try {
    await mkdir(join(directory, 'root'));
    await copyFile(pauseProgram, join(directory, 'root/pause'));
    await chmod(join(directory, 'root/pause'), 0o755);
    const inFolder = { directory };
    await runCommand(
      'tar',
      ['--owner=0', '--group=0', '--mtime=@0', '-cf', 'layer.tar', '-C', 'root', 'pause'],
      inFolder,
    );
    const layer = await readFile(join(directory, 'layer.tar'));
    const configuration = {
      architecture: 'amd64',
      os: 'linux',
      config: { Entrypoint: ['/pause'], User: '65535:65535' },
      rootfs: {
        type: 'layers',
        diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`],
      },
    };
    const manifest = [{ Config: 'config.json', RepoTags: [PAUSE_IMAGE], Layers: ['layer.tar'] }];
    await writeFile(join(directory, 'config.json'), JSON.stringify(configuration));
    await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
    const files = ['manifest.json', 'config.json', 'layer.tar'];
    await runCommand('tar', ['-cf', 'image.tar', ...files], inFolder);
    await importImage(instance, join(directory, 'image.tar'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
