/** The keywords of JSON Schema, draft 6 to 2020-12. One that is not here is a slip of whoever wrote the schema. */

export interface SchemaPosition {
  readonly isSingle: boolean;
  readonly isList: boolean;
  readonly isMap: boolean;
}

const SINGLE = words(`
  additionalItems additionalProperties contains contentSchema else if items not propertyNames then
  unevaluatedItems unevaluatedProperties
`);
/** "items" was one or a list before 2020-12. */
const LISTS = words('allOf anyOf items oneOf prefixItems');
const MAPS = words('$defs definitions dependencies dependentSchemas patternProperties properties');

/** Whether the value of a keyword may be a schema, a list of schemas, or schemas by name. */
export function schemaPositionOf(keyword: string): SchemaPosition {
  return {
    isSingle: SINGLE.includes(keyword),
    isList: LISTS.includes(keyword),
    isMap: MAPS.includes(keyword),
  };
}

const ASSERTIONS = words(`
  type nullable const enum format pattern minLength maxLength
  minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
  minItems maxItems uniqueItems minContains maxContains
  required dependentRequired minProperties maxProperties
  $ref $dynamicRef
`);

/** Said about a value, never checked. The last rows are OpenAPI's, Gemini's, and those of editors and form builders. */
const ANNOTATIONS = words(`
  $schema $id $anchor $dynamicAnchor $comment title description default
  examples deprecated readOnly writeOnly contentEncoding contentMediaType
  discriminator example externalDocs xml
  propertyOrdering
  defaultSnippets enumDescriptions enumNames errorMessage markdownDescription markdownEnumDescriptions tsType
`);

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

export const KEYWORD_NAMES: ReadonlySet<string> = new Set([
  ...SINGLE,
  ...LISTS,
  ...MAPS,
  ...ASSERTIONS,
  ...ANNOTATIONS,
]);

/** Names that begin with "x-" are anybody's annotations. */
export function isKnownKeyword(name: string): boolean {
  return KEYWORD_NAMES.has(name) || name.startsWith('x-');
}
