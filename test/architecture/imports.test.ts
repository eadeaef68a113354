import { builtinModules } from 'node:module';
import { join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY_FILES, textOf } from './source-files.ts';

/** What each part may import of the others. `test`, `tools` and `bench` may import anything, nothing imports them. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  crds: [],
  domain: ['crds'],
  telemetry: ['crds', 'domain'],
  adapters: ['crds', 'domain', 'telemetry'],
  process: ['crds', 'domain', 'telemetry'],
  operator: ['crds', 'domain', 'telemetry', 'adapters', 'process'],
  'services/router': ['crds', 'domain', 'telemetry', 'adapters', 'process'],
  'services/agent-runtime': ['crds', 'domain', 'telemetry', 'adapters', 'process'],
  'services/local-model': ['crds', 'domain', 'telemetry', 'adapters', 'process'],
  cli: ['crds', 'domain', 'telemetry', 'adapters'],
  'services/ledger': ['crds', 'domain', 'telemetry', 'adapters', 'process'],
  'services/observer': ['crds', 'domain', 'telemetry', 'adapters', 'process'],
  cluster: ['crds'],
};

/** They touch nothing outside of the process. */
const PURE_BUILTINS = new Set(['buffer', 'crypto', 'path', 'util']);

interface Import {
  readonly file: string;
  readonly part: string;
  readonly specifier: string;
  /** The part that is imported, or undefined for packages. */
  readonly target: string | undefined;
}

function partOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'services' ? `${first}/${second}` : first;
}

const IMPORTS: readonly Import[] = REPOSITORY_FILES.filter(
  (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && partOf(path) in ALLOWED,
).flatMap((file) => {
  const specifiers = [...(textOf(file) ?? '').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)];
  return specifiers.map(([, specifier = '']) => ({
    file,
    part: partOf(file),
    specifier,
    target: targetOf(file, specifier),
  }));
});

function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return partOf(specifier.slice(1));
  if (specifier.startsWith('.')) return partOf(normalize(join(file, '..', specifier)).replaceAll('\\', '/'));
  return undefined;
}

function offences(isOffence: (each: Import) => boolean): readonly string[] {
  return IMPORTS.filter(isOffence).map(({ file, specifier }) => `${file} imports ${specifier}`);
}

describe('the direction of imports', () => {
  it('is seen in many files', () => {
    expect(IMPORTS.length).toBeGreaterThan(200);
    expect(new Set(IMPORTS.map(({ part }) => part)).size).toBeGreaterThanOrEqual(6);
  });

  it('goes from services and operator to adapters to domain to crds, and never back or across', () => {
    const isWrong = ({ part, target }: Import): boolean =>
      target !== undefined && target !== part && !(ALLOWED[part] ?? []).includes(target);
    expect(offences(isWrong)).toEqual([]);
  });

  it('goes from the kinds of the operator to what runs any kind, and never back', () => {
    const runtime = 'operator/runtime/';
    const isOfKind = ({ file, specifier }: Import): boolean =>
      file.startsWith(runtime) &&
      specifier.startsWith('.') &&
      normalize(join(file, '..', specifier)).split('/').length > 2 &&
      !normalize(join(file, '..', specifier)).startsWith(runtime);
    expect(offences(isOfKind)).toEqual([]);
  });

  it('is written with # when it leaves a part, so that the rule can be read off the specifier', () => {
    const isHidden = ({ part, specifier, target }: Import): boolean =>
      specifier.startsWith('.') && target !== part;
    expect(offences(isHidden)).toEqual([]);
  });

  it('names files with their extension, as Node runs them', () => {
    const isBare = ({ target, specifier }: Import): boolean =>
      target !== undefined && !/\.(ts|json)$/.test(specifier);
    expect(offences(isBare)).toEqual([]);
  });

  it('keeps the domain and the kinds pure: no package that does I/O, of Node only buffer, crypto, path and util', () => {
    const isImpure = ({ part, specifier, target }: Import): boolean => {
      if (part !== 'domain' && part !== 'crds') return false;
      const name = specifier.replace(/^node:/, '');
      const isBuiltin = specifier.startsWith('node:') || builtinModules.includes(name);
      if (isBuiltin) return !PURE_BUILTINS.has(name);
      return (
        target === undefined &&
        /^(fastify|undici|pino|prom-client|@kubernetes\/|node-llama-cpp)/.test(specifier)
      );
    };
    expect(offences(isImpure)).toEqual([]);
  });

  it('says node: for what belongs to Node', () => {
    expect(
      offences(({ specifier }) => !specifier.startsWith('node:') && builtinModules.includes(specifier)),
    ).toEqual([]);
  });
});

/** Imported first by a main.ts: a library asks for a home directory while it is loaded. */
const ENVIRONMENT_EXCEPTIONS = new Set(['services/local-model/home-directory.ts']);

describe('process.env and process.exit', () => {
  it('are read and called by main.ts alone', () => {
    const parts = new Set(['crds', 'domain', 'adapters', 'telemetry', 'operator', 'services', 'cli']);
    const offenders = REPOSITORY_FILES.filter(
      (path) =>
        parts.has(path.split('/')[0] ?? '') &&
        path.endsWith('.ts') &&
        !path.endsWith('.test.ts') &&
        !path.includes('/testing/') &&
        !path.endsWith('/main.ts') &&
        !ENVIRONMENT_EXCEPTIONS.has(path),
    ).filter((path) => /\bprocess\.(env|exit|exitCode)\b/.test(withoutComments(textOf(path) ?? '')));
    expect(offenders).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}
