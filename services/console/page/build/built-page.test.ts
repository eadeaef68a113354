/** What is built can be served under a strict content security policy, and is light. */
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE_FOLDER, VITE_SETTINGS } from './vite-settings.ts';

const LARGEST_GZIP_BYTES = 150_000;

let folder = '';
const files = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-page-'));
  await build({ ...VITE_SETTINGS, logLevel: 'silent', build: { ...VITE_SETTINGS.build, outDir: folder } });
  for await (const path of glob('**/*.*', { cwd: folder })) {
    files.set(path, await readFile(join(folder, path), 'utf8'));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const textsOf = (ending: RegExp): readonly string[] =>
  [...files].filter(([path]) => ending.test(path)).map(([, text]) => text);

describe('the built page', () => {
  it(`sends at most ${LARGEST_GZIP_BYTES / 1000} kB of scripts and styles`, () => {
    const texts = textsOf(/\.(js|css)$/);
    expect(texts.length).toBeGreaterThanOrEqual(2);
    const bytes = texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
    expect(bytes).toBeLessThanOrEqual(LARGEST_GZIP_BYTES);
  });

  it('has no script, style or handler inline', () => {
    const [html = ''] = textsOf(/index\.html$/);
    expect(html).toContain('<script type="module"');
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=/);
  });

  it('names every file but the first by what it holds, so that it can be kept for ever', () => {
    const others = [...files.keys()].filter((path) => path !== 'index.html');
    expect(others.filter((path) => !/^assets\/[\w-]+-[\w-]{8}\.\w+$/.test(path))).toEqual([]);
  });

  it('asks no other origin', () => {
    const addresses = textsOf(/\.(js|css|html|svg)$/).flatMap(
      (text) => text.match(/https?:\/\/[\w.-]+/g) ?? [],
    );
    // Nobody fetches the names of XML, or what Preact says where its message of an error is explained.
    const named = new Set(['http://www.w3.org', 'https://github.com']);
    expect(addresses.filter((address) => !named.has(address))).toEqual([]);
  });

  it('evaluates no text', () => {
    expect(textsOf(/\.js$/).filter((text) => /\beval\(|new Function\(/.test(text))).toEqual([]);
  });
});

describe('the sources of the page', () => {
  it('write text as text alone', async () => {
    const offenders: string[] = [];
    for await (const path of glob('src/**/*.{ts,tsx}', { cwd: PAGE_FOLDER })) {
      const text = await readFile(join(PAGE_FOLDER, path), 'utf8');
      if (/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser/i.test(text))
        offenders.push(path);
    }
    expect(offenders).toEqual([]);
  });
});
