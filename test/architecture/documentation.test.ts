/** What a reader follows, copies or looks for in the pages is there, and works. */
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { KINDS } from '#crds/kinds.ts';
import { DOCUMENTED_MANIFESTS, DOCUMENTED_YAML } from './documented-manifests.ts';
import { PAGES, anchorsOf, linksOf } from './markdown-pages.ts';
import { REPOSITORY_FILES, matchesIn, textOf } from './source-files.ts';

const FOLDERS = new Set(REPOSITORY_FILES.flatMap((path) => parentsOf(path)));

function parentsOf(path: string): readonly string[] {
  const segments = path.split('/').slice(0, -1);
  return segments.map((_, index) => segments.slice(0, index + 1).join('/'));
}

function exists(path: string): boolean {
  const bare = path.replace(/\/$/, '');
  return REPOSITORY_FILES.includes(bare) || FOLDERS.has(bare);
}

describe('the links of the pages', () => {
  it.each(PAGES.map((page) => [page]))('of %s lead to files and headings that are there', (page) => {
    const broken = linksOf(page).filter(
      ({ path, anchor }) => !exists(path) || (anchor !== '' && !anchorsOf(path).has(anchor)),
    );
    expect(broken).toEqual([]);
  });

  it('are checked at all', () => {
    const all = PAGES.flatMap((page) => linksOf(page));
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter(({ anchor }) => anchor !== '').length).toBeGreaterThan(5);
  });
});

describe('paths that the pages name', () => {
  it('are files of the repository', () => {
    const named = matchesIn(PAGES, /`((?:[a-z][\w-]*\/)+[\w.-]+\.(?:ts|mjs|md|ya?ml|py|sh|prompt|jsonl))`/g);
    const tops = new Set([...FOLDERS].filter((folder) => !folder.includes('/')));
    // `golden-sets/NAME.jsonl` is a pattern, and `prompts/a.prompt` of the reader's own repository an example.
    const ours = [...named].filter((path) => tops.has(path.split('/')[0] ?? '') && !/[A-Z]{2}/.test(path));
    expect(ours.filter((path) => !exists(path))).toEqual([]);
  });

  it('are there also where comments, messages and the chart send a reader to a page', () => {
    const sources = REPOSITORY_FILES.filter((path) =>
      /\.(ts|mjs|ya?ml|tpl|txt|sh|json)$|Dockerfile$/.test(path),
    );
    const named = matchesIn(
      sources,
      /\b(docs\/(?:architecture|(?:decisions|operations|reference)\/[\w-]+)\.md)\b/g,
    );
    expect(named.size).toBeGreaterThan(3);
    expect([...named].filter((path) => textOf(path) === undefined)).toEqual([]);
  });
});

describe('the notes of the chart', () => {
  it('say of every kind how it is removed', () => {
    const notes = textOf('helm/capataz/templates/NOTES.txt') ?? '';
    expect(KINDS.filter(({ plural }) => !notes.includes(`"${plural}"`)).map(({ plural }) => plural)).toEqual(
      [],
    );
  });
});

describe('YAML that a reader may copy', () => {
  it.each(DOCUMENTED_YAML.map(({ where, text }) => [where, text] as const))('is YAML: %s', (_where, text) => {
    const documents = parseAllDocuments(text);
    expect(documents.flatMap(({ errors }) => errors.map(({ message }) => message))).toEqual([]);
  });

  it.each(DOCUMENTED_MANIFESTS.map(({ where, object }) => [`${object.kind} in ${where}`, object] as const))(
    'fits its kind: %s',
    (_where, { kind, spec }) => {
      const definition = KINDS.find((one) => one.kind === kind);
      expect(definition?.spec.safeParse(spec).error?.issues ?? []).toEqual([]);
      expect(definition).toBeDefined();
    },
  );

  it('has each kind that people write by hand', () => {
    const kinds = new Set(DOCUMENTED_MANIFESTS.map(({ object }) => object.kind));
    expect([...kinds].toSorted()).toEqual(['Agent', 'CanaryRollout', 'Model', 'PromptRepository']);
  });
});
