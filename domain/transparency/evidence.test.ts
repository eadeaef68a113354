import { describe, expect, it } from 'vitest';
import { signCheckpoint, withSignatures } from './checkpoint.ts';
import { EVIDENCE_MAXIMUM_CHARACTERS, formatEvidence, parseEvidence, verifyEvidence } from './evidence.ts';
import { signerKeyOf } from './note-keys.ts';
import { cosignText, MalformedNoteError, parseNote, UntrustedNoteError } from './signed-note.ts';
import { TileMap } from './testing/tile-map.ts';
import { hashLeaf } from './tree-hashes.ts';
import { proveInclusion, rootAtSize } from './tree-proofs.ts';
import {
  formatAddCheckpoint,
  formatCosignatures,
  parseAddCheckpoint,
  readWitnessAnswer,
} from './witness-protocol.ts';

const LOG = signerKeyOf('capataz.example/ledger', 'ed25519', Buffer.alloc(32, 1));
const WITNESS = signerKeyOf('witness.example/w1', 'cosignature', Buffer.alloc(32, 3));
const KEYS = { logs: [LOG], witnesses: [WITNESS] };
const ENTRIES = Array.from({ length: 300 }, (_, index) => `{"index":${index},"text":"ñ"}`);
const TREE = new TileMap().append(ENTRIES.map(hashLeaf));
const CHECKPOINT = signCheckpoint(
  { origin: 'capataz.example/ledger/shop', size: 300, root: await rootAtSize(300, TREE.read) },
  LOG,
);
const COSIGNATURE = cosignText(parseNote(CHECKPOINT).text, WITNESS, 1_764_000_000);
const ENTRY = ENTRIES[277] ?? '';
const PARTS = { entry: ENTRY, index: 277, proof: await proveInclusion(277, 300, TREE.read) };
const EVIDENCE = formatEvidence({ ...PARTS, checkpoint: withSignatures(CHECKPOINT, [COSIGNATURE]) });

describe('evidence of one entry', () => {
  it('is one text that whoever has the keys judges alone', () => {
    const { entry, index, checkpoint } = verifyEvidence(EVIDENCE, KEYS);
    expect({ entry, index }).toEqual({ entry: ENTRY, index: 277 });
    expect(checkpoint.cosignatures).toEqual([{ key: WITNESS, timestampSeconds: 1_764_000_000 }]);
    expect(formatEvidence(parseEvidence(EVIDENCE))).toBe(EVIDENCE);
  });

  it('goes without the entry where the auditor has it', () => {
    const bare = formatEvidence({ ...parseEvidence(EVIDENCE), entry: undefined });
    expect(verifyEvidence(bare, KEYS, ENTRY).index).toBe(277);
    expect(() => verifyEvidence(bare, KEYS)).toThrow(/bring the entry along/);
    expect(() => verifyEvidence(bare, KEYS, ENTRIES[276])).toThrow(UntrustedNoteError);
  });

  it('is never proven and witnessed with any one character changed', () => {
    for (const place of Array.from({ length: EVIDENCE.length }, (_, index) => index)) {
      for (const other of ['A', 'x', '\n']) {
        if (EVIDENCE[place] === other) continue;
        const changed = EVIDENCE.slice(0, place) + other + EVIDENCE.slice(place + 1);
        expect(judge(changed)).not.toBe('proven and witnessed');
      }
    }
  });

  it('is refused when it is too large, cut off, with foreign line ends or with bytes that are no text', () => {
    for (const wrong of [
      `${EVIDENCE}${'x'.repeat(EVIDENCE_MAXIMUM_CHARACTERS)}`,
      EVIDENCE.slice(0, 200),
      EVIDENCE.replaceAll('\n', '\r\n'),
      EVIDENCE.replace(/extra .*/, `extra ${Buffer.from([0xff, 0xfe]).toString('base64')}`),
      EVIDENCE.replace(/extra .*/, `extra ${'A'.repeat(200_000)}`),
      EVIDENCE.replace('index 277', `index 277${'\nAAAA'.repeat(10)}`),
      EVIDENCE.replace('index 277', 'index 0277'),
      EVIDENCE.replace('index 277', `index ${2 ** 53}`),
      '',
    ]) {
      expect(() => verifyEvidence(wrong, KEYS)).toThrow(MalformedNoteError);
    }
  });
});

describe('the protocol of witnesses', () => {
  it('brings over what a log asks for', () => {
    const request = {
      oldSize: 12,
      proof: PARTS.proof.map((hash) => Buffer.from(hash)),
      checkpoint: CHECKPOINT,
    };
    expect(parseAddCheckpoint(formatAddCheckpoint(request))).toEqual(request);
    const first = { oldSize: 0, proof: [], checkpoint: CHECKPOINT };
    expect(parseAddCheckpoint(formatAddCheckpoint(first))).toEqual(first);
  });

  it('refuses what is no request', () => {
    const hash = Buffer.alloc(32).toString('base64');
    for (const wrong of [
      '',
      '\n\n',
      `old 1\n${CHECKPOINT}`.replace('\n\n', '\n'),
      `new 1\n\n${CHECKPOINT}`,
      `old 01\n\n${CHECKPOINT}`,
      `old -1\n\n${CHECKPOINT}`,
      `old 9007199254740993\n\n${CHECKPOINT}`,
      `old 1\r\n\r\n${CHECKPOINT}`,
      `old 1\n${hash.replace('=', '')}\n\n${CHECKPOINT}`,
      `old 1\n${`${hash}\n`.repeat(64)}\n${CHECKPOINT}`,
      `old 1\n${`${hash}\n`.repeat(100_000)}\n${CHECKPOINT}`,
    ]) {
      expect(() => parseAddCheckpoint(wrong)).toThrow(MalformedNoteError);
    }
  });

  it('believes an answer that a known key has signed, and no other', () => {
    const answer = { status: 200, contentType: 'text/plain', body: formatCosignatures([COSIGNATURE]) };
    expect(readWitnessAnswer(answer, CHECKPOINT, [WITNESS])).toMatchObject({ kind: 'cosigned' });
    const stranger = signerKeyOf('witness.example/w1', 'cosignature', Buffer.alloc(32, 4));
    const older = cosignText('capataz.example/ledger/shop\n1\nAAAA\n', WITNESS, 1);
    for (const wrong of [
      { ...answer, body: '' },
      { ...answer, body: formatCosignatures([cosignText(parseNote(CHECKPOINT).text, stranger, 1)]) },
      { ...answer, body: formatCosignatures([older]) },
      { ...answer, status: 403 },
      { ...answer, status: 409 },
    ]) {
      expect(readWitnessAnswer(wrong, CHECKPOINT, [WITNESS])).toMatchObject({ kind: 'refused' });
    }
    const behind = { status: 409, contentType: 'text/x.tlog.size', body: '12\n' };
    expect(readWitnessAnswer(behind, CHECKPOINT, [WITNESS])).toEqual({ kind: 'other_size', size: 12 });
    expect(readWitnessAnswer({ ...behind, body: '12' }, CHECKPOINT, [WITNESS])).toMatchObject({
      kind: 'refused',
    });
  });
});

function judge(text: string): string {
  try {
    return verifyEvidence(text, KEYS).checkpoint.cosignatures.length > 0 ? 'proven and witnessed' : 'proven';
  } catch (error) {
    return error instanceof MalformedNoteError || error instanceof UntrustedNoteError
      ? 'refused'
      : String(error);
  }
}
