/** Roots, proofs, notes and checkpoints are what implementations that are not ours make and accept. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint, signCheckpoint, withSignatures } from '#domain/transparency/checkpoint.ts';
import { encodeSignerKey, encodeVerifierKey, signerKeyOf } from '#domain/transparency/note-keys.ts';
import { isConsistent, isIncluded } from '#domain/transparency/proof-verification.ts';
import { cosignText, parseNote, UntrustedNoteError } from '#domain/transparency/signed-note.ts';
import { TileMap } from '#domain/transparency/testing/tile-map.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import { proveConsistency, proveInclusion, rootAtSize } from '#domain/transparency/tree-proofs.ts';
import { GO_BUILD_TIMEOUT_MS } from '../go-modules/go-binary.ts';
import {
  askOracle,
  type Claims,
  type Consistency,
  type Inclusion,
  type OracleAnswer,
} from '../transparency/transparency-oracle.ts';

const SIZES = [
  1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 100, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 66_001,
];
const ORIGIN = 'capataz-ledger/shop';
const LOG = signerKeyOf('capataz-ledger', 'ed25519', Buffer.alloc(32, 1));
const WITNESS = signerKeyOf('capataz-witness', 'cosignature', Buffer.alloc(32, 2));
const KEYS = { logs: [LOG], witnesses: [WITNESS] };
const TREE = new TileMap().append(Array.from({ length: 66_001 }, (_, index) => hashLeaf(`entry ${index}`)));

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');

async function ourClaims(): Promise<Claims> {
  const inclusions: Inclusion[] = [];
  const consistencies: Consistency[] = [];
  for (const size of SIZES) {
    const root = base64(await rootAtSize(size, TREE.read));
    for (const index of [0, Math.floor(size / 2), size - 1]) {
      const proof = (await proveInclusion(index, size, TREE.read)).map(base64);
      inclusions.push({ index, size, leafHash: base64(hashLeaf(`entry ${index}`)), root, proof });
    }
    for (const fromSize of SIZES.filter((from) => from < size)) {
      const proof = (await proveConsistency(fromSize, size, TREE.read)).map(base64);
      const fromRoot = base64(await rootAtSize(fromSize, TREE.read));
      consistencies.push({ fromSize, fromRoot, toSize: size, toRoot: root, proof });
    }
  }
  return { inclusions, consistencies };
}

async function ourCheckpoints(): Promise<readonly string[]> {
  return Promise.all(
    SIZES.map(async (size) => {
      const note = signCheckpoint({ origin: ORIGIN, size, root: await rootAtSize(size, TREE.read) }, LOG);
      return withSignatures(note, [cosignText(parseNote(note).text, WITNESS, 1_764_000_000)]);
    }),
  );
}

/** One bit of the last hash is another; of an empty proof one of the root. */
function spoiled<Claim extends { readonly proof: readonly string[] }>(
  claim: Claim,
  root: keyof Claim,
): Claim {
  const last = claim.proof.at(-1);
  return last === undefined
    ? { ...claim, [root]: flip(String(claim[root])) }
    : { ...claim, proof: [...claim.proof.slice(0, -1), flip(last)] };
}

function flip(hash: string): string {
  const changed = Buffer.from(hash, 'base64');
  changed.writeUInt8(changed.readUInt8(0) ^ 1, 0);
  return changed.toString('base64');
}

const acceptsInclusion = (claim: Inclusion): boolean =>
  isIncluded({
    ...claim,
    leafHash: bytes(claim.leafHash),
    root: bytes(claim.root),
    proof: claim.proof.map(bytes),
  });
const acceptsConsistency = (claim: Consistency): boolean =>
  isConsistent({
    ...claim,
    fromRoot: bytes(claim.fromRoot),
    toRoot: bytes(claim.toRoot),
    proof: claim.proof.map(bytes),
  });

describe('the modules of transparency-dev and of the Go checksum database', () => {
  let ours: Claims;
  let checkpoints: readonly string[];
  let answer: OracleAnswer;

  beforeAll(async () => {
    ours = await ourClaims();
    checkpoints = await ourCheckpoints();
    answer = await askOracle({
      claims: {
        inclusions: [...ours.inclusions, ...ours.inclusions.map((claim) => spoiled(claim, 'root'))],
        consistencies: [
          ...ours.consistencies,
          ...ours.consistencies.map((claim) => spoiled(claim, 'toRoot')),
        ],
      },
      checkpoints: [...checkpoints, ...checkpoints.map((note) => note.replace('\n', 'x\n'))],
      sizes: SIZES,
      origin: ORIGIN,
      logKey: encodeVerifierKey(LOG),
      witnessKey: encodeVerifierKey(WITNESS),
      logSigner: encodeSignerKey(LOG),
      witnessSigner: encodeSignerKey(WITNESS),
    });
  }, GO_BUILD_TIMEOUT_MS);

  it('accept our proofs, and refuse them with one bit changed', () => {
    const trueThenFalse = (count: number): readonly boolean[] =>
      Array.from({ length: 2 * count }, (_, place) => place < count);
    expect(answer.inclusions).toEqual(trueThenFalse(ours.inclusions.length));
    expect(answer.consistencies).toEqual(trueThenFalse(ours.consistencies.length));
  });

  it('make the same roots and proofs as we do', () => {
    expect(answer.made).toEqual(ours);
  });

  it('make proofs that we accept, and refuse with one bit changed', () => {
    for (const claim of answer.made.inclusions) {
      expect([acceptsInclusion(claim), acceptsInclusion(spoiled(claim, 'root'))]).toEqual([true, false]);
    }
    for (const claim of answer.made.consistencies) {
      expect([acceptsConsistency(claim), acceptsConsistency(spoiled(claim, 'toRoot'))]).toEqual([
        true,
        false,
      ]);
    }
  });

  it('open our checkpoints with both signatures, and none of another origin', () => {
    expect(answer.witnessed).toEqual([...SIZES.map(() => true), ...SIZES.map(() => false)]);
  });

  it('sign checkpoints that we open, and that we refuse with another size', () => {
    const opened = answer.checkpoints.map((note) => openCheckpoint(note, KEYS));
    expect(opened.map(({ size }) => size)).toEqual(SIZES);
    expect(opened.map(({ cosignatures }) => cosignatures.length)).toEqual(SIZES.map(() => 1));
    for (const note of answer.checkpoints) {
      expect(() => openCheckpoint(note.replace(/\n(\d)/, '\n9$1'), KEYS)).toThrow(UntrustedNoteError);
    }
  });
});
