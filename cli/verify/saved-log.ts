/**
 * A log in one file, for whoever verifies it elsewhere or later: a first line that says what it is, with its checkpoints;
 * then its tiles, one a line; then its entries as the ledger exports them.
 */
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { formatExportLine, type ServedEntry } from '#domain/ledger/verify/served-entries.ts';
import { parseTilePath, tilePath, TILE_WIDTH } from '#domain/transparency/tiles.ts';
import type { TileReader } from '#domain/transparency/tree-proofs.ts';
import { CommandError } from '../exit-codes.ts';

const FORMAT = 'capataz-log/1';
const LINE_MAXIMUM_CHARACTERS = 2 * 1_048_576;

const Head = z.object({
  format: z.literal(FORMAT),
  namespace: z.string().max(63),
  checkpoint: z.string(),
  otherCheckpoints: z.array(z.string()).max(2048),
});
export type SavedHead = Omit<z.infer<typeof Head>, 'format'>;
const TileLine = z.object({ tile: z.string().max(64), hashes: z.base64().max(16_384) });

export interface SavedLog extends SavedHead {
  readonly readTile: TileReader;
  readonly lines: readonly string[];
}

/** Asks for all that a verification will ask for, and keeps it. Lines are joined at the end, for they may be many. */
export class LogRecording {
  readonly #tiles = new Map<string, Uint8Array>();
  readonly #entries: string[] = [];

  tiles(read: TileReader): TileReader {
    return async (tile) => {
      const hashes = await read(tile);
      if (hashes !== undefined) this.#tiles.set(tilePath(tile), hashes);
      return hashes;
    };
  }

  async *entries(served: AsyncIterable<ServedEntry>): AsyncGenerator<ServedEntry> {
    for await (const entry of served) {
      this.#entries.push(formatExportLine(entry));
      yield entry;
    }
  }

  async save(path: string, head: SavedHead): Promise<void> {
    await using file = await openFile(path, 'w');
    await file.write(`${JSON.stringify({ format: FORMAT, ...head })}\n`);
    for (const [tile, hashes] of this.#tiles) {
      await file.write(`${JSON.stringify({ tile, hashes: Buffer.from(hashes).toString('base64') })}\n`);
    }
    for (let at = 0; at < this.#entries.length; at += 1000) {
      await file.write(`${this.#entries.slice(at, at + 1000).join('\n')}\n`);
    }
  }
}

export async function readSavedLog(path: string): Promise<SavedLog> {
  await using file = await openFile(path, 'r');
  const tiles = new Map<string, Uint8Array>();
  const lines: string[] = [];
  let head: SavedHead | undefined;
  for await (const line of file.readLines()) {
    if (line.length > LINE_MAXIMUM_CHARACTERS) throw damaged(path, 'a line of it is too long');
    if (head === undefined) {
      const first = Head.safeParse(parseJson(line));
      if (!first.success) throw damaged(path, `its first line does not say that it is ${FORMAT}`);
      head = first.data;
    } else if (line.startsWith('{"tile":')) {
      const { data } = TileLine.safeParse(parseJson(line));
      if (data === undefined || parseTilePath(data.tile) === undefined)
        throw damaged(path, 'a tile in it is none');
      tiles.set(data.tile, Buffer.from(data.hashes, 'base64'));
    } else if (line !== '') lines.push(line);
  }
  if (head === undefined) throw damaged(path, 'it is empty');
  // Kept as wide as it was asked for; a full tile serves for any width.
  const readTile: TileReader = async (tile) =>
    tiles.get(tilePath(tile)) ?? tiles.get(tilePath({ ...tile, width: TILE_WIDTH }));
  return { ...head, readTile, lines };
}

async function openFile(path: string, flags: 'r' | 'w'): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(path, flags);
  } catch (error) {
    const verb = flags === 'r' ? 'read' : 'written';
    throw new CommandError(
      'usage',
      `${path} cannot be ${verb}: ${String((error as NodeJS.ErrnoException).code)}.`,
    );
  }
}

function damaged(path: string, why: string): CommandError {
  return new CommandError('usage', `${path} is no log that capataz verify --save has written: ${why}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
