/**
 * The check of JSON Schemas against the official test suite. A schema is judged as the suite says or refused by name,
 * and every reason to refuse is counted here, so that a new refusal is a decision and never an accident.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type JsonSchema, compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';

interface TestGroup {
  readonly description: string;
  readonly schema: JsonSchema | boolean;
  readonly tests: readonly {
    readonly description: string;
    readonly data: unknown;
    readonly valid: boolean;
  }[];
}

const suite = new URL('json-schema-test-suite/', import.meta.url);

/** What our sentences say of each reason to refuse a schema. */
const REASONS = {
  remoteReference: /refers to another document, and none is fetched/,
  metaSchemaReference: /refers to a meta-schema/,
  otherMetaSchema: /"\$schema" is .* which is not supported/,
  unknownFormat: /"format" in \S+ must be the name of a known format/,
  unknownKeyword: /is not a keyword of JSON Schema/,
  notASchema: /leads to no schema in this document/,
} as const;

interface Verdicts {
  /** The verdict is another than the suite's. */
  readonly wrong: string[];
  judged: number;
  readonly refused: Partial<Record<keyof typeof REASONS | 'otherwise', number>>;
}

function judge(folder: string, prepare: (schema: JsonSchema) => JsonSchema = (schema) => schema): Verdicts {
  const verdicts: Verdicts = { wrong: [], judged: 0, refused: {} };
  for (const [file, group] of groupsIn(folder)) {
    // The product takes objects: a boolean at the root means the same inside of one.
    const schema = typeof group.schema === 'boolean' ? { allOf: [group.schema] } : group.schema;
    const compiled = compileJsonSchema(prepare(schema));
    for (const test of group.tests) {
      if (!compiled.ok) {
        const reason = reasonOf(compiled.message);
        verdicts.refused[reason] = (verdicts.refused[reason] ?? 0) + 1;
        continue;
      }
      verdicts.judged += 1;
      const isValid = compiled.findProblems(test.data).length === 0;
      if (isValid !== test.valid) verdicts.wrong.push(`${file}: ${group.description}: ${test.description}`);
    }
  }
  return verdicts;
}

function* groupsIn(folder: string): Iterable<[string, TestGroup]> {
  for (const file of readdirSync(new URL(`${folder}/`, suite)).filter((name) => name.endsWith('.json'))) {
    for (const group of readJson(`${folder}/${file}`) as readonly TestGroup[]) yield [file, group];
  }
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, suite), 'utf8'));
}

function reasonOf(message: string): keyof typeof REASONS | 'otherwise' {
  for (const [reason, sentence] of Object.entries(REASONS)) {
    if (sentence.test(message)) return reason as keyof typeof REASONS;
  }
  return 'otherwise';
}

describe('the required tests of draft 2020-12', () => {
  it('are judged as the suite judges, but that a format is checked and not only noted', () => {
    const { wrong, judged, refused } = judge('draft2020-12');
    expect(refused).toEqual({
      remoteReference: 44,
      metaSchemaReference: 4,
      otherMetaSchema: 5,
      unknownFormat: 7,
    });
    expect(wrong.filter((name) => !name.endsWith('string is only an annotation by default'))).toEqual([]);
    expect(wrong).toHaveLength(18);
    expect(judged).toBe(1197);
  });

  it('are judged so with remote documents too, once they are copied under "$defs"', () => {
    const withRemotes = (schema: JsonSchema): JsonSchema => bundle(schema, 'draft2020-12');
    const { wrong, refused } = judge('draft2020-12', withRemotes);
    expect(wrong.filter((name) => !name.startsWith('format.json'))).toEqual([]);
    // Three documents are known by an address that is not their "$id": without fetching nobody knows it.
    expect(refused).toEqual({
      remoteReference: 6,
      metaSchemaReference: 4,
      otherMetaSchema: 5,
      unknownFormat: 7,
    });
  });
});

describe('the optional tests of draft 2020-12', () => {
  it('are judged as the suite judges: long numbers, unicode patterns, older spellings', () => {
    const { wrong, refused } = judge('draft2020-12/optional');
    expect(wrong).toEqual([]);
    expect(refused).toEqual({ remoteReference: 1, otherMetaSchema: 4, unknownKeyword: 7, notASchema: 2 });
  });

  it('of formats are judged as the suite judges, but for leap seconds in a time without a date', () => {
    const { wrong, refused } = judge('draft2020-12/optional/format');
    expect(wrong.filter((name) => !name.includes('leap second'))).toEqual([]);
    expect(wrong).toHaveLength(6);
    expect(refused).toEqual({ unknownFormat: 72 });
  });
});

describe('the required tests of draft 7', () => {
  it('are judged as the suite judges', () => {
    const { wrong, refused } = judge('draft7', (schema) => ({
      $schema: 'http://json-schema.org/draft-07/schema#',
      ...schema,
    }));
    expect(wrong).toEqual([]);
    expect(refused).toEqual({ remoteReference: 23, metaSchemaReference: 4, unknownFormat: 6 });
  });
});

const SERVER = 'http://localhost:1234/';

/** The schema with the remote documents that it refers to, and those they refer to, under "$defs". */
function bundle(schema: JsonSchema, draft: string): JsonSchema {
  if (reasonFor(schema) !== 'remoteReference') return schema;
  const paths = readdirSync(new URL(`remotes/${draft}/`, suite), { recursive: true, encoding: 'utf8' });
  const documents = paths
    .filter((path) => path.endsWith('.json') && !/metaschema|format-assertion/.test(path))
    .map((path): [string, JsonSchema] => {
      const address = `${SERVER}${draft}/${path}`;
      return [address, { $id: address, ...(readJson(`remotes/${draft}/${path}`) as JsonSchema) }];
    });
  const $id = typeof schema['$id'] === 'string' ? schema['$id'] : `${SERVER}root`;
  return {
    ...schema,
    $id,
    $defs: { ...(schema['$defs'] as object | undefined), ...Object.fromEntries(documents) },
  };
}

function reasonFor(schema: JsonSchema): string | undefined {
  const compiled = compileJsonSchema(schema);
  return compiled.ok ? undefined : reasonOf(compiled.message);
}
