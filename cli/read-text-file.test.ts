import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTextFile } from './read-text-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-text-'));
  await mkdir(join(folder, 'folder'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await writeFile(join(folder, 'large'), 'x'.repeat(101));
  await writeFile(join(folder, 'latin'), Buffer.from('one\nGrüße\n', 'latin1'));
  await writeFile(join(folder, 'wide'), Buffer.from('\uFEFFone', 'utf16le'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

describe("a file of the user's", () => {
  it('is its text, without the mark that some editors begin with', async () => {
    await writeFile(join(folder, 'good'), '\uFEFFGrüße\n');
    expect(await readTextFile(join(folder, 'good'), 100)).toEqual({ ok: true, text: 'Grüße\n' });
  });

  it.each([
    ['folder', 1, 'it is a folder'],
    ['pipe', 1, 'it is not a file, but a pipe or device'],
    ['large', 1, 'it is larger than 100 bytes'],
    ['latin', 2, 'it is not UTF-8 here: save it as UTF-8'],
    ['wide', 1, 'it is UTF-16: save it as UTF-8'],
    ['missing', 1, 'it cannot be read: ENOENT'],
  ])('is refused with a sentence, and never waited for: %s', async (name, line, problem) => {
    const read = await readTextFile(join(folder, name), 100);
    expect(read).toEqual({ ok: false, line, problem: expect.stringContaining(problem) });
  });

  it('is not read where a device never ends', async () => {
    expect(await readTextFile('/dev/zero', 100)).toMatchObject({ ok: false });
  });
});
