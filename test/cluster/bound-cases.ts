/**
 * Two objects for each bound of a schema: one at the bound, one just past it. They come from the generated
 * manifests, so a new field is tested without another line here.
 */
import type { StructuralSchema } from '#crds/structural-schema.ts';
import type { CustomResourceDefinition } from '#tools/manifests/custom-resource-definition.ts';
import { SAMPLES, type SampleObject, changed, valueAt } from './sample-objects.ts';

export interface BoundCase {
  readonly title: string;
  readonly object: SampleObject;
  /** What the refusal must say; undefined when the object must be accepted. */
  readonly refusal?: string;
}

/** The schema knows nothing of the CEL rules: what a value wants beside it, or in its place. */
const BUILT_IN_TOOL = { type: 'BuiltIn', name: 'calculate' };
const HTTP_TOOL = { type: 'Http', description: 'Books.', url: 'https://example.com/' };

interface Bound {
  readonly says: string;
  readonly value: unknown;
  readonly refusal?: string;
}

export function boundCases(definitions: readonly CustomResourceDefinition[]): readonly BoundCase[] {
  return definitions.flatMap(({ spec }) => {
    const schema = spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'] ?? {};
    return casesOf(spec.names.kind, schema, 'spec');
  });
}

function casesOf(kind: string, schema: StructuralSchema, path: string): readonly BoundCase[] {
  const own = boundsOf(schema, path).map((bound) => caseOf(kind, path, bound));
  const required = (schema.required ?? []).map((name) =>
    caseOf(kind, `${path}.${name}`, { says: 'missing', value: undefined, refusal: 'Required value' }),
  );
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    casesOf(kind, property, `${path}.${name}`),
  );
  const entries = schema.items ? casesOf(kind, schema.items, `${path}[0]`) : [];
  return [...own, ...required, ...inner, ...entries];
}

function caseOf(kind: string, path: string, { says, value, refusal }: Bound): BoundCase {
  const base = Object.values(SAMPLES).find(
    (sample) => sample.kind === kind && valueAt(sample, path) !== undefined,
  );
  if (!base) throw new Error(`no sample of ${kind} has ${path}: add it to test/cluster/sample-objects.ts`);
  const object = withWhatItWants(changed(base, path, value), path, value);
  const verb = refusal === undefined ? 'accepts' : 'refuses';
  const title = `${verb} ${kind} objects in which ${path} is ${says}`;
  return { title, object, ...(refusal === undefined ? {} : { refusal: `${path}: ${refusal}` }) };
}

function withWhatItWants(object: SampleObject, path: string, value: unknown): SampleObject {
  if (path === 'spec.tools[0].type' && value === BUILT_IN_TOOL.type) {
    return changed(object, 'spec.tools[0]', BUILT_IN_TOOL);
  }
  return path === 'spec.probes.judge.modelRef.name' && value !== undefined
    ? changed(object, 'spec.modelPolicy.allow', [{ name: value }])
    : object;
}

function boundsOf(schema: StructuralSchema, path: string): readonly Bound[] {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) {
    return [
      { says: 'any JSON object', value: { any: [1, 'two', { three: null }] } },
      { says: 'not an object', value: 'text', refusal: 'Invalid value: "string"' },
    ];
  }
  if (schema.enum) return enumBounds(schema.enum);
  if (schema.type === 'array') return arrayBounds(schema, path);
  if (schema.type === 'string') return stringBounds(schema);
  if (schema.type === 'integer') return integerBounds(schema, path);
  if (schema.type === 'boolean') return booleanBounds();
  return [{ says: 'not an object', value: 7, refusal: 'Invalid value: "integer"' }];
}

function enumBounds(values: readonly unknown[]): readonly Bound[] {
  return [
    ...values.map((value) => ({ says: String(value), value })),
    { says: 'not one of its values', value: 'Nonsense', refusal: 'Unsupported value: "Nonsense"' },
  ];
}

function booleanBounds(): readonly Bound[] {
  return [
    { says: 'true', value: true },
    { says: 'false', value: false },
    { says: 'a text', value: 'true', refusal: 'Invalid value: "string"' },
  ];
}

