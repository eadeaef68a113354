/** The files of a spool, as a start finds them: those that are there, and those that should be. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
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
  readonly isGone: boolean;
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
  const ends = new Map<string, number | undefined>(
    index?.map(({ name, lastSequence }) => [name, lastSequence]),
  );
  if (end !== undefined && ends.get(end.name) === undefined) ends.set(end.name, end.lastSequence);
  const files: SpoolFile[] = [];
  let isIndexLost = index === undefined && names.some((name) => NAMES_OF_THE_INDEX.has(name));
  const there = new Set(names);
  for (const name of there.union(new Set(index?.map((entry) => entry.name)))) {
    const file = fileOf(folder, name);
    if (file === undefined) continue;
    const bytes = there.has(name) ? await bytesOf(file.path) : undefined;
    const lastSequence = ends.get(name);
    const isUnknown = index === undefined || (ends.has(name) && lastSequence === undefined);
    if (isUnknown && bytes !== 0) isIndexLost = true;
    files.push({
      ...file,
      // Said once that it is not known: the next start must not find it lost again.
      lastSequence: lastSequence ?? file.firstSequence - 1,
      bytes: bytes ?? 0,
      isGone: bytes === undefined,
    });
  }
  return { files: files.toSorted((one, other) => one.number - other.number), isIndexLost };
}

/** Undefined: it is no file. */
async function bytesOf(path: string): Promise<number | undefined> {
  const found = await lstat(path);
  return found.isFile() ? found.size : undefined;
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
    isGone: false,
  };
}
