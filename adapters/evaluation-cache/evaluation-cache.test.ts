import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEvaluationCache } from './evaluation-cache.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evaluation-cache-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the cache of evaluations', () => {
  it('gives back what another process kept', async () => {
    await createEvaluationCache(folder).set('abcd', { text: 'x' });
    expect(await createEvaluationCache(folder).get('abcd')).toEqual({ text: 'x' });
    expect(await readdir(join(folder, 'ab'))).toEqual(['abcd.json']);
  });

  it('knows nothing of what was never kept, or was cut', async () => {
    const cache = createEvaluationCache(folder);
    expect(await cache.get('ffff')).toBeUndefined();
    await cache.set('abcd', { text: 'x' });
    await writeFile(join(folder, 'ab', 'abcd.json'), '{"te');
    expect(await cache.get('abcd')).toBeUndefined();
    await mkdir(join(folder, 'cd', 'cdef.json'), { recursive: true });
    expect(await cache.get('cdef')).toBeUndefined();
  });
});
