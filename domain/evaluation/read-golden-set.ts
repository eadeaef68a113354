/**
 * Loads a golden set, whole or not at all: a field or an assertion that is not known would else be a check that nobody
 * makes. Every problem has its line.
 */
import type { z } from 'zod';
import { canonicalJson, sha256Hex } from '#domain/canonical-json/canonical-json.ts';
import { type SingleCheck, compileAssertion } from './assertions/compile-assertion.ts';
import { ASSERTION_TYPES } from './assertion-types.ts';
import { AssertionFields, AssertionSetFields, CaseFields, REFUSED_FIELDS } from './golden-case-fields.ts';
import type {
  AssertionSet,
  CaseAssertion,
  GoldenCase,
  GoldenSet,
  SingleAssertion,
  StubbedTool,
} from './golden-set.ts';
import { type GoldenSetProblem, type LocatedValue, type ValuePath, problemAt } from './located-value.ts';
import { didYouMean } from './nearest-name.ts';
import { CASES_MAXIMUM, type FileContent, readFileFormat } from './read-file-format.ts';
import { REFUSED_ASSERTIONS } from './refused-assertions.ts';
import { findOutside, findUnfilled } from './unfilled-references.ts';
import { fillValue } from './value-template.ts';

export type GoldenSetResult = { readonly ok: true; readonly goldenSet: GoldenSet } | GoldenSetProblem;

/** `name` is for people; the ending of `fileName` says the format. */
export function readGoldenSet(file: {
  readonly name: string;
  readonly fileName: string;
  readonly text: string;
}): GoldenSetResult {
  const content = readFileFormat(file.fileName, file.text);
  if (!content.ok) return content;
  const read = readContent(file.name, content);
  if (read.ok) return read;
  const withLines = content.withLines?.();
  const again = withLines === undefined ? read : readContent(file.name, withLines);
  return again.ok ? read : again;
}

function readContent(name: string, content: FileContent): GoldenSetResult {
  try {
    const cases = readCases(content);
    return { ok: true, goldenSet: { name, digest: digestOf(cases), cases } };
  } catch (error) {
    if (error instanceof LocatedError) return problemAt(error.line, error.message);
    throw error;
  }
}

class LocatedError extends Error {
  readonly line: number;
  constructor(line: number, problem: string) {
    super(problem);
    this.line = line;
  }
}

/** Lines and descriptions change nothing that is tested. */
function digestOf(cases: readonly GoldenCase[]): string {
  const tested = cases.map(({ id, vars, assertions, threshold, critical, tools }) => ({
    id,
    vars,
    assertions: assertions.map(withoutLine),
    threshold,
    critical,
    tools,
  }));
  return sha256Hex(canonicalJson(tested));
}

function withoutLine(assertion: CaseAssertion): unknown {
  const { line: _line, ...rest } = assertion;
  return rest.kind === 'set' ? { ...rest, assertions: rest.assertions.map(withoutLine) } : rest;
}

function readCases(content: FileContent): readonly GoldenCase[] {
  for (const template of Object.values(content.templates)) checkTemplate(template);
  const defaults =
    content.defaults === undefined ? undefined : readFields(CaseFields, content.defaults, 'the default test');
  const defaultAssertions =
    content.defaults === undefined
      ? []
      : readAssertions(content.defaults, defaults?.assert ?? [], content.templates);
  if (content.defaults !== undefined) refuseOutside(content.defaults, ['vars'], 'a variable');
  return casesOf(content, defaults, defaultAssertions);
}

