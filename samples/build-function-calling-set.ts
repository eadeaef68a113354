/**
 * Writes golden-sets/function-calling.jsonl: 100 questions of the Berkeley Function Calling Leaderboard (Apache-2.0), 30
 * with one function to choose, 30 with several, 20 that need several calls and 20 that none of the functions answers.
 *
 *     pip download --no-deps bfcl-eval==2026.3.23 && unzip bfcl_eval-*.whl 'bfcl_eval/data/*'
 *     node samples/build-function-calling-set.ts bfcl_eval/data
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv, stderr, stdout } from 'node:process';
import { z } from 'zod';
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';

const OUTPUT = new URL('../golden-sets/function-calling.jsonl', import.meta.url);
const CASES_OF_FILE = { simple_python: 30, multiple: 30, parallel: 20, irrelevance: 20 } as const;

interface Parameter {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Parameter>>;
  readonly items?: Parameter;
  readonly [keyword: string]: unknown;
}

const Question = z.object({
  id: z.string(),
  question: z.array(z.array(z.object({ role: z.string(), content: z.string() }))),
  function: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      parameters: z.custom<Parameter>((value) => typeof value === 'object' && value !== null),
    }),
  ),
});
type Question = z.infer<typeof Question>;

/** For each call the values that each of its arguments may have; "" says that it may be left out. */
const Answer = z.object({
  id: z.string(),
  ground_truth: z.array(z.record(z.string(), z.record(z.string(), z.array(z.unknown())))),
});
type Answer = z.infer<typeof Answer>;

/** The leaderboard writes types as Python names them. */
const TYPE_OF: Readonly<Record<string, string>> = { dict: 'object', float: 'number', tuple: 'array' };

function schemaOf({ type, properties, items, ...others }: Parameter): Parameter {
  return {
    ...(type === undefined || type === 'any' ? {} : { type: TYPE_OF[type] ?? type }),
    ...(typeof others['description'] === 'string' && { description: others['description'] }),
    ...(Array.isArray(others['enum']) && { enum: others['enum'] }),
    ...(Array.isArray(others['required']) && { required: others['required'] }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, schemaOf(each)]),
      ),
    }),
    ...(items !== undefined && { items: schemaOf(items) }),
  };
}

/** Providers take no dot in the name of a function. */
function nameOf(name: string): string {
  return name.replaceAll('.', '_').slice(0, 64);
}

/** Any of these values; "" among them says nothing of the value. */
function valueSchema(allowed: readonly unknown[]): object {
  const schemas = allowed.filter((value) => value !== '').map(schemaOfValue);
  return schemas.length === 1 ? (schemas[0] ?? {}) : schemas.length === 0 ? {} : { anyOf: schemas };
}

function schemaOfValue(value: unknown): object {
  if (typeof value === 'string') return { type: 'string', pattern: `^${patternOf(value)}$` };
  if (Array.isArray(value)) {
    const [minItems, maxItems] = [value.length, value.length];
    return {
      type: 'array',
      minItems,
      maxItems,
      ...(maxItems > 0 && { prefixItems: value.map(schemaOfValue) }),
    };
  }
  return typeof value === 'object' && value !== null
    ? objectSchema(value as Readonly<Record<string, unknown>>)
    : { const: value };
}

function objectSchema(given: Readonly<Record<string, unknown>>): object {
  const members = Object.entries(given).map(
    ([name, allowed]) => [name, Array.isArray(allowed) ? allowed : [allowed]] as const,
  );
  return {
    type: 'object',
    properties: Object.fromEntries(members.map(([name, allowed]) => [name, valueSchema(allowed)])),
    required: members.filter(([, allowed]) => !allowed.includes('')).map(([name]) => name),
    additionalProperties: false,
  };
}

/** The leaderboard compares texts without regard to case, and without these characters. */
const IGNORED = String.raw`[ ,.\/_*^'"\-]`;

function patternOf(text: string): string {
  const parts = text.split(new RegExp(`${IGNORED}+`, 'u')).filter((part) => part !== '');
  return ['', ...parts.map((part) => Array.from(part, letterPattern).join('')), ''].join(`${IGNORED}*`);
}

function letterPattern(letter: string): string {
  const [small, large] = [letter.toLowerCase(), letter.toUpperCase()];
  return small === large ? letter.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`) : `[${small}${large}]`;
}

function wantedCalls({ ground_truth: calls }: Answer): readonly object[] {
  return calls.flatMap((call) =>
    Object.entries(call).map(([name, given]) => ({
      name: nameOf(name),
      schema: objectSchema(given),
    })),
  );
}

function toCase(question: Question, answer: Answer | undefined, file: string): object {
  const calls = answer === undefined ? [] : wantedCalls(answer);
  const asked = question.question.flat().findLast(({ role }) => role === 'user');
  return {
    id: question.id.replaceAll('_', '-'),
    description: calls.length === 0 ? 'calls nothing' : `calls ${calls.length} of the functions rightly`,
    vars: { question: asked?.content ?? '' },
    tools: question.function.map(({ name, description, parameters }) => ({
      name: nameOf(name),
      description,
      parameters: schemaOf(parameters),
    })),
    assert: [
      ...(calls.length === 0
        ? []
        : [{ type: 'is-valid-openai-tools-call', weight: 0, metric: 'valid calls' }]),
      { type: 'tool-call', value: calls, metric: file },
    ],
    tags: [file],
    metadata: { source: `bfcl-eval 2026.3.23, ${question.id}`, license: 'Apache-2.0' },
  };
}

/** A question of one turn, whose values can be told by a schema. */
function isPlain(question: Question, answer: Answer | undefined): boolean {
  const [turn = [], ...more] = question.question;
  const names = question.function.map(({ name }) => nameOf(name));
  return (
    more.length === 0 &&
    turn.every(({ role }) => role === 'user') &&
    turn.length === 1 &&
    new Set(names).size === names.length &&
    !canonicalJson(answer ?? {}).includes('lambda')
  );
}

async function readLines<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>[]> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return lines.map((line) => schema.parse(JSON.parse(line)));
}

/** Evenly spread, always the same ones. */
function choose<Item>(items: readonly Item[], count: number): readonly Item[] {
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * items.length) / count)]).filter(
    (item) => item !== undefined,
  );
}

const [, , data] = argv;
if (data === undefined) {
  stderr.write('usage: node samples/build-function-calling-set.ts bfcl_eval/data\n');
  process.exit(2);
}
const cases: object[] = [];
for (const [file, count] of Object.entries(CASES_OF_FILE)) {
  const name = `BFCL_v4_${file}.json`;
  const questions = await readLines(join(data, name), Question);
  const answers = file === 'irrelevance' ? [] : await readLines(join(data, 'possible_answer', name), Answer);
  const answerOf = new Map(answers.map((answer) => [answer.id, answer]));
  const plain = questions.filter((question) => isPlain(question, answerOf.get(question.id)));
  for (const question of choose(plain, count)) {
    cases.push(toCase(question, answerOf.get(question.id), file.replaceAll('_', '-')));
  }
}
await writeFile(OUTPUT, `${cases.map((each) => JSON.stringify(each)).join('\n')}\n`);
stdout.write(`${cases.length} cases written to golden-sets/function-calling.jsonl\n`);
