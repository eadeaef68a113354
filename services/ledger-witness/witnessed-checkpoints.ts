/**
 * What the witness has signed, one folder an origin, one file a checkpoint, numbered. The next number is taken by a link,
 * which fails when somebody else has it: checking against the latest and storing the next are one step, whatever races,
 * in however many processes. Nothing is ever written over, so a crash leaves either the one before or the new one.
 */
import { hash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readUntrustedCheckpoint } from '#domain/transparency/checkpoint.ts';
import type { Checkpoint } from '#domain/transparency/checkpoint.ts';
import type { VerifierKey } from '#domain/transparency/note-keys.ts';
import {
  MalformedNoteError,
  parseNote,
  UntrustedNoteError,
  verifySignatures,
} from '#domain/transparency/signed-note.ts';
import { createDurably, dropDrafts, syncDirectory } from './durable-files.ts';

/** So many are kept of each origin: the more, the closer a later edit is placed between two of them. */
const KEPT_CHECKPOINTS = 256;
const ORIGINS_MAXIMUM = 10_000;

export interface WitnessedCheckpoint extends Checkpoint {
  /** With the signature of the witness. */
  readonly note: string;
  /** Counts those of the origin from 1. */
  readonly number: number;
}

/** What was kept is not what was signed: to go on would be to forget what was seen. */
export class DamagedRecordError extends Error {
  override readonly name = 'DamagedRecordError';
}

export class TooManyOriginsError extends Error {
  override readonly name = 'TooManyOriginsError';
}

export class WitnessedCheckpoints {
  readonly #directory: string;
  readonly #key: VerifierKey;

  /** `key`: the witness's own. */
  static async open(directory: string, key: VerifierKey): Promise<WitnessedCheckpoints> {
    const origins = join(directory, 'origins');
    await mkdir(origins, { recursive: true });
    await dropDrafts(origins);
    await syncDirectory(directory);
    const checkpoints = new WitnessedCheckpoints(origins, key);
    await checkpoints.latestOfAll();
    return checkpoints;
  }

  private constructor(directory: string, key: VerifierKey) {
    this.#directory = directory;
    this.#key = key;
  }

  /** Undefined: never signed one. Rejects with a DamagedRecordError. */
  async latest(origin: string): Promise<WitnessedCheckpoint | undefined> {
    const latest = await this.#latestIn(folderOf(origin));
    if (latest !== undefined && latest.origin !== origin) {
      throw new DamagedRecordError(`What was kept of ${origin} is of ${latest.origin}.`);
    }
    return latest;
  }

  /** Resolves when it is on the disk; false when another one has become the latest since. */
  async addAfter(latest: WitnessedCheckpoint | undefined, origin: string, note: string): Promise<boolean> {
    const folder = join(this.#directory, folderOf(origin));
    if (latest === undefined) await this.#createFolder(folder);
    const number = (latest?.number ?? 0) + 1;
    if (!(await createDurably(join(folder, fileOf(number)), note))) return false;
    await this.#dropBefore(folder, number - KEPT_CHECKPOINTS + 1);
    return true;
  }

  /** Also those that a crash has left. It is signed and kept whatever comes of this. */
  async #dropBefore(folder: string, first: number): Promise<void> {
    const old = (await this.#numbersIn(folder).catch(() => [])).filter((number) => number < first);
    await Promise.allSettled(old.map((number) => rm(join(folder, fileOf(number)), { force: true })));
  }

  /** The latest of each origin. */
  async latestOfAll(): Promise<readonly WitnessedCheckpoint[]> {
    const latest: WitnessedCheckpoint[] = [];
    for (const folder of await readdir(this.#directory)) {
      const ofFolder = await this.#latestIn(folder);
      if (ofFolder !== undefined) latest.push(ofFolder);
    }
    return latest;
  }

  /** The notes that are kept of an origin, the oldest first. */
  async kept(origin: string): Promise<readonly string[]> {
    const folder = folderOf(origin);
    const notes: string[] = [];
    for (const number of await this.#numbersIn(join(this.#directory, folder))) {
      try {
        notes.push(await readFile(join(this.#directory, folder, fileOf(number)), 'utf8'));
      } catch (error) {
        // The oldest one goes when another is signed meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    return notes;
  }

  async #latestIn(folder: string): Promise<WitnessedCheckpoint | undefined> {
    const number = (await this.#numbersIn(join(this.#directory, folder))).at(-1);
    if (number === undefined) return undefined;
    const path = join(this.#directory, folder, fileOf(number));
    const note = await readFile(path, 'utf8');
    try {
      const { text, signatures } = parseNote(note);
      const checkpoint = readUntrustedCheckpoint(note);
      if (verifySignatures(text, signatures, [this.#key]).length > 0) return { ...checkpoint, note, number };
    } catch (error) {
      if (!(error instanceof MalformedNoteError) && !(error instanceof UntrustedNoteError)) throw error;
    }
    throw new DamagedRecordError(`${path} is not a checkpoint that ${this.#key.name} has signed.`);
  }

  async #numbersIn(folder: string): Promise<readonly number[]> {
    try {
      const names = await readdir(folder);
      return names
        .map((name) => /^(\d{16})\.note$/.exec(name)?.[1])
        .filter((digits) => digits !== undefined)
        .map(Number)
        .toSorted((one, other) => one - other);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  async #createFolder(path: string): Promise<void> {
    if ((await readdir(this.#directory)).length >= ORIGINS_MAXIMUM) {
      throw new TooManyOriginsError(`The witness keeps ${ORIGINS_MAXIMUM} origins and takes no more.`);
    }
    await mkdir(path, { recursive: true });
    await syncDirectory(this.#directory);
  }
}

function folderOf(origin: string): string {
  return hash('sha256', origin, 'hex');
}

function fileOf(number: number): string {
  return `${String(number).padStart(16, '0')}.note`;
}