function integerBounds({ minimum, maximum }: StructuralSchema, path: string): readonly Bound[] {
  const bounds: Bound[] = [
    { says: 'a text', value: '1', refusal: 'Invalid value: "string"' },
    { says: 'a fraction', value: 1.5, refusal: 'Invalid value: "number"' },
  ];
  if (minimum !== undefined) {
    const refusal = `Invalid value: ${minimum - 1}: ${path} in body should be greater than or equal to ${minimum}`;
    bounds.push(
      { says: `${minimum}`, value: minimum },
      { says: `${minimum - 1}`, value: minimum - 1, refusal },
    );
  }
  if (maximum !== undefined) {
    const refusal = `Invalid value: ${maximum + 1}: ${path} in body should be less than or equal to ${maximum}`;
    bounds.push(
      { says: `${maximum}`, value: maximum },
      { says: `${maximum + 1}`, value: maximum + 1, refusal },
    );
  }
  return bounds;
}

function stringBounds({ minLength, maxLength, pattern }: StructuralSchema): readonly Bound[] {
  const bounds: Bound[] = [{ says: 'a number', value: 7, refusal: 'Invalid value: "integer"' }];
  if (minLength === 1) bounds.push({ says: 'empty', value: '', refusal: 'Invalid value: ""' });
  if (maxLength !== undefined) {
    const tooLong = longText(maxLength + 1, pattern);
    const longest = longText(maxLength, pattern);
    bounds.push({
      says: `${maxLength + 1} characters long`,
      value: tooLong ?? 'a'.repeat(maxLength + 1),
      refusal: 'Too long',
    });
    if (longest !== undefined) bounds.push({ says: `${maxLength} characters long`, value: longest });
  }
  if (pattern !== undefined) {
    bounds.push({ says: 'of another form', value: ' ?', refusal: 'Invalid value: " ?"' });
  }
  return bounds;
}

/** Texts of any length, one of which fits each pattern that allows the length at all. */
const LONG_TEXTS: readonly ((length: number) => string)[] = [
  (length) => 'a'.repeat(length),
  (length) => '1'.repeat(length),
  (length) => `https://${'a'.repeat(Math.max(0, length - 8))}`,
  (length) => `${'1'.repeat(9)}.${'1'.repeat(Math.max(0, length - 10))}`,
];

function longText(length: number, pattern: string | undefined): string | undefined {
  return LONG_TEXTS.map((text) => text(length)).find(
    (text) => text.length === length && (pattern === undefined || new RegExp(pattern).test(text)),
  );
}

function arrayBounds(schema: StructuralSchema, path: string): readonly Bound[] {
  const { minItems, maxItems, items = {} } = schema;
  const bounds: Bound[] = [{ says: 'not a list', value: {}, refusal: 'Invalid value: "object"' }];
  if (minItems !== undefined && minItems > 0) {
    const refusal = `Invalid value: 0: ${path} in body should have at least ${minItems} items`;
    bounds.push(
      { says: 'empty', value: [], refusal },
      { says: 'one entry', value: [entryAt(path, items, 0)] },
    );
  }
  if (maxItems !== undefined) {
    const most = distinctEntries(items, maxItems, path);
    bounds.push(
      { says: `${most.length} entries`, value: most },
      {
        says: `${maxItems + 1} entries`,
        value: Array.from({ length: maxItems + 1 }, (_, index) => entryAt(path, items, index)),
        refusal: `Too many: ${maxItems + 1}: must have at most ${maxItems} items`,
      },
    );
  }
  return bounds;
}

function distinctEntries(items: StructuralSchema, most: number, path: string): readonly unknown[] {
  const entries = Array.from({ length: most }, (_, index) => entryAt(path, items, index));
  return [...new Map(entries.map((value) => [JSON.stringify(value), value])).values()];
}

function entryAt(path: string, items: StructuralSchema, index: number): unknown {
  return ENTRIES[path]?.(index, items) ?? entry(items, index);
}

/** What a schema alone does not say of the entries of a list. */
const ENTRIES: Readonly<Partial<Record<string, (index: number, items: StructuralSchema) => object>>> = {
  'spec.tools': (index) => ({ ...HTTP_TOOL, name: `entry-${index}` }),
  'spec.steps': (index) => ({ pause: { seconds: index + 1 } }),
  'spec.windows': (index) => ({ start: '09:00', hours: index + 1 }),
  'spec.analysis.metrics': (index, items) => ({
    ...(entry(items, index) as object),
    usdPerRun: '1',
    seconds: 1,
  }),
};

/** The `index`-th entry of a list: distinct as far as the schema has distinct values. */
function entry(schema: StructuralSchema, index: number): unknown {
  if (schema.enum) return schema.enum[index % schema.enum.length];
  if (schema.type === 'string') return `entry-${index}`;
  return Object.fromEntries(
    (schema.required ?? []).map((name) => [name, entry(schema.properties?.[name] ?? {}, index)]),
  );
}