function casesOf(
  content: FileContent,
  defaults: CaseFields | undefined,
  defaultAssertions: readonly CaseAssertion[],
): readonly GoldenCase[] {
  const cases: GoldenCase[] = [];
  const lineOfId = new Map<string, number>();
  for (const located of content.cases) {
    const fields = readFields(CaseFields, located, 'the case');
    refuseOutside(located, ['vars'], 'a variable');
    const own = readAssertions(located, fields.assert ?? [], content.templates);
    const merged = mergeDefaults(defaults, fields);
    refuseUnfilled(merged.vars ?? {}, located);
    const assertions = fields.options?.disableDefaultAsserts === true ? own : [...defaultAssertions, ...own];
    for (const one of expand(merged, assertions, located)) {
      const before = lineOfId.get(one.id);
      if (before !== undefined) {
        throw new LocatedError(
          one.line,
          fields.id === undefined
            ? `the case is the same as that on line ${before}`
            : `the id "${one.id}" stands on line ${before} already: ids must be unique`,
        );
      }
      lineOfId.set(one.id, one.line);
      cases.push(one);
      if (cases.length > CASES_MAXIMUM) {
        throw new LocatedError(
          one.line,
          `there are more than ${CASES_MAXIMUM} cases with lists of variables expanded`,
        );
      }
    }
  }
  return cases;
}

function mergeDefaults(defaults: CaseFields | undefined, fields: CaseFields): CaseFields {
  if (defaults === undefined) return fields;
  return {
    ...defaults,
    ...fields,
    vars: { ...defaults.vars, ...fields.vars },
    metadata: { ...defaults.metadata, ...fields.metadata },
    options: { ...defaults.options, ...fields.options },
  };
}

function readFields<Schema extends z.ZodType>(
  schema: Schema,
  located: LocatedValue,
  subject: string,
  path: readonly (string | number)[] = [],
): z.infer<Schema> {
  const value = valueAt(located, path);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  if (typeof value === 'string' && path.length === 0) {
    throw new LocatedError(
      located.lineOf(path),
      `${subject} is "${value.slice(0, 80)}", and must be written out here: a golden set is one file`,
    );
  }
  const [issue] = parsed.error.issues;
  const at = [
    ...path,
    ...(issue?.path.map((part) => (typeof part === 'number' ? part : String(part))) ?? []),
  ];
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    throw new LocatedError(located.lineOf([...at, key]), unknownField(key, subject, schema, issue.path));
  }
  const where =
    issue === undefined || issue.path.length === 0 ? subject : `${issue.path.join('.')} of ${subject}`;
  const message = issue?.message.replace(/^(?:Invalid input|Too small|Too big): /, '') ?? 'is not valid';
  throw new LocatedError(located.lineOf(at), `${where}: ${message}`);
}

function unknownField(key: string, subject: string, schema: z.ZodType, path: readonly PropertyKey[]): string {
  const why = REFUSED_FIELDS[key];
  const short = key.slice(0, 60);
  if (why !== undefined) return `"${short}" is not supported in ${subject}: ${why}`;
  const place = path.length === 0 ? subject : `${path.join('.')} of ${subject}`;
  const known = path.length === 0 && 'shape' in schema ? Object.keys(schema.shape as object) : [];
  return `"${short}" is no field of ${place}${known.length === 0 ? '' : didYouMean(key, known)}`;
}

function refuseOutside(located: LocatedValue, path: ValuePath, subject: string): void {
  const found = findOutside(valueAt(located, path), path);
  if (found === undefined) return;
  throw new LocatedError(
    located.lineOf(found.path),
    `${subject} names "${found.text.slice(0, 80)}": a golden set is one file, so write here what that holds`,
  );
}

function refuseUnfilled(vars: Readonly<Record<string, unknown>>, located: LocatedValue): void {
  const found = findUnfilled(vars);
  if (found === undefined) return;
  throw new LocatedError(
    located.lineOf(['vars', found.name]),
    `the variable "${found.name.slice(0, 60)}" holds "{{ ${found.of.slice(0, 60)} }}", which is not filled in: write out what it stands for`,
  );
}

function readAssertions(
  located: LocatedValue,
  given: readonly unknown[],
  templates: FileContent['templates'],
): readonly CaseAssertion[] {
  return given.map((_, index) => readAssertion(located, ['assert', index], templates));
}

