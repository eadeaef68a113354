/**
 * JSON Schema for Anthropic's structured outputs, which take a part of it: objects must be closed and most bounds
 * are refused with status 400. As in Anthropic's own clients, a bound that cannot be sent is told to the model in
 * the description; whoever needs it as a law validates the answer, as the agent runtime does.
 */
type Schema = Readonly<Record<string, unknown>>;

const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

/** How a keyword is sent, or undefined when this value of it cannot be. */
type Translate = (value: unknown) => { readonly keyword: string; readonly value: unknown } | undefined;

const same =
  (keyword: string): Translate =>
  (value) => ({ keyword, value });
const schemas =
  (keyword: string): Translate =>
  (value) =>
    isSchema(value) ? { keyword, value: mapValues(value) } : undefined;
const alternatives =
  (keyword: string): Translate =>
  (value) =>
    Array.isArray(value) ? { keyword, value: value.map(toSchemaOrSame) } : undefined;

const TRANSLATIONS = new Map<string, Translate>(
  Object.entries({
    $ref: same('$ref'),
    type: same('type'),
    enum: same('enum'),
    const: same('const'),
    description: same('description'),
    title: same('title'),
    required: same('required'),
    properties: schemas('properties'),
    $defs: schemas('$defs'),
    definitions: schemas('definitions'),
    items: (value) => (isSchema(value) ? { keyword: 'items', value: toAnthropicSchema(value) } : undefined),
    anyOf: alternatives('anyOf'),
    allOf: alternatives('allOf'),
    // A model that generates picks one of the alternatives: for it the two mean the same.
    oneOf: alternatives('anyOf'),
    format: (value) =>
      typeof value === 'string' && FORMATS.has(value) ? { keyword: 'format', value } : undefined,
    minItems: (value) => (value === 0 || value === 1 ? { keyword: 'minItems', value } : undefined),
  }),
);

/** These constrain nothing that is generated. */
const WITHOUT_EFFECT = new Set(['$schema', '$id', '$comment', 'additionalProperties', 'default', 'examples']);

export function toAnthropicSchema(schema: Schema): Schema {
  const sent: Record<string, unknown> = {};
  const told: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (WITHOUT_EFFECT.has(keyword)) continue;
    const translated = TRANSLATIONS.get(keyword)?.(value);
    if (translated === undefined) told[keyword] = value;
    else sent[translated.keyword] = translated.value;
  }
  if (schema['type'] === 'object' || 'properties' in schema) {
    Object.assign(sent, {
      type: 'object',
      properties: sent['properties'] ?? {},
      additionalProperties: false,
    });
  }
  return Object.keys(told).length === 0
    ? sent
    : { ...sent, description: describe(sent['description'], told) };
}

/** A map with free keys would always come out empty, because objects are closed: better to say so beforehand. */
export function hasFreeKeys(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(hasFreeKeys);
  if (!isSchema(schema)) return false;
  const { additionalProperties: free } = schema;
  return (isSchema(free) && Object.keys(free).length > 0) || Object.values(schema).some(hasFreeKeys);
}

function describe(description: unknown, told: Schema): string {
  const bounds = Object.entries(told)
    .map(([keyword, value]) => `${keyword}: ${JSON.stringify(value)}`)
    .join(', ');
  return typeof description === 'string' && description !== ''
    ? `${description}\n\n{${bounds}}`
    : `{${bounds}}`;
}

function mapValues(schemas: Schema): Schema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, toSchemaOrSame(schema)]));
}

function toSchemaOrSame(schema: unknown): unknown {
  return isSchema(schema) ? toAnthropicSchema(schema) : schema;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
