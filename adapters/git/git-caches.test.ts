import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createGitCaches } from './git-caches.ts';
import { GIT_LIMITS } from './git-cache.ts';

it('keeps the caches of repositories that are gone within their room, and those in use as they are', async () => {
  const place = await mkdtemp(join(tmpdir(), 'git-caches-'));
  try {
    const directory = join(place, 'caches');
    await mkdir(directory);
    const open = createGitCaches({
      directory,
      temporaryFolder: place,
      searchPath: process.env['PATH'] ?? '',
      allowedSchemes: ['file'],
      limits: { ...GIT_LIMITS, maximumBytes: 10_000 },
    });
    const look = (name: string) =>
      open(
        name,
        { url: 'file:///nowhere', reference: 'refs/heads/main', credentials: { kind: 'none' } },
        new AbortController().signal,
      );
    await using used = await look('in-use');
    await utimes(join(directory, 'in-use'), 1, 1);
    for (const [index, name] of ['oldest', 'old', 'young'].entries()) {
      await mkdir(join(directory, name));
      await writeFile(join(directory, name, 'pack'), Buffer.alloc(35_000));
      await utimes(join(directory, name), 100 + index, 100 + index);
    }
    await using next = await look('next');
    expect((await readdir(directory)).toSorted()).toEqual(['in-use', 'next', 'old', 'young']);
    // Both fail by themselves, and not for want of a cache.
    for (const session of [used, next]) {
      await expect(session.fetch()).rejects.toMatchObject({ reason: 'Unreachable' });
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});
