/** The files of a spool, as a start finds them: those that are there, and those that should be. */
import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { NAMES_OF_THE_INDEX, readEnd, readIndex } from './spool-index.ts';

const NAME = /^(\d{12,15})\.([\w:-]{1,64})\.(\d{1,16})\.spool$/;
/** A file with a greater one is none of ours, and would leave no numbers for those that are. */
const NUMBER_MAXIMUM = 99_999_999_999_999;

export interface SpoolFile {
  readonly path: string;
  readonly number: number;
  readonly boot: string;
  readonly firstSequence: number;
  /** Of the last record that was appended to it; undefined: not known. */
  lastSequence: number | undefined;
  /** Up to here it may be read. */
  bytes: number;
  /** Nothing is added any more. */
  isComplete: boolean;
  /** It was there when the process before ended, or something else is there in its place. */
  readonly isGone?: boolean;
}

export interface FoundFiles {
  /** In the order of their numbers. */
  readonly files: readonly SpoolFile[];
  /** What should be there is not known: any number of files may be gone. */
  readonly isIndexLost: boolean;
}

export function nameOfFile(number: number, boot: string, firstSequence: number): string {
  return `${String(number).padStart(12, '0')}.${boot}.${firstSequence}.spool`;
}

export async function findFiles(folder: string): Promise<FoundFiles> {
  const [index, end, names] = [await readIndex(folder), await readEnd(folder), await readdir(folder)];
  const files = new Map<string, SpoolFile>();
  for (const { name, lastSequence } of index ?? []) {
    const file = fileOf(folder, name);
    if (file === undefined) continue;
    const last = lastSequence ?? (end?.name === name ? end.lastSequence : undefined);
    files.set(name, { ...file, lastSequence: last, isGone: true });
  }
  for (const name of names) {
    const file = fileOf(folder, name);
    if (file === undefined) continue;
    const lastSequence = files.get(name)?.lastSequence ?? (end?.name === name ? end.lastSequence : undefined);
    const found = await lstat(file.path);
    if (found.isFile()) files.set(name, { ...file, lastSequence, bytes: found.size });
    else files.set(name, { ...file, lastSequence, isGone: true });
  }
  const unended = [...files.values()].filter(({ lastSequence }) => lastSequence === undefined);
  const named = new Set(index?.map(({ name }) => name));
  const isIndexLost =
    index === undefined
      ? files.size > 0 || names.some((name) => NAMES_OF_THE_INDEX.has(name))
      : unended.some(
          ({ path, bytes, isGone }) => named.has(basename(path)) && (bytes > 0 || isGone === true),
        );
  // Said once: the next start must not find it lost again.
  for (const file of unended) file.lastSequence = file.firstSequence - 1;
  return {
    files: [...files.values()].toSorted((one, other) => one.number - other.number),
    isIndexLost,
  };
}

function fileOf(folder: string, name: string): SpoolFile | undefined {
  const [, digits, boot, firstSequence] = NAME.exec(name) ?? [];
  const number = Number(digits);
  if (boot === undefined || number > NUMBER_MAXIMUM) return undefined;
  return {
    path: join(folder, name),
    number,
    boot,
    firstSequence: Number(firstSequence),
    lastSequence: undefined,
    bytes: 0,
    isComplete: true,
  };
}