function readAssertion(
  located: LocatedValue,
  path: readonly (string | number)[],
  templates: FileContent['templates'],
): CaseAssertion {
  const line = located.lineOf(path);
  const value = valueAt(located, path);
  const { type } = typeof value === 'object' && value !== null ? (value as { readonly type?: unknown }) : {};
  if (type !== 'assert-set') return readSingle(located, path, templates);
  const fields = readFields(AssertionSetFields, located, 'the assert-set', path);
  return {
    kind: 'set',
    assertions: fields.assert.map((_, index) => readSingle(located, [...path, 'assert', index], templates)),
    ...(fields.threshold === undefined ? {} : { threshold: fields.threshold }),
    weight: fields.weight ?? 1,
    ...(fields.metric === undefined ? {} : { metric: fields.metric }),
    line,
  } satisfies AssertionSet;
}

function valueAt(located: LocatedValue, path: readonly (string | number)[]): unknown {
  let value: unknown = located.value;
  for (const segment of path)
    value = (value as Record<string | number, unknown> | null | undefined)?.[segment];
  return value;
}

const TEMPLATE_REFERENCE = /^#\/assertionTemplates\/(?<name>[^/]+)$/;

function readSingle(
  located: LocatedValue,
  path: readonly (string | number)[],
  templates: FileContent['templates'],
): SingleAssertion {
  const line = located.lineOf(path);
  const given = valueAt(located, path);
  if (typeof given === 'object' && given !== null && '$ref' in given) {
    return { ...readSingle(templateOf(given, templates, line), [], {}), line };
  }
  const nested = (given as { readonly type?: unknown } | null | undefined)?.type;
  if (nested === 'assert-set' || nested === 'not-assert-set') {
    throw new LocatedError(
      line,
      nested === 'assert-set' ? 'an assert-set holds no other' : 'an assert-set cannot be turned round',
    );
  }
  const fields = readFields(AssertionFields, located, 'the assertion', path);
  refuseOutside(located, [...path, 'value'], `the assertion "${fields.type.slice(0, 60)}"`);
  const isInverse = fields.type.startsWith('not-');
  const name = isInverse ? fields.type.slice('not-'.length) : fields.type;
  const type = ASSERTION_TYPES.find((known) => known === name);
  if (type === undefined) {
    const why = REFUSED_ASSERTIONS[name];
    throw new LocatedError(
      line,
      why === undefined
        ? `"${fields.type.slice(0, 60)}" is no assertion${didYouMean(name, ASSERTION_TYPES)}`
        : `the assertion "${fields.type}" is not supported: ${why}`,
    );
  }
  return {
    kind: 'assertion',
    type,
    isInverse,
    ...(fields.value === undefined ? {} : { value: fields.value }),
    ...(fields.threshold === undefined ? {} : { threshold: fields.threshold }),
    weight: fields.weight ?? 1,
    ...(fields.metric === undefined ? {} : { metric: fields.metric }),
    line,
  };
}

function templateOf(
  given: { readonly $ref: unknown },
  templates: FileContent['templates'],
  line: number,
): LocatedValue {
  const other = Object.keys(given).find((key) => key !== '$ref');
  if (other !== undefined) {
    throw new LocatedError(line, `"${other.slice(0, 60)}" stands beside $ref, which stands alone`);
  }
  const name = TEMPLATE_REFERENCE.exec(String(given.$ref))?.groups?.['name'] ?? '';
  const template = Object.hasOwn(templates, name) ? templates[name] : undefined;
  if (template === undefined) {
    throw new LocatedError(line, `$ref must name one of assertionTemplates, as "#/assertionTemplates/NAME"`);
  }
  return template;
}

/** Also one that no case uses yet; what depends on a case's variables is checked with the case. */
function checkTemplate(template: LocatedValue): void {
  const single = readSingle(template, [], {});
  if (!JSON.stringify([single.value, single.metric]).includes('{{')) fillSingle(single, {});
}

/** One case for each combination of the variables that are lists, as promptfoo makes them. */
function expand(
  fields: CaseFields,
  assertions: readonly CaseAssertion[],
  located: LocatedValue,
): readonly GoldenCase[] {
  const line = located.lineOf([]);
  const combinations =
    fields.options?.disableVarExpansion === true ? [fields.vars ?? {}] : combine(fields.vars ?? {}, line);
  return combinations.map((vars, index) =>
    caseOf(fields, assertions, vars, { line, suffix: combinations.length === 1 ? '' : `/${index + 1}` }),
  );
}

