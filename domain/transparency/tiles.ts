/**
 * Hash tiles (C2SP tlog-tiles): 256 consecutive hashes of the tree, one after another. A tile of level 0 holds leaf
 * hashes, one of level L + 1 the roots of full tiles of level L. The last tile of a level may hold fewer.
 */
import { HASH_BYTES, hashNode } from './tree-hashes.ts';

export const TILE_WIDTH = 256;
/** Tree sizes are safe integers: 256 to the power of 7 leaves are more than these. */
export const TILE_LEVELS = 7;

export interface TileCoordinates {
  /** From 0. */
  readonly level: number;
  /** Place within the level, from 0. */
  readonly index: number;
  /** Hashes in it, 1 to 256. */
  readonly width: number;
}

export interface Tile extends TileCoordinates {
  /** `width` times 32 bytes. */
  readonly hashes: Uint8Array;
}

/** How many hashes of `level` a tree of `size` leaves has. */
export function hashesOfLevel(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** The tile as it stands in a tree of `size` leaves; undefined when that tree has none there. */
export function tileInTree(size: number, level: number, index: number): TileCoordinates | undefined {
  const width = Math.min(TILE_WIDTH, hashesOfLevel(size, level) - index * TILE_WIDTH);
  return width > 0 ? { level, index, width } : undefined;
}

/** `tile/<L>/<N>[.p/<W>]`, with N in groups of three digits. */
export function tilePath({ level, index, width }: TileCoordinates): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return `tile/${level}/${groups.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Undefined for whatever tilePath would not have written. */
export function parseTilePath(path: string): TileCoordinates | undefined {
  const match = /^tile\/(\d)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  if (match === null) return undefined;
  const [, level = '', groups = '', width = String(TILE_WIDTH)] = match;
  const coordinates = {
    level: Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: Number(width),
  };
  return tilePath(coordinates) === path && coordinates.level < TILE_LEVELS && coordinates.width > 0
    ? coordinates
    : undefined;
}

export function hashInTile(hashes: Uint8Array, place: number): Uint8Array {
  return hashes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES);
}

/** Root of the complete subtree over `count` hashes (a power of two) of a tile, from `place` on. */
export function rootWithinTile(hashes: Uint8Array, place: number, count: number): Uint8Array {
  if (count === 1) return hashInTile(hashes, place);
  const half = count / 2;
  return hashNode(rootWithinTile(hashes, place, half), rootWithinTile(hashes, place + half, half));
}
