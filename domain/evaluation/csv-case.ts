/** One row of a CSV file as a case, by promptfoo's columns: what has no name with `__` is a variable. */
import { ASSERTION_TYPES } from './assertion-types.ts';
import { didYouMean } from './nearest-name.ts';
import { REFUSED_ASSERTIONS } from './refused-assertions.ts';

const COLUMNS = [
  '__expected',
  '__description',
  '__metric',
  '__threshold',
  '__metadata:<key>',
  '__config:__expected<n>:threshold',
  '__id',
  '__critical',
  '__tags',
];
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

export type CsvCase =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

interface Row {
  readonly vars: Record<string, unknown>;
  readonly assert: Record<string, unknown>[];
  readonly metadata: Record<string, unknown>;
  readonly thresholds: Map<number, number>;
  readonly fields: Record<string, unknown>;
  metric?: string;
}

export function caseOfCsvRow(columns: readonly string[], cells: readonly string[]): CsvCase {
  const row: Row = { vars: {}, assert: [], metadata: {}, thresholds: new Map(), fields: {} };
  for (const [at, column] of columns.entries()) {
    const problem = readCell(row, column, cells[at] ?? '');
    if (problem !== undefined) return { ok: false, problem };
  }
  for (const [index, assertion] of row.assert.entries()) {
    if (row.metric !== undefined) assertion['metric'] = row.metric;
    const threshold = row.thresholds.get(index);
    if (threshold !== undefined) assertion['threshold'] = threshold;
  }
  const { vars, assert, metadata, fields } = row;
  return { ok: true, value: { ...fields, vars, assert, metadata, options: { disableVarExpansion: true } } };
}

/** A problem, or nothing. */
function readCell(row: Row, column: string, cell: string): string | undefined {
  const text = cell.trim();
  if (/^_(expected|description|metric|threshold|metadata|config|id|critical|tags)/.test(column)) {
    return `the column "${column}" begins with one underscore: write "_${column}"`;
  }
  if (!column.startsWith('__')) {
    row.vars[column] = cell;
    return undefined;
  }
  if (/^__expected\d*$/.test(column)) {
    if (text !== '') row.assert.push(assertionOfText(text));
    return undefined;
  }
  if (column.startsWith('__metadata:')) {
    readMetadata(row.metadata, column.slice('__metadata:'.length), text);
    return undefined;
  }
  if (column.startsWith('__config:')) return readConfig(row, column, text);
  return readField(row, column, text);
}

function readField(row: Row, column: string, text: string): string | undefined {
  switch (column) {
    case '__id':
    case '__description':
      if (text !== '') row.fields[column.slice(2)] = text;
      return undefined;
    case '__tags':
      if (text !== '') row.fields['tags'] = listOf(text);
      return undefined;
    case '__critical':
      if (!['', 'true', 'false'].includes(text.toLowerCase())) return '__critical must be true or false';
      row.fields['critical'] = text.toLowerCase() === 'true';
      return undefined;
    case '__metric':
      if (text !== '') row.metric = text;
      return undefined;
    case '__threshold':
      if (text !== '' && !NUMBER.test(text))
        return `__threshold must be a number, not "${text.slice(0, 40)}"`;
      if (text !== '') row.fields['threshold'] = Number(text);
      return undefined;
    default:
      return `"${column}" is no column of a golden set${didYouMean(column, COLUMNS)}`;
  }
}

function readMetadata(metadata: Record<string, unknown>, key: string, text: string): void {
  if (text === '') return;
  if (key.endsWith('[]')) metadata[key.slice(0, -2)] = listOf(text);
  else metadata[key] = text;
}

function listOf(text: string): readonly string[] {
  return text.split(/(?<!\\),/).map((each) => each.trim().replaceAll('\\,', ','));
}

function readConfig(row: Row, column: string, text: string): string | undefined {
  const found = /^__config:__expected(?<number>\d*):threshold$/.exec(column)?.groups?.['number'];
  if (found === undefined) return `"${column}" must be __config:__expected<n>:threshold`;
  if (text === '') return undefined;
  if (!NUMBER.test(text)) return `${column} must be a number, not "${text.slice(0, 40)}"`;
  row.thresholds.set(found === '' ? 0 : Number(found) - 1, Number(text));
  return undefined;
}

const WITH_LIST = new Set(['contains-all', 'contains-any', 'icontains-all', 'icontains-any']);
/** Of these promptfoo takes 0.75 when a cell gives no threshold, whatever sense that makes. */
const WITH_THRESHOLD = new Set(['cost', 'latency', 'levenshtein', 'rouge-n']);

function thresholdWhenNotGiven(type: string): number | undefined {
  return WITH_THRESHOLD.has(type) ? 0.75 : undefined;
}

/** `contains:word`, `not-regex:^a`, `levenshtein(3):word`; what begins with no assertion's name is the answer itself. */
export function assertionOfText(text: string): Record<string, unknown> {
  if (/^(javascript|fn|eval|python):|^file:\/\//.test(text)) return { type: 'javascript' };
  if (text.startsWith('grade:')) return { type: 'llm-rubric', value: text.slice('grade:'.length).trim() };
  const found =
    /^(?<not>not-)?(?<type>[a-z][a-z0-9-]*(?::(?:cosine|dot|euclidean|goal-success|tool-args-match|step-count|tool-sequence|tool-used)(?=[(:]|$))?)(?:\((?<threshold>\d+(?:\.\d+)?)\))?(?::(?<value>[\s\S]*))?$/.exec(
      text,
    )?.groups;
  const type = found?.['type'] ?? '';
  if (found === undefined || !NAMES.has(type)) return { type: 'equals', value: text };
  const value = found['value']?.trim();
  const given = found['threshold'];
  const threshold = given === undefined ? thresholdWhenNotGiven(type) : Number(given);
  return {
    type: `${found['not'] ?? ''}${type}`,
    ...(value !== undefined && { value: WITH_LIST.has(type) ? commaSeparated(value) : value }),
    ...(threshold !== undefined && { threshold }),
  };
}

/** What names an assertion that is not made here must not be taken for an answer. */
const NAMES = new Set<string>([...ASSERTION_TYPES, ...Object.keys(REFUSED_ASSERTIONS)]);

/** `a, "b, c"` is two values. */
export function commaSeparated(text: string): readonly string[] {
  return Array.from(
    text.matchAll(/\s*(?:"(?<quoted>(?:[^"\\]|\\.|"")*)"|(?<plain>[^,]+))\s*(?:,|$)/g),
    (found) =>
      found.groups?.['quoted'] === undefined
        ? (found.groups?.['plain'] ?? '').trim()
        : found.groups['quoted'].replaceAll('""', '"').replaceAll(/\\(.)/g, '$1'),
  ).filter((each) => each !== '');
}
