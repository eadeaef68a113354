import Handlebars from 'handlebars';
import { describe, expect, it } from 'vitest';
import { garbageOf } from './collect-garbage.ts';
import { inlinePartials } from './inline-partials.ts';
import { printableProblem } from './printable-problem.ts';
import { type ReadCommit, readCommit } from './read-commit.ts';
import type { RepositoryEntry } from './repository-file.ts';
import { selectEntries } from './select-entries.ts';

const FOLDERS = { prompts: 'prompts', goldenSets: 'golden-sets' };
const IDENTITY = { commit: 'a'.repeat(40), author: 'Ana <ana@example.com>' };

function entry(path: string, changes: Partial<RepositoryEntry> = {}): RepositoryEntry {
  return { path, mode: '100644', object: '0'.repeat(40), size: 10, ...changes };
}

async function read(files: Readonly<Record<string, string | Uint8Array>>): Promise<ReadCommit> {
  const all = Object.entries(files).map(([path, content]) => {
    const bytes = Buffer.from(content);
    return Object.assign(entry(path, { size: bytes.length }), { bytes });
  });
  const selected = selectEntries(all, FOLDERS);
  if (selected.problems.length > 0) return { prompts: [], goldenSets: [], problems: selected.problems };
  const of = (entries: readonly RepositoryEntry[]) =>
    all.filter(({ path }) => entries.some((one) => one.path === path));
  return readCommit(
    { prompts: of(selected.prompts), partials: of(selected.partials), goldenSets: of(selected.goldenSets) },
    IDENTITY,
    FOLDERS,
    () => Promise.resolve(),
  );
}

const WITH_SET = '---\ninput:\n  schema:\n    mail: string\ncapataz.goldenSet: triage\n---\nSort {{mail}}.\n';

