import { assert, constantFrom, nat, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, readUntrustedCheckpoint, signCheckpoint, withSignatures } from './checkpoint.ts';
import { encodeSignerKey, encodeVerifierKey, MalformedKeyError, signerKeyOf } from './note-keys.ts';
import { parseSignerKey, parseVerifierKey } from './note-keys.ts';
import {
  cosignText,
  formatNote,
  MalformedNoteError,
  NOTE_MAXIMUM_SIGNATURES,
  openNote,
} from './signed-note.ts';
import { parseNote, signText, UntrustedNoteError } from './signed-note.ts';
import { hashLeaf } from './tree-hashes.ts';

const LOG = signerKeyOf('capataz.example/ledger', 'ed25519', Buffer.alloc(32, 1));
const OTHER_LOG = signerKeyOf('capataz.example/ledger', 'ed25519', Buffer.alloc(32, 2));
const WITNESS = signerKeyOf('witness.example/w1', 'cosignature', Buffer.alloc(32, 3));
const KEYS = { logs: [LOG], witnesses: [WITNESS] };
const ROOT = hashLeaf('a');
const CHECKPOINT = signCheckpoint({ origin: 'capataz.example/ledger/shop', size: 7, root: ROOT }, LOG);
const COSIGNED = withSignatures(CHECKPOINT, [cosignText(parseNote(CHECKPOINT).text, WITNESS, 1_764_000_000)]);

describe('a key of notes', () => {
  it('is the one of the Go checksum database, whose published key has this ID', () => {
    const key = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
    expect(encodeVerifierKey(parseVerifierKey(key))).toBe(key);
  });

  it('comes back from its text, and signs as before', () => {
    for (const key of [LOG, WITNESS]) {
      const again = parseSignerKey(encodeSignerKey(key));
      expect(encodeVerifierKey(again)).toBe(encodeVerifierKey(key));
      expect(encodeSignerKey(again)).toBe(encodeSignerKey(key));
      expect(encodeVerifierKey(parseVerifierKey(encodeVerifierKey(key)))).toBe(encodeVerifierKey(key));
    }
  });

  it('is refused with any character changed, and the message never shows a private key', () => {
    const text = encodeVerifierKey(LOG);
    for (const place of Array.from(text).keys()) {
      const changed = text.slice(0, place) + (text[place] === 'b' ? 'c' : 'b') + text.slice(place + 1);
      expect(() => parseVerifierKey(changed)).toThrow(MalformedKeyError);
    }
    const secret = encodeSignerKey(LOG);
    for (const wrong of [
      `${secret}\n`,
      ` ${secret}`,
      secret.slice(0, -4),
      secret.replace('PRIVATE', 'PUBLIC'),
    ]) {
      expect(() => parseSignerKey(wrong)).toThrow(MalformedKeyError);
      expect(() => parseSignerKey(wrong)).not.toThrow(new RegExp(secret.slice(-20)));
    }
  });

  it('has a name without spaces, plus signs and characters that nobody sees', () => {
    for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\u200bb', 'a\u202eb', 'a\nb', 'x'.repeat(256)]) {
      expect(() => signerKeyOf(name, 'ed25519', Buffer.alloc(32, 1))).toThrow(MalformedKeyError);
    }
  });
});

