/** The golden set of a mounted ConfigMap, as the file that an evaluation takes. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { FILE_MAXIMUM_CHARACTERS } from '#domain/evaluation/read-file-format.ts';
import { InputProblem } from './read-inputs.ts';

export interface MountedGoldenSet {
  readonly directory: string;
  /** Of the ConfigMap. */
  readonly name: string;
  readonly namespace: string;
}

/** What is compressed is unpacked into `folder`. A mounted ConfigMap has links beside its files that begin with two dots. */
export async function layOutGoldenSet(
  { directory, name, namespace }: MountedGoldenSet,
  folder: string,
): Promise<string> {
  const files = (await readdir(directory).catch((): string[] => [])).filter((file) => !file.startsWith('.'));
  const [file] = files;
  if (file === undefined || files.length > 1) {
    throw new InputProblem(
      'golden_set_invalid',
      `ConfigMap ${name} must exist in namespace ${namespace} and have exactly one key, a golden set; it has ${files.length}.`,
    );
  }
  const path = join(directory, file);
  if (!file.endsWith('.gz')) return path;
  const unpacked = join(folder, file.slice(0, -'.gz'.length));
  try {
    const content = await promisify(gunzip)(await readFile(path), {
      maxOutputLength: FILE_MAXIMUM_CHARACTERS,
    });
    await writeFile(unpacked, content);
  } catch {
    throw new InputProblem('golden_set_invalid', `${file} in ConfigMap ${name} is no gzip, or too large.`);
  }
  return unpacked;
}