describe('a commit', () => {
  it('becomes versions named by their digest, with commit, path, author and golden set', async () => {
    const { prompts, goldenSets, problems } = await read({
      'prompts/mail/sort.prompt': WITH_SET,
      'prompts/greet.prompt.md': 'Hello\r\n',
      'prompts/README.md': 'Not a prompt',
      'golden-sets/triage.jsonl': '{"vars":{}}\n',
    });
    expect(problems).toEqual([]);
    const [set] = goldenSets;
    expect(set?.configMapName).toBe(`golden-set-triage-${set?.digest.slice(0, 12)}`);
    expect(prompts.map(({ spec }) => spec.prompt)).toEqual(['sort', 'greet']);
    const [sort] = prompts;
    expect(sort?.versionName).toBe(`sort-${sort?.spec.digest.slice(0, 12)}`);
    expect(sort?.spec).toMatchObject({
      source: { ...IDENTITY, path: 'prompts/mail/sort.prompt' },
      goldenSet: { name: 'triage', digest: set?.digest },
    });
  });

  it.each<[string, Readonly<Record<string, string | Uint8Array>>, string, string]>([
    [
      'a golden set in YAML that would take long to read',
      { 'prompts/a.prompt': 'x', 'golden-sets/a.yaml': '- vars: {a: b}\n'.repeat(20_000) },
      'golden-sets/a.yaml:1',
      'jsonl',
    ],
    ['UTF-16', { 'prompts/a.prompt': Buffer.from('\uFEFFHi', 'utf16le') }, 'prompts/a.prompt:1', 'UTF-16'],
    ['a NUL byte', { 'prompts/a.prompt': 'a\nb\0' }, 'prompts/a.prompt:2', 'NUL'],
    [
      'invalid UTF-8',
      { 'prompts/a.prompt': Buffer.from([65, 10, 10, 0xc3, 0x28]) },
      'prompts/a.prompt:3',
      'UTF-8',
    ],
    [
      'a pointer of LFS',
      { 'prompts/a.prompt': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' },
      'prompts/a.prompt:1',
      'LFS',
    ],
    ['a template that does not parse', { 'prompts/a.prompt': 'ok\n{{#if a}}' }, 'prompts/a.prompt:2', ''],
    [
      'a variable that is not declared',
      { 'prompts/a.prompt': '---\ninput:\n  schema:\n    a: string\n---\n{{b}}' },
      'prompts/a.prompt:6',
      '"b"',
    ],
    ['a golden set that is not there', { 'prompts/a.prompt': WITH_SET }, 'prompts/a.prompt:5', 'triage'],
    [
      'a key of ours that is misspelt',
      { 'prompts/a.prompt': '---\ncapataz.goldenset: x\n---\nHi' },
      'prompts/a.prompt:2',
      'capataz.goldenSet',
    ],
    [
      'one prompt in two folders',
      { 'prompts/a.prompt': 'Hi', 'prompts/b/a.prompt': 'Ho' },
      'prompts/b/a.prompt:1',
      'prompts/a.prompt',
    ],
    [
      'names that differ in case only',
      { 'prompts/a.prompt': 'Hi', 'prompts/A.prompt': 'Ho' },
      'prompts/a.prompt:1',
      'upper and lower case',
    ],
    [
      'a golden set with a check that nobody knows',
      {
        'golden-sets/a.jsonl':
          '{"vars":{"mail":"x"},"assert":[{"type":"equals","value":"y"}]}\n{"vars":{"mail":"z"},"assert":[{"type":"equalz","value":"y"}]}\n',
      },
      'golden-sets/a.jsonl:2',
      'equalz',
    ],
    [
      'a golden set that does not parse',
      { 'golden-sets/a.yaml': '- vars:\n    mail: x\n  assert: [\n' },
      'golden-sets/a.yaml:4',
      '',
    ],
    ['an empty golden set', { 'golden-sets/a.csv': '\n' }, 'golden-sets/a.csv:1', 'empty'],
    [
      'a fault inside of a partial',
      {
        'prompts/a.prompt': '---\ninput:\n  schema:\n    a: string\n---\nx\n{{> p}}\n',
        'prompts/_p.prompt': 'one\n{{secret}}\n',
      },
      'prompts/_p.prompt:2',
      'secret',
    ],
  ])('is not taken for %s, and says where it is', async (_name, files, place, words) => {
    const { problems } = await read(files);
    const [first] = problems;
    expect(`${first?.path}:${first?.line}`).toBe(place);
    expect(first?.message).toContain(words);
  });

  it.each<[string, Partial<RepositoryEntry>, string]>([
    ['a symbolic link', { mode: '120000' }, 'symbolic link'],
    ['a submodule', { mode: '160000' }, 'submodule'],
    ['a file that is too large', { size: 600_000 }, '600000 bytes'],
    ['a path that no status could hold', { path: `prompts/${'d/'.repeat(510)}a.prompt` }, '1036 characters'],
    ['a name that is not UTF-8', { path: 'prompts/\uFFFD.prompt' }, 'UTF-8'],
  ])('is refused before it is read for %s', (_name, changes, words) => {
    const { problems } = selectEntries([entry('prompts/a.prompt', changes)], FOLDERS);
    expect(problems[0]?.message).toContain(words);
  });

  it('bounds how many prompts there are', () => {
    const many = Array.from({ length: 201 }, (_, index) => entry(`prompts/p${index}.prompt`));
    expect(selectEntries(many, FOLDERS).problems[0]?.message).toContain('200 prompts');
  });
});

describe('partials', () => {
  const partials = new Map([
    ['name', { path: '_name.prompt', text: 'Ana' }],
    ['list', { path: '_list.prompt', text: '- one\n- {{> name}}\n' }],
    ['loop', { path: '_loop.prompt', text: '{{> pool}}' }],
    ['pool', { path: '_pool.prompt', text: '{{> loop}}' }],
  ]);

  it.each([
    'Hi {{> name}}!\n',
    'a\n  {{> list}}\nb\n',
    '{{> list}}{{> list}}',
    'x\n{{> name}}\ny',
    '\n{{> list}}',
  ])('become what Handlebars would make of them: %j', (text) => {
    const handlebars = Handlebars.create();
    for (const [name, partial] of partials) handlebars.registerPartial(name, partial.text);
    const inlined = inlinePartials('a.prompt', text, partials);
    expect(inlined.ok && inlined.text).toBe(handlebars.compile(text, { noEscape: true })({}));
  });

  it.each([
    ['{{> absent}}', 'a.prompt:1', 'no partial "absent"'],
    ['\n{{> loop}}', '_pool.prompt:1', 'circle'],
    ['{{> name with=1}}', 'a.prompt:1', 'no arguments'],
    ['{{> (lookup . "x")}}', 'a.prompt:1', 'computed'],
    ['{{#> name}}x{{/name}}', 'a.prompt:1', 'blocks'],
  ])('that cannot be part of one text are refused: %s', (text, place, words) => {
    const inlined = inlinePartials('a.prompt', text, partials);
    expect(inlined).toMatchObject({ ok: false });
    if (inlined.ok) return;
    expect(`${inlined.at.path}:${inlined.at.line}`).toBe(place);
    expect(inlined.message).toContain(words);
  });

  it('that multiply are bounded', () => {
    const bomb = new Map(
      Array.from(
        { length: 9 },
        (_, index) =>
          [`p${index}`, { path: `_p${index}.prompt`, text: `{{> p${index + 1}}}`.repeat(10) }] as const,
      ),
    );
    bomb.set('p9', { path: '_p9.prompt', text: 'x' });
    expect(inlinePartials('a.prompt', '{{> p0}}', bomb)).toMatchObject({ ok: false });
  });

  it.each<[string, string, string]>([
    // Handlebars' own parser would need minutes for it.
    ['that are nested in brackets', '{{> b}}', `{{f ${'(a '.repeat(50_000)}a${')'.repeat(50_000)}}}`],
    ['whose lines are moved in', `${' '.repeat(20_000)}{{> b}}\n`, 'x\n'.repeat(10_000)],
    ['that are a book of white space', '{{> b}}'.repeat(500), ' '.repeat(500_000)],
  ])('%s are refused before they cost anything', (_name, text, partial) => {
    const inlined = inlinePartials('a.prompt', text, new Map([['b', { path: '_b.prompt', text: partial }]]));
    expect(inlined).toMatchObject({ ok: false });
  });

  it('of very many lines are put in all the same', () => {
    const text = '\n'.repeat(131_000);
    const inlined = inlinePartials('a.prompt', '{{> b}}\n', new Map([['b', { path: '_b.prompt', text }]]));
    expect(inlined.ok && inlined.text).toBe(text);
  });
});

describe('a problem', () => {
  it('shows what its file is called, and lets nothing in it act upon a terminal', () => {
    const problem = { path: 'a\u001B[2J\u202E.prompt', line: 1, message: `"\u0000" \uD83D` };
    expect(printableProblem(problem)).toEqual({
      path: String.raw`a\u{1b}[2J\u{202e}.prompt`,
      line: 1,
      message: String.raw`"\u{0}" \u{d83d}`,
    });
  });
});

describe('what nobody names any more', () => {
  it('goes, the oldest first, beyond what is kept of each prompt', () => {
    const made = ['a1', 'a2', 'a3', 'b1'].map((name) => ({
      name,
      group: name.charAt(0),
      createdAt: `2026-01-0${name.charAt(1)}`,
    }));
    expect(garbageOf(made, new Set(['a1']), 1).map(({ name }) => name)).toEqual(['a2']);
    expect(garbageOf(made, new Set(), 0)).toHaveLength(4);
  });
});
