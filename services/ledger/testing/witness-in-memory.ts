/** A witness that remembers while the test runs: it signs what begins with what it has signed before, and nothing else. */
import { type TrustedKeys, openCheckpoint } from '#domain/transparency/checkpoint.ts';
import { type VerifierKey, signerKeyOf } from '#domain/transparency/note-keys.ts';
import { isConsistent } from '#domain/transparency/proof-verification.ts';
import { cosignText } from '#domain/transparency/signed-note.ts';
import { EMPTY_TREE_ROOT } from '#domain/transparency/tree-hashes.ts';
import type { WitnessClient } from '../checkpoints/witness-client.ts';

export interface WitnessInMemory extends WitnessClient {
  isAway: boolean;
  /** Largest size that was signed, by origin. */
  readonly sizes: () => Readonly<Record<string, number>>;
}

export function witnessInMemory(logKey: VerifierKey): WitnessInMemory {
  const key = signerKeyOf('test-witness', 'cosignature', new Uint8Array(32).fill(1));
  const trusted: TrustedKeys = { logs: [logKey], witnesses: [] };
  const seen = new Map<string, { readonly size: number; readonly root: Uint8Array }>();
  const witness: WitnessInMemory = {
    keys: [key],
    isAway: false,
    sizes: () => Object.fromEntries([...seen].map(([origin, { size }]) => [origin, size])),
    add: async ({ oldSize, proof, checkpoint }) => {
      if (witness.isAway) return { kind: 'away', message: 'away' };
      const { origin, size, root, text } = openCheckpoint(checkpoint, trusted);
      const last = seen.get(origin) ?? { size: 0, root: EMPTY_TREE_ROOT };
      if (last.size !== oldSize) return { kind: 'other_size', size: last.size };
      const claim = { fromSize: last.size, fromRoot: last.root, toSize: size, toRoot: root, proof };
      if (!isConsistent(claim)) {
        return last.size === size ? { kind: 'other_size', size } : { kind: 'inconsistent' };
      }
      seen.set(origin, { size, root });
      return { kind: 'cosigned', signatures: [cosignText(text, key, 1_764_000_000)] };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  return witness;
}
