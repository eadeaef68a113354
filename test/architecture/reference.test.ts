/** docs/reference says all that the code can say, and nothing else. */
import { describe, expect, it } from 'vitest';
import { KINDS } from '#crds/kinds.ts';
import { OBSERVED_CONDITIONS } from '#crds/observed-conditions.ts';
import { ASSERTION_TYPES } from '#domain/evaluation/assertion-types.ts';
import { VERDICT_EXIT_CODES, VERDICT_REASONS } from '#domain/evaluation/gate-verdict.ts';
import { readGoldenSet } from '#domain/evaluation/read-golden-set.ts';
import { REFUSED_ASSERTIONS } from '#domain/evaluation/refused-assertions.ts';
import {
  AGENT_FAILURES,
  CONSOLE_FAILURES,
  FAILURES,
  LEDGER_FAILURES,
  LOCAL_MODEL_FAILURES,
  OBSERVER_FAILURES,
  ROUTER_FAILURES,
} from '#domain/failures/failure-codes.ts';
import { FORMAT_NAMES } from '#domain/json-schema/formats.ts';
import { KEYWORD_NAMES } from '#domain/json-schema/keyword-names.ts';
import { RolloutDocument } from '#domain/rollout/rollout-document.ts';
import { KNOWN_NAMES } from '#domain/otlp/attribute-names.ts';
import { CAPATAZ } from '#telemetry/gen-ai-attributes.ts';
import { codeBlocksOf } from './markdown-pages.ts';
import { PRODUCT_FILES, matchesIn, textOf } from './source-files.ts';

