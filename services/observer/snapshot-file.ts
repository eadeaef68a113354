/**
 * What was seen of the ledger, kept in a file so that a restart need not read weeks of it again. It is a cache and nothing
 * else: a file that is missing, broken, of another version or of other settings is left aside, and the ledger is read again.
 *
 * One line of JSON that says what it is, with the digest of the rest; then the rest, as the watch writes it.
 */
import { hash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PlaceInLedger } from '#adapters/ledger-reader/follow-entries.ts';
import { Count, Identifier } from '#domain/ledger/record-fields.ts';
import { RememberedObjects } from './changes-of-objects.ts';

const VERSION = 1;
const MAXIMUM_BYTES = 1_073_741_824;

const Header = z.object({
  version: z.literal(VERSION),
  /** Whatever else it would be no continuation of: settings of the watch, and whose records. */
  settings: z.string().max(4_096),
  takenAtMicroseconds: Count,
  place: z.object({
    position: Count,
    last: z.object({ position: Count, recordId: Identifier }).optional(),
  }),
  objects: RememberedObjects,
  digest: z.string().max(64),
});

export interface Snapshot {
  readonly takenAtMicroseconds: number;
  readonly place: PlaceInLedger;
  readonly objects: RememberedObjects;
  /** Of the watch. */
  readonly watch: string;
}

export type ReadSnapshot =
  | { readonly kind: 'read'; readonly snapshot: Snapshot }
  | { readonly kind: 'none' }
  /** One sentence. */
  | { readonly kind: 'unusable'; readonly problem: string };

export class SnapshotFile {
  readonly #directory: string;
  readonly #settings: string;

  constructor(directory: string, settings: unknown) {
    this.#directory = directory;
    this.#settings = JSON.stringify(settings);
  }

  get #path(): string {
    return join(this.#directory, 'snapshot');
  }

  async read(): Promise<ReadSnapshot> {
    let text: string;
    try {
      const { size } = await stat(this.#path);
      if (size > MAXIMUM_BYTES) return unusable(`it is larger than ${MAXIMUM_BYTES} bytes`);
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      return isMissing(error)
        ? { kind: 'none' }
        : unusable(error instanceof Error ? error.message : String(error));
    }
    const end = text.indexOf('\n');
    const header = Header.safeParse(parseJson(text.slice(0, end)));
    if (!header.success) return unusable('it is broken, or of another version');
    const { settings, digest, takenAtMicroseconds, place, objects } = header.data;
    if (settings !== this.#settings) return unusable('it was taken with other settings');
    const watch = text.slice(end + 1);
    if (digestOf(watch) !== digest) return unusable('its end is missing, or it was changed');
    return { kind: 'read', snapshot: { takenAtMicroseconds, place, objects, watch } };
  }

  /** Whole or not at all. */
  async write({ watch, ...rest }: Snapshot): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const header: z.input<typeof Header> = {
      version: VERSION,
      settings: this.#settings,
      takenAtMicroseconds: rest.takenAtMicroseconds,
      place: {
        position: rest.place.position,
        ...(rest.place.last !== undefined && { last: rest.place.last }),
      },
      objects: rest.objects,
      digest: digestOf(watch),
    };
    const temporary = `${this.#path}.new`;
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(`${JSON.stringify(header)}\n${watch}`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
  }

  /** What it says is not so any more. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

function unusable(why: string): ReadSnapshot {
  return { kind: 'unusable', problem: `The file of what was seen is not used: ${why}.` };
}

function digestOf(text: string): string {
  return hash('sha256', text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
