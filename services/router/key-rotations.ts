/**
 * Tells the ledger when the key that a Model uses has become another. What a Model has when it is first seen is no change:
 * a restart tells nothing. Every replica tells for itself, for each uses the new key from a moment of its own.
 */
import type { RecordWriter } from '#domain/ledger/record-writer.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';

export interface KeyRotationsOptions {
  readonly write: RecordWriter['write'];
  readonly newId: () => string;
  readonly epochMilliseconds: () => number;
}

/** To be called with all Models of each snapshot. */
export function createKeyRotations({
  write,
  newId,
  epochMilliseconds,
}: KeyRotationsOptions): (models: ReadonlyMap<string, RoutableModel>) => void {
  /** Digests of keys in use by the Model's id; they never leave this process. */
  const inUse = new Map<string, string>();
  return (models) => {
    for (const id of inUse.keys()) if (!models.has(id)) inUse.delete(id);
    for (const { id, namespace, name, key } of models.values()) {
      // A key that cannot be read at the moment is still the last one that was used.
      if (key.state !== 'resolved') continue;
      const before = inUse.get(id);
      inUse.set(id, key.digest);
      if (before === undefined || before === key.digest) continue;
      write({
        id: newId(),
        type: 'key_rotation',
        namespace,
        atMicroseconds: Math.round(epochMilliseconds() * 1000),
        model: name,
        keySource: key.source,
        version: key.version,
      });
    }
  };
}
