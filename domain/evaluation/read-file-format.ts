/**
 * JSONL, JSON, YAML and CSV as the same list of located cases. What a file may hold is bounded before it is parsed.
 */
import { CsvError, parse as parseCsv } from 'csv-parse/sync';
import { isMap, isNode, isSeq } from 'yaml';
import type { ParsedNode } from 'yaml';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { readBoundedYaml } from '#domain/bounded-yaml/bounded-yaml.ts';
import { caseOfCsvRow } from './csv-case.ts';
import {
  type GoldenSetProblem,
  type LocatedValue,
  locatedIn,
  onOneLine,
  problemAt,
} from './located-value.ts';
import { didYouMean } from './nearest-name.ts';

export const FILE_MAXIMUM_CHARACTERS = 16 * 1024 * 1024;
const YAML_MAXIMUM_CHARACTERS = 4 * 1024 * 1024;
const LINE_MAXIMUM_CHARACTERS = 1024 * 1024;
export const CASES_MAXIMUM = 5_000;
const LINE_BOUNDS = { depth: 64, values: 20_000 };
const FILE_BOUNDS = { depth: 64, values: 1_000_000 };
const COLUMNS_MAXIMUM = 200;

export interface FileContent {
  readonly ok: true;
  readonly cases: readonly LocatedValue[];
  readonly defaults?: LocatedValue;
  /** By name, for `$ref: '#/assertionTemplates/NAME'`. */
  readonly templates: Readonly<Record<string, LocatedValue>>;
  /** The same with the line of everything: slower to read, and wanted only when something is wrong. */
  readonly withLines?: () => FileContent | undefined;
}

export function readFileFormat(fileName: string, text: string): FileContent | GoldenSetProblem {
  if (text.length > FILE_MAXIMUM_CHARACTERS) {
    return problemAt(1, `the file is longer than ${FILE_MAXIMUM_CHARACTERS} characters`);
  }
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const ending = /\.([a-z]+)$/i.exec(fileName)?.[1]?.toLowerCase();
  const read = readerOf(ending);
  if (read === undefined) {
    return problemAt(1, `a golden set ends with .jsonl, .json, .yaml, .yml or .csv, not as "${fileName}"`);
  }
  const content = read(source);
  if (!content.ok) return content;
  if (content.cases.length === 0) return problemAt(1, 'there are no cases');
  if (content.cases.length > CASES_MAXIMUM) return problemAt(1, `there are more than ${CASES_MAXIMUM} cases`);
  return content;
}

function readerOf(
  ending: string | undefined,
): ((text: string) => FileContent | GoldenSetProblem) | undefined {
  if (ending === 'jsonl' || ending === 'ndjson') return readJsonLines;
  if (ending === 'json') return readJson;
  if (ending === 'yaml' || ending === 'yml') return readYaml;
  return ending === 'csv' ? readCsv : undefined;
}

function readJsonLines(text: string): FileContent | GoldenSetProblem {
  const cases: LocatedValue[] = [];
  let line = 0;
  for (const written of text.split(/\r\n|\n|\r/)) {
    line += 1;
    if (written.trim() === '') continue;
    if (written.length > LINE_MAXIMUM_CHARACTERS) {
      return problemAt(line, `the line is longer than ${LINE_MAXIMUM_CHARACTERS} characters`);
    }
    const parsed = parseBoundedJson(written, LINE_BOUNDS);
    if (!parsed.ok) return problemAt(line, `the line ${parsed.message}`);
    cases.push(onOneLine(parsed.value, line));
    if (cases.length > CASES_MAXIMUM) break;
  }
  return { ok: true, cases, templates: {} };
}

function readJson(text: string): FileContent | GoldenSetProblem {
  const parsed = parseBoundedJson(text, FILE_BOUNDS);
  if (!parsed.ok) return problemAt(lineOfJsonError(text, parsed.message), `the file ${parsed.message}`);
  const isList = Array.isArray(parsed.value);
  const lines = linesOfObjects(text, isList ? 1 : 2, isList ? 0 : text.search(/"tests"\s*:\s*\[/));
  const content = contentOf(onOneLine(parsed.value, 1), (index, value) =>
    onOneLine(value, lines[index] ?? 1),
  );
  // JSON is YAML, whose reader knows where everything stands.
  const withLines = (): FileContent | undefined => {
    const read = readYaml(text);
    return read.ok ? read : undefined;
  };
  if (content.ok) return { ...content, withLines };
  const again = readYaml(text);
  return again.ok || again.problem !== content.problem ? content : again;
}

function lineOfJsonError(text: string, message: string): number {
  const position = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
  return text.slice(0, position).split('\n').length;
}

/** The lines on which objects begin that stand so deep, behind a place. */
function linesOfObjects(text: string, depthWanted: number, from: number): readonly number[] {
  const lines: number[] = [];
  let line = 1;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\n') line += 1;
    if (isInString) {
      if (character === '\\') at += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') {
      isInString = true;
    } else if (character === '{' || character === '[') {
      if (character === '{' && depth === depthWanted && at >= from) lines.push(line);
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
    }
  }
  return lines;
}