/** Sections of a page by their heading of the second level. */
function sectionsOf(page: string): Readonly<Record<string, string>> {
  const text = textOf(`docs/reference/${page}.md`) ?? '';
  const sections = text.split(/^## /m).slice(1);
  return Object.fromEntries(
    sections.map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
  );
}

/** What stands in backticks at the beginning of each row of a table, one group a column. */
function rowsOf(section: string, pattern: RegExp): readonly string[] {
  return [...section.matchAll(pattern)].map(([, ...columns]) => columns.join(' '));
}

function sorted(words: Iterable<string>): readonly string[] {
  return [...words].toSorted();
}

describe('docs/reference/conditions.md', () => {
  it.each([
    ...KINDS.map(({ kind, conditions }) => [kind, conditions] as const),
    ['Agent, by the observer', OBSERVED_CONDITIONS] as const,
  ])('explains no reason of %s that is never given', (_kind, conditions) => {
    const given = matchesIn(
      PRODUCT_FILES.filter((path) => !path.startsWith('crds/')),
      /'([A-Z]\w+)'/g,
    );
    const reasons = Object.values(conditions).flatMap((meanings) => Object.keys(meanings));
    expect(reasons.filter((reason) => !given.has(reason))).toEqual([]);
  });
});

describe('docs/reference/configuration.md', () => {
  const configs = PRODUCT_FILES.filter((path) => path.endsWith('/config.ts'));
  const sections = sectionsOf('configuration');

  /** Where variables stand that several processes read. */
  function sharedBy(path: string): readonly string[] {
    const text = textOf(path) ?? '';
    return [...text.matchAll(/'#(process\/[\w/-]*(?:environment|loopback)\.ts)'/g)].map(
      ([, file = '']) => file,
    );
  }

  it('has a section for each process', () => {
    expect(sorted(Object.keys(sections))).toEqual(
      sorted(configs.map((path) => path.replace(/\/config\.ts$/, ''))),
    );
  });

  it.each(configs.map((path) => [path]))('explains each variable of %s and no other', (path) => {
    const explained = rowsOf(sections[path.replace(/\/config\.ts$/, '')] ?? '', /^\| `(CAPATAZ_\w+)`/gm);
    expect(sorted(explained)).toEqual(sorted(matchesIn([path, ...sharedBy(path)], /\b(CAPATAZ_[A-Z_]+)\b/g)));
  });

  it('misses no variable that is read beside config.ts', () => {
    const known = matchesIn(['docs/reference/configuration.md'], /`(CAPATAZ_[A-Z_]+)`/g);
    const named = matchesIn(PRODUCT_FILES, /\b(CAPATAZ_[A-Z]+(?:_[A-Z]+)*)\b/g);
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('docs/reference/metrics.md', () => {
  it('explains each metric and label of ours and no other', () => {
    const measured = matchesIn(PRODUCT_FILES, /'((?:capataz|gen_ai)_[a-z_]+)'/g);
    const explained = matchesIn(['docs/reference/metrics.md'], /`((?:capataz|gen_ai)_[a-z_]*[a-z])`/g);
    expect(sorted(explained)).toEqual(sorted(measured));
  });
});

describe('docs/reference/opentelemetry.md', () => {
  it('lists every attribute that is read of spans of others', () => {
    const page = textOf('docs/reference/opentelemetry.md') ?? '';
    expect(KNOWN_NAMES.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('says how a run tells which arm of which rollout it served, and names no attribute of ours that is not sent', () => {
    const named = matchesIn(['docs/reference/opentelemetry.md'], /`(capataz\.[a-z_.]*[a-z])`/g);
    expect([...named]).toEqual(expect.arrayContaining([CAPATAZ.rollout, CAPATAZ.arm]));
    const sent: readonly string[] = Object.values(CAPATAZ);
    expect([...named].filter((name) => !sent.includes(name))).toEqual([]);
  });
});

describe('docs/reference/errors.md', () => {
  const sections = sectionsOf('errors');

  it.each([
    ['Router', ROUTER_FAILURES],
    ['Agent', AGENT_FAILURES],
    ['Ledger', LEDGER_FAILURES],
    ['Console', CONSOLE_FAILURES],
    ['Observer', OBSERVER_FAILURES],
    ['Local model', LOCAL_MODEL_FAILURES],
  ])('says of each code of the section %s what the table of failures says', (title, failures) => {
    const explained = rowsOf(sections[title] ?? '', /^\| `(\w+)` \| (\d+) \| (.*) \|$/gm);
    const rows = Object.entries(failures).map(
      ([code, { status, meaning }]) => `${code} ${status} ${meaning}`,
    );
    expect(explained).toEqual(rows);
  });

  it('need not explain a code that no path emits', () => {
    const emitted = matchesIn(
      PRODUCT_FILES.filter((path) => path !== 'domain/failures/failure-codes.ts'),
      /'([a-z]+(?:_[a-z]+)*)'/g,
    );
    expect(Object.keys(FAILURES).filter((code) => !emitted.has(code))).toEqual([]);
  });
});

describe('docs/reference/configuration-stream.md', () => {
  it('shows a rollout as agents are told it', () => {
    const example = codeBlocksOf('docs/reference/configuration-stream.md').find(
      ({ language }) => language === 'json',
    );
    const whole = example?.text.replaceAll(
      /"([0-9a-f]{12})\.\.\."/g,
      (_, digits: string) => `"${digits.padEnd(64, '0')}"`,
    );
    expect(RolloutDocument.strict().safeParse(JSON.parse(whole ?? '')).error).toBeUndefined();
  });
});

describe('docs/reference/evaluation.md', () => {
  it('explains each verdict with its exit code, and each reason', () => {
    const page = textOf('docs/reference/evaluation.md') ?? '';
    const codes = [...page.matchAll(/^\| (\w+) \| (\d) \|/gm)].map(([, verdict, code]) => [
      verdict,
      Number(code),
    ]);
    expect(Object.fromEntries(codes)).toEqual(VERDICT_EXIT_CODES);
    const reasons = VERDICT_REASONS.filter((reason) => reason !== 'passed');
    expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
  });
});

describe('docs/reference/golden-sets.md', () => {
  it('lists each assertion and no other', () => {
    const { Assertions: assertions = '' } = sectionsOf('golden-sets');
    const rows = [...assertions.matchAll(/^\| (`[a-z].*?) \|/gm)].flatMap(([, cell = '']) =>
      rowsOf(cell, /`([a-z0-9-]+)`/g),
    );
    expect(sorted(rows)).toEqual(sorted([...ASSERTION_TYPES, 'assert-set']));
  });

  it('names assertions as refused that are, with what to write instead', () => {
    const [, refused = ''] =
      /^Refused, with what to write instead: ([\s\S]*?)\n\n/m.exec(
        textOf('docs/reference/golden-sets.md') ?? '',
      ) ?? [];
    const named = rowsOf(refused, /`([a-z-]+)`/g);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !(name in REFUSED_ASSERTIONS))).toEqual([]);
  });

  it('shows a case that is taken', () => {
    const [example] = codeBlocksOf('docs/reference/golden-sets.md');
    const text = `[${example?.text ?? ''}]`;
    expect(readGoldenSet({ name: 'weather', fileName: 'weather.json', text })).toMatchObject({ ok: true });
  });
});

describe('docs/reference/json-schema.md', () => {
  const { Keywords: keywords = '', Formats: formats = '' } = sectionsOf('json-schema');

  it.each([
    ['keyword', keywords, [...KEYWORD_NAMES, 'x-']],
    ['format', formats, FORMAT_NAMES],
  ])('names each %s that is known and no other', (_what, section, known) => {
    expect(sorted(rowsOf(section, /`([^`]+)`/g))).toEqual(sorted(new Set(known)));
  });
});