function caseOf(
  fields: CaseFields,
  assertions: readonly CaseAssertion[],
  vars: Readonly<Record<string, unknown>>,
  { line, suffix }: { readonly line: number; readonly suffix: string },
): GoldenCase {
  const filled = assertions.map((assertion) => fillAssertion(assertion, vars));
  const tools = toolsOf(fields, line);
  const tested = { vars, assertions: filled.map(withoutLine), tools };
  const tags = tagsOf(fields);
  return {
    id:
      fields.id === undefined
        ? `case-${sha256Hex(canonicalJson(tested)).slice(0, 12)}`
        : `${fields.id}${suffix}`,
    ...(fields.description === undefined ? {} : { description: fields.description }),
    vars,
    assertions: filled,
    ...(fields.threshold === undefined ? {} : { threshold: fields.threshold }),
    critical: fields.critical ?? (isTrue(fields.metadata?.['critical']) || tags.includes('critical')),
    tags,
    tools,
    metadata: fields.metadata ?? {},
    line,
  };
}

function combine(
  vars: Readonly<Record<string, unknown>>,
  line: number,
): readonly Readonly<Record<string, unknown>>[] {
  let combined: readonly Readonly<Record<string, unknown>>[] = [{}];
  for (const [name, value] of Object.entries(vars)) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (combined.length * values.length > CASES_MAXIMUM) {
      throw new LocatedError(line, `the lists of variables make more than ${CASES_MAXIMUM} cases`);
    }
    combined = combined.flatMap((before) => values.map((each) => withVariable(before, name, each)));
  }
  if (combined.length === 0) {
    throw new LocatedError(
      line,
      'a variable is an empty list, which makes no case: set options.disableVarExpansion',
    );
  }
  return combined;
}

function withVariable(
  vars: Readonly<Record<string, unknown>>,
  name: string,
  value: unknown,
): Readonly<Record<string, unknown>> {
  return { ...vars, [name]: value };
}

function fillAssertion(assertion: CaseAssertion, vars: Readonly<Record<string, unknown>>): CaseAssertion {
  return assertion.kind === 'set'
    ? { ...assertion, assertions: assertion.assertions.map((each) => fillSingle(each, vars)) }
    : fillSingle(assertion, vars);
}

function fillSingle(assertion: SingleAssertion, vars: Readonly<Record<string, unknown>>): SingleAssertion {
  const filled = fillValue(assertion.value, vars);
  if (!filled.ok) throw new LocatedError(assertion.line, filled.problem);
  const metric = fillValue(assertion.metric, vars);
  if (!metric.ok) throw new LocatedError(assertion.line, metric.problem.replace('the value', 'the metric'));
  const whole = {
    ...assertion,
    ...(filled.value === undefined ? {} : { value: filled.value }),
    ...(typeof metric.value === 'string' && { metric: metric.value }),
  };
  const compiled: SingleCheck = compileAssertion(whole);
  if (!compiled.ok) {
    throw new LocatedError(
      assertion.line,
      `the assertion ${assertion.isInverse ? 'not-' : ''}${assertion.type} ${compiled.problem}`,
    );
  }
  return whole;
}

const ANY_ARGUMENTS = { type: 'object' } as const;

function toolsOf({ tools = [] }: CaseFields, line: number): readonly StubbedTool[] {
  const names = new Set<string>();
  return tools.map(({ name, description, parameters, results }) => {
    if (names.has(name)) throw new LocatedError(line, `the tool "${name}" stands twice`);
    names.add(name);
    return {
      name,
      description: description ?? '',
      parameters: parameters ?? ANY_ARGUMENTS,
      results: (results ?? []).map((result) =>
        typeof result === 'string' ? result : JSON.stringify(result),
      ),
    };
  });
}

function tagsOf({ tags, metadata }: CaseFields): readonly string[] {
  const all = [tags, metadata?.['tags']].flatMap((given) =>
    Array.isArray(given) ? given.map(String) : typeof given === 'string' ? given.split(',') : [],
  );
  return [...new Set(all.map((tag) => tag.trim()).filter((tag) => tag !== ''))];
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
