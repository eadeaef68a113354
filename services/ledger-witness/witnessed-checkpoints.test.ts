import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signCheckpoint, withSignatures } from '#domain/transparency/checkpoint.ts';
import { signerKeyOf } from '#domain/transparency/note-keys.ts';
import { cosignText, parseNote } from '#domain/transparency/signed-note.ts';
import { WitnessedCheckpoints } from './witnessed-checkpoints.ts';

const LOG = signerKeyOf('capataz-ledger', 'ed25519', Buffer.alloc(32, 1));
const WITNESS = signerKeyOf('capataz-witness', 'cosignature', Buffer.alloc(32, 2));
const ORIGIN = 'capataz-ledger/shop';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-witnessed-'));
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

function noteOf(size: number): string {
  const logged = signCheckpoint({ origin: ORIGIN, size, root: new Uint8Array(32) }, LOG);
  return withSignatures(logged, [cosignText(parseNote(logged).text, WITNESS, 1_764_000_000)]);
}

async function add(checkpoints: WitnessedCheckpoints, size: number): Promise<void> {
  expect(await checkpoints.addAfter(await checkpoints.latest(ORIGIN), ORIGIN, noteOf(size))).toBe(true);
}

describe('the checkpoints that a witness keeps', () => {
  it('are told while others are signed and the oldest go', async () => {
    const checkpoints = await WitnessedCheckpoints.open(directory, WITNESS);
    for (let size = 1; size <= 260; size += 1) await add(checkpoints, size);
    const adding = (async () => {
      for (let size = 261; size <= 280; size += 1) await add(checkpoints, size);
    })();
    for (let time = 0; time < 40; time += 1) {
      expect((await checkpoints.kept(ORIGIN)).length).toBeGreaterThan(230);
    }
    await adding;
    expect((await checkpoints.kept(ORIGIN)).at(-1)).toBe(noteOf(280));
  }, 60_000);

  it('do not become more and more where crashes left old ones and drafts', async () => {
    const checkpoints = await WitnessedCheckpoints.open(directory, WITNESS);
    await add(checkpoints, 1);
    const [name = ''] = await readdir(join(directory, 'origins'));
    const folder = join(directory, 'origins', name);
    const file = (number: number): string => join(folder, `${String(number).padStart(16, '0')}.note`);
    for (let number = 2; number <= 400; number += 1) await writeFile(file(number), noteOf(number));
    await writeFile(join(folder, '.draft-old'), '');
    await utimes(join(folder, '.draft-old'), 1, 1);
    const again = await WitnessedCheckpoints.open(directory, WITNESS);
    expect(await readdir(folder)).not.toContain('.draft-old');
    await add(again, 401);
    const kept = await again.kept(ORIGIN);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([256, noteOf(146), noteOf(401)]);
  });
});