function readYaml(text: string): FileContent | GoldenSetProblem {
  const read = readBoundedYaml(text, {
    subject: 'the file',
    characters: YAML_MAXIMUM_CHARACTERS,
    depth: 64,
    entries: 200_000,
    lines: 200_000,
  });
  if (!read.ok) return problemAt(Math.max(1, read.line), read.problem);
  const { document, lineAt } = read;
  const { contents } = document;
  if (!isNode(contents)) return problemAt(1, 'there are no cases');
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  const tests = isMap(contents) ? contents.get('tests', true) : contents;
  return contentOf(locatedIn(contents, value, lineAt), (index, each) => {
    const node: unknown = isSeq(tests) ? tests.items[index] : undefined;
    return isNode(node) ? locatedIn(node as ParsedNode, each, lineAt) : onOneLine(each, 1);
  });
}

/** Of promptfoo's configuration, what says nothing about cases: who writes a set for both may keep it. */
const WITHOUT_EFFECT = [
  '$schema',
  'prompts',
  'providers',
  'targets',
  'evaluateOptions',
  'commandLineOptions',
  'outputPath',
  'sharing',
  'env',
];
const SET_FIELDS = ['description', 'tests', 'defaultTest', 'assertionTemplates'];

/** A list of cases, or promptfoo's configuration with its `tests`. */
function contentOf(
  file: LocatedValue,
  locate: (index: number, value: unknown) => LocatedValue,
): FileContent | GoldenSetProblem {
  const { value } = file;
  if (Array.isArray(value)) {
    return { ok: true, cases: value.map((each, index) => locate(index, each)), templates: {} };
  }
  if (typeof value !== 'object' || value === null) {
    return problemAt(1, 'the file must hold a list of cases, or a mapping with "tests"');
  }
  const settings = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(settings).find((key) => ![...SET_FIELDS, ...WITHOUT_EFFECT].includes(key));
  if (unknown !== undefined) {
    return problemAt(
      file.lineOf([unknown]),
      `"${unknown}" is no field of a golden set${didYouMean(unknown, SET_FIELDS)}`,
    );
  }
  const { tests, defaultTest, assertionTemplates } = settings;
  if (!Array.isArray(tests)) {
    return problemAt(
      file.lineOf(['tests']),
      'tests must be a list of cases written out here: a file of its own is loaded by its own name',
    );
  }
  if (assertionTemplates !== undefined && !isMapping(assertionTemplates)) {
    return problemAt(file.lineOf(['assertionTemplates']), 'assertionTemplates must be assertions by name');
  }
  return {
    ok: true,
    cases: tests.map((each, index) => locate(index, each)),
    ...(defaultTest === undefined
      ? {}
      : {
          defaults: {
            value: defaultTest,
            lineOf: (path) => file.lineOf(['defaultTest', ...path]),
          },
        }),
    templates: Object.fromEntries(
      Object.entries(assertionTemplates ?? {}).map(([name, template]) => [
        name,
        { value: template, lineOf: (path) => file.lineOf(['assertionTemplates', name, ...path]) },
      ]),
    ),
  };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function readCsv(text: string): FileContent | GoldenSetProblem {
  let rows: readonly CsvRecord[];
  try {
    rows = parseCsv(text, {
      info: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: LINE_MAXIMUM_CHARACTERS,
      to: CASES_MAXIMUM + 2,
    }) as unknown as readonly CsvRecord[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as CsvError & { readonly lines?: number };
    return problemAt(lines ?? 1, `the file is no CSV: ${error.message}`);
  }
  const [header, ...records] = rows;
  if (header === undefined) return problemAt(1, 'there are no cases');
  const columns = header.record.map((name) => name.trim());
  if (columns.length > COLUMNS_MAXIMUM) {
    return problemAt(1, `there are more than ${COLUMNS_MAXIMUM} columns`);
  }
  const twice = columns.find((name, at) => columns.indexOf(name) !== at && name !== '__expected');
  if (twice !== undefined) return problemAt(1, `the column "${twice}" stands twice`);
  const cases: LocatedValue[] = [];
  let line = header.info.lines;
  for (const { record, info } of records) {
    // Of a record the parser tells the line on which it ends.
    const first = line + 1;
    line = info.lines;
    if (record.length !== columns.length) {
      return problemAt(first, `the row has ${record.length} cells, and there are ${columns.length} columns`);
    }
    const read = caseOfCsvRow(columns, record);
    if (!read.ok) return problemAt(first, read.problem);
    cases.push(onOneLine(read.value, first));
  }
  return { ok: true, cases, templates: {} };
}
