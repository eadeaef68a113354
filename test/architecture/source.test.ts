import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOutOfStep, generateFiles } from '#tools/manifests/generated-files.ts';
import { REPOSITORY_FILES, ROOT, textOf } from './source-files.ts';

const LINES_OF_CODE_MAXIMUM = 400;
const TYPESCRIPT_FILES = REPOSITORY_FILES.filter((path) => path.endsWith('.ts'));

describe('generated files', () => {
  it('are what their sources generate', async () => {
    expect(await filesOutOfStep(ROOT, generateFiles())).toEqual([]);
  });
});

describe('names', () => {
  it('of TypeScript files are in kebab-case', () => {
    const isKebab = (path: string): boolean =>
      /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?\.ts$/.test(basename(path));
    expect(TYPESCRIPT_FILES.filter((path) => !isKebab(path))).toEqual([]);
  });

  it('of files and folders say what is in them: there is no drawer for the rest', () => {
    const drawers = /^(utils?|utilities|helpers?|common|misc|shared|types|lib|core|stuff)$/;
    const offenders = REPOSITORY_FILES.filter((path) =>
      path.split('/').some((segment) => drawers.test(segment.replace(/\..*$/, ''))),
    );
    expect(offenders).toEqual([]);
  });
});

describe('files', () => {
  it(`have at most ${LINES_OF_CODE_MAXIMUM} lines of code`, () => {
    const tooLong = TYPESCRIPT_FILES.filter((path) => !path.endsWith('.test.ts')).filter(
      (path) => linesOfCode(textOf(path) ?? '') > LINES_OF_CODE_MAXIMUM,
    );
    expect(tooLong).toEqual([]);
  });

  it('export by name, never by default', () => {
    const offenders = TYPESCRIPT_FILES.filter((path) => path !== 'vitest.config.ts').filter((path) =>
      /^export default /m.test(textOf(path) ?? ''),
    );
    expect(offenders).toEqual([]);
  });

  it('name no path of one machine', () => {
    const machinePath =
      /(?:^|[\s"'`(=:])(\/(?:work|home|Users)\/(?!me\b)[\w.-]+|\/root\/[\w.-]+|\/tmp\/w\/)/m;
    expect(offencesAgainst(machinePath)).toEqual([]);
  });

  it('name no package registry but the public ones', () => {
    const registry =
      /https?:\/\/(?!registry\.npmjs\.org|pypi\.org|proxy\.golang\.org)[\w.:-]*(?:registry|artifactory|nexus|pypi|npmjs|goproxy|verdaccio)[\w.:-]*/i;
    expect(offencesAgainst(registry)).toEqual([]);
  });

  it('pin no tarball of another registry in the lock file', () => {
    const hosts = [...(textOf('package-lock.json') ?? '').matchAll(/"resolved": "(https?:\/\/[^/]+)/g)];
    expect(hosts.map(([, host]) => host).filter((host) => host !== 'https://registry.npmjs.org')).toEqual([]);
  });
});

/** `path: match` for each file that a pattern is found in, but this one. */
function offencesAgainst(pattern: RegExp): readonly string[] {
  return REPOSITORY_FILES.filter((path) => path !== 'test/architecture/source.test.ts').flatMap((path) => {
    const found = pattern.exec(textOf(path) ?? '');
    return found ? [`${path}: ${found[0].trim()}`] : [];
  });
}

function linesOfCode(text: string): number {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
}