describe('a signed note', () => {
  it('opens for a key that signed it, whatever its text', () => {
    const texts = string({ unit: 'grapheme' }).map((text) => `${text.replaceAll(/\p{Cc}/gu, '')}\n\nend\n`);
    assert(
      property(texts, (text) => {
        const note = formatNote({ text, signatures: [signText(text, LOG)] });
        expect(openNote(note, [LOG])).toEqual({ text, verified: [{ key: LOG }] });
      }),
    );
  });

  it('is refused with any character of text or signature changed', () => {
    const note = formatNote({ text: 'one\ntwo\n', signatures: [signText('one\ntwo\n', LOG)] });
    assert(
      property(
        nat(note.length - 1),
        constantFrom('x', 'A', '\n', ' ', '\u0430', '\u200b', '=', '\r'),
        (at, other) => {
          const changed = note.slice(0, at) + other + note.slice(at + 1);
          // Who reads the whole text sees the change; the signature over it must not hold.
          expect(changed === note || refuses(() => openNote(changed, [LOG]))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is passed over by keys that did not sign it, and refused when a known key stands under another text', () => {
    const text = 'one\n';
    const byOther = formatNote({ text, signatures: [signText(text, OTHER_LOG)] });
    expect(() => openNote(byOther, [LOG])).toThrow(UntrustedNoteError);
    const byBoth = formatNote({ text, signatures: [signText(text, OTHER_LOG), signText(text, LOG)] });
    expect(openNote(byBoth, [LOG]).verified).toEqual([{ key: LOG }]);
    const stolen = formatNote({ text, signatures: [signText('two\n', OTHER_LOG), signText(text, LOG)] });
    expect(() => openNote(stolen, [LOG, OTHER_LOG])).toThrow(/is not over this text/);
  });

  it('counts a key once however often it signed, and takes signatures of kinds that it does not know', () => {
    const text = 'one\n';
    const unknown = { name: 'later.example', keyId: 7, bytes: Buffer.alloc(2428, 1) };
    const mine = signText(text, LOG);
    expect(openNote(formatNote({ text, signatures: [unknown, mine, mine] }), [LOG]).verified).toHaveLength(1);
  });

  it('has a bounded number of signatures, LF alone, UTF-8 and strict base64', () => {
    const text = 'one\n';
    const signature = signText(text, LOG);
    const note = formatNote({ text, signatures: [signature] });
    const many = { length: NOTE_MAXIMUM_SIGNATURES + 1 };
    const wrong = [
      formatNote({ text, signatures: Array.from(many, () => signature) }),
      note.replaceAll('\n', '\r\n'),
      note.replace('one', 'o\u0000ne'),
      note.replace('one', 'o\ud800ne'),
      note.replace('— ', '- '),
      note.replace('— ', '\u2013 '),
      note.replace(LOG.name, `${LOG.name}\u00a0`),
      note.replace(/(.)\n$/, '$1 \n'),
      note.replace(/\n$/, ''),
      note.replace(/(\S+)\n$/, (base64) => base64.replaceAll('=', '')),
      `${note}\n`,
      'x'.repeat(70_000),
      '',
    ];
    for (const changed of wrong) {
      expect(changed === note).toBe(false);
      expect(() => openNote(changed, [LOG])).toThrow(MalformedNoteError);
    }
  });
});

describe('a checkpoint', () => {
  it('opens with what the log signed and who has witnessed it when', () => {
    const opened = openCheckpoint(COSIGNED, KEYS);
    expect({ origin: opened.origin, size: opened.size }).toEqual({
      origin: 'capataz.example/ledger/shop',
      size: 7,
    });
    expect(Buffer.from(opened.root)).toEqual(Buffer.from(ROOT));
    expect(opened.cosignatures).toEqual([{ key: WITNESS, timestampSeconds: 1_764_000_000 }]);
    expect(openCheckpoint(CHECKPOINT, KEYS).cosignatures).toEqual([]);
  });

  it('is refused when the key speaks for another ledger, or is that of a witness alone', () => {
    const text = parseNote(CHECKPOINT).text.replace(
      'capataz.example/ledger/shop',
      'capataz.example/ledger2/shop',
    );
    expect(() => openCheckpoint(formatNote({ text, signatures: [signText(text, LOG)] }), KEYS)).toThrow(
      UntrustedNoteError,
    );
    const { text: mine } = parseNote(CHECKPOINT);
    const witnessAlone = formatNote({ text: mine, signatures: [cosignText(mine, WITNESS, 1)] });
    expect(() => openCheckpoint(witnessAlone, KEYS)).toThrow(UntrustedNoteError);
    expect(() => openCheckpoint(witnessAlone, { logs: [WITNESS], witnesses: [] })).toThrow(
      UntrustedNoteError,
    );
    expect(() => signCheckpoint({ origin: 'elsewhere', size: 0, root: ROOT }, LOG)).toThrow(RangeError);
  });

  it('is refused when the time of a witness is another than it signed', () => {
    const note = parseNote(COSIGNED);
    const [mine, cosignature] = note.signatures;
    const later = Buffer.from(cosignature?.bytes ?? []);
    later.writeUInt8((later[7] ?? 0) ^ 1, 7);
    for (const bytes of [later, later.subarray(1), Buffer.alloc(72, 255)]) {
      const forged = { name: WITNESS.name, keyId: WITNESS.keyId, bytes };
      const signatures = [mine, forged].filter((signature) => signature !== undefined);
      expect(() => openCheckpoint(formatNote({ ...note, signatures }), KEYS)).toThrow(UntrustedNoteError);
    }
  });

  it('is three lines of which none can be written in two ways', () => {
    const base64 = Buffer.from(ROOT).toString('base64');
    for (const text of [
      `capataz.example/ledger\n07\n${base64}\n`,
      `capataz.example/ledger\n+7\n${base64}\n`,
      `capataz.example/ledger\n7.0\n${base64}\n`,
      `capataz.example/ledger\n\u0667\n${base64}\n`,
      `capataz.example/ledger\n9007199254740992\n${base64}\n`,
      `capataz.example/ledger\n99999999999999999999\n${base64}\n`,
      `capataz.example/ledger\n7\n${base64.replace('=', '')}\n`,
      `capataz.example/ledger\n7\n${Buffer.alloc(31).toString('base64')}\n`,
      `capataz.example/ledger\n7\n${base64}\nextension\n`,
      `\n7\n${base64}\n`,
      `capataz.example/ledger\n7\n`,
    ]) {
      const note = formatNote({ text, signatures: [signText(text, LOG)] });
      expect(() => openCheckpoint(note, KEYS)).toThrow(MalformedNoteError);
      expect(() => readUntrustedCheckpoint(note)).toThrow(MalformedNoteError);
    }
  });
});

function refuses(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    return error instanceof MalformedNoteError || error instanceof UntrustedNoteError;
  }
}
