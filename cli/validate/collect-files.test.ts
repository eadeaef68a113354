import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectFiles } from './collect-files.ts';

let folder = '';
const at = (...names: readonly string[]): string => join(folder, ...names);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-collect-'));
  await mkdir(at('deep', 'er'), { recursive: true });
  await writeFile(at('a.prompt'), '');
  await writeFile(at('deep', 'er', 'ä b.yaml'), '');
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

describe('the files of a folder', () => {
  it('are prompts and manifests at any place, and nothing that an editor leaves beside them', async () => {
    for (const name of ['a.prompt~', '.a.prompt.swp', '4913', '#a.prompt#', 'notes.txt']) {
      await writeFile(at(name), '');
    }
    await symlink('user@host.1:2', at('.#a.prompt'));
    expect(await collectFiles([folder])).toEqual({
      files: [at('a.prompt'), at('deep', 'er', 'ä b.yaml')],
      problems: [],
    });
  });

  it('are found once, where links of folders lead back and forth', async () => {
    for (const name of ['one', 'two', 'three']) await symlink(folder, at('deep', name));
    expect((await collectFiles([folder])).files).toEqual([at('a.prompt'), at('deep', 'er', 'ä b.yaml')]);
  });

  it('are read all the same where one of them is a link to nothing, or to itself', async () => {
    await symlink(at('gone'), at('b.prompt'));
    await symlink(at('c.prompt'), at('c.prompt'));
    const { files, problems } = await collectFiles([folder]);
    expect(files).toEqual([at('a.prompt'), at('deep', 'er', 'ä b.yaml')]);
    expect(problems.map(({ path }) => path)).toEqual([at('b.prompt'), at('c.prompt')]);
  });

  it('are followed through a link to a file', async () => {
    await symlink(at('a.prompt'), at('linked.prompt'));
    expect((await collectFiles([folder])).files).toContain(at('linked.prompt'));
  });

  it('that are named and not there are a problem', async () => {
    const { files, problems } = await collectFiles([at('a.prompt'), at('missing')]);
    expect(files).toEqual([at('a.prompt')]);
    expect(problems).toEqual([{ path: at('missing'), line: 1, problem: expect.stringContaining('ENOENT') }]);
  });
});
