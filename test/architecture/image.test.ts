/** What the Dockerfile copies is there, and is all that the processes of the image need. */
import { builtinModules } from 'node:module';
import { join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IMAGE_FOLDERS, isImageFile } from '#cluster/image/image-content.ts';
import { REPOSITORY_FILES, matchesIn, textOf } from './source-files.ts';

/** As it is read by Docker: without comments, each instruction on one line. */
const INSTRUCTIONS = (textOf('Dockerfile') ?? '')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '');
const COPIES = INSTRUCTIONS.filter((line) => line.startsWith('COPY '));
/** From the checkout, without what comes from another stage. */
const COPIED = COPIES.filter((line) => !line.includes('--from=')).flatMap((line) => {
  const words = line.split(/\s+/).slice(1, -1);
  return words.map((word) => word.replace(/\/$/, ''));
});

const { imports = {}, dependencies = {} } = JSON.parse(textOf('package.json') ?? '{}') as {
  readonly imports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
};

const FILES = new Set(
  REPOSITORY_FILES.filter(
    (path) => IMAGE_FOLDERS.some((folder) => path.startsWith(`${folder}/`)) && isImageFile(path),
  ),
);
const FOR_TESTS = /\/testing\/|fixtures(\/|\.ts$)/;
/** Is built before, and no program of the image. */
const PAGE = 'services/console/page/';
const PROGRAMS = [...FILES].filter(
  (path) => /\.m?ts$|\.mjs$/.test(path) && !FOR_TESTS.test(path) && !path.startsWith(PAGE),
);

interface Import {
  readonly file: string;
  readonly specifier: string;
}

/** What is there when a program runs: types are not. */
const IMPORTS: readonly Import[] = PROGRAMS.flatMap((file) =>
  [
    ...(textOf(file) ?? '').matchAll(
      /^(?:import|export)\s+(?!type\b)[^;']*?\bfrom\s*'([^']+)'|^import '([^']+)'|\bimport\(\s*'([^']+)'/gm,
    ),
  ].map(([, from, effect, late]) => ({ file, specifier: from ?? effect ?? late ?? '' })),
);

const fileOf = ({ file, specifier }: Import): string | undefined => {
  if (specifier.startsWith('.')) return normalize(join(file, '..', specifier));
  const alias = Object.keys(imports).find((name) => specifier.startsWith(name.replace('*', '')));
  return alias === undefined
    ? undefined
    : specifier.replace(alias.replace('*', ''), (imports[alias] ?? '').replace(/^\.\/|\*$/g, ''));
};
const told = ({ file, specifier }: Import): string => `${file} imports ${specifier}`;

describe('the image', () => {
  it('is copied from what is there, as .dockerignore lets it in and as npm run up copies it', () => {
    const isThere = (path: string): boolean =>
      REPOSITORY_FILES.some((file) => file === path || file.startsWith(`${path}/`));
    expect(COPIED.filter((path) => !isThere(path))).toEqual([]);
    const letIn = (textOf('.dockerignore') ?? '').split('\n').filter((line) => line.startsWith('!'));
    const whole = COPIED.filter((path) => !path.includes('/'));
    expect(new Set(letIn.map((line) => line.slice(1)))).toEqual(new Set(whole));
    const folders = whole.filter((path) => !path.includes('.'));
    expect(new Set(folders)).toEqual(new Set(IMAGE_FOLDERS));
  });

  it('leaves out the same files whoever builds it', () => {
    const leftOut = (textOf('.dockerignore') ?? '').split('\n').filter((line) => line.startsWith('**/'));
    expect(leftOut).toEqual(['**/*.test.ts', '**/fixtures']);
  });

  it('has every file that its programs import, and of packages only those that are no tools of development', () => {
    expect(IMPORTS.length).toBeGreaterThan(2000);
    const missing = IMPORTS.filter((each) => {
      const file = fileOf(each);
      return file !== undefined && !FILES.has(file) && file !== 'package.json';
    });
    expect(missing.map(told)).toEqual([]);
    const isOutside = (each: Import): boolean => {
      const { specifier } = each;
      if (fileOf(each) !== undefined || specifier.startsWith('node:')) return false;
      const parts = specifier.split('/');
      const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
      return !builtinModules.includes(name) && !Object.hasOwn(dependencies, name);
    };
    expect(IMPORTS.filter(isOutside).map(told)).toEqual([]);
  });

  it('has every program that the chart and the operator start', () => {
    const starters = REPOSITORY_FILES.filter(
      (path) => path.startsWith('helm/capataz/templates/') || /^operator\/.*golden\/.*\.yaml$/.test(path),
    );
    const started = matchesIn(starters, /((?:[a-z-]+\/)+main\.ts)/g);
    expect(started.size).toBeGreaterThanOrEqual(8);
    expect([...started].filter((path) => !FILES.has(path))).toEqual([]);
  });

  it('begins no stage with an image that has no tag, and runs as nobody in particular', () => {
    const stages = new Set(INSTRUCTIONS.flatMap((line) => / AS (\S+)$/.exec(line)?.[1] ?? []));
    const bases = INSTRUCTIONS.flatMap((line) => /^(?:FROM|ARG \w+=) ?(\S+)/.exec(line)?.[1] ?? []);
    const untagged = bases.filter(
      (base) => !base.startsWith('$') && !stages.has(base) && !/:[\w.-]+$/.test(base),
    );
    expect(untagged).toEqual([]);
    expect(INSTRUCTIONS.findLast((line) => line.startsWith('USER '))).toBe('USER 65532:65532');
  });
});
