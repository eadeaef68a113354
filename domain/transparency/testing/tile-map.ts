/** A tree as somebody keeps it: its tiles by name, grown by appendLeaves. */
import { tilePath, TILE_WIDTH } from '../tiles.ts';
import type { TileReader } from '../tree-proofs.ts';
import { appendLeaves, EMPTY_TREE } from '../tree-edge.ts';
import type { TreeEdge } from '../tree-edge.ts';

export class TileMap {
  readonly tiles = new Map<string, Uint8Array>();
  edge: TreeEdge = EMPTY_TREE;

  append(leafHashes: readonly Uint8Array[]): this {
    const { edge, tiles } = appendLeaves(this.edge, leafHashes);
    for (const tile of tiles) this.tiles.set(tilePath({ ...tile, width: TILE_WIDTH }), tile.hashes);
    this.edge = edge;
    return this;
  }

  readonly read: TileReader = async (tile) => this.tiles.get(tilePath({ ...tile, width: TILE_WIDTH }));
}
