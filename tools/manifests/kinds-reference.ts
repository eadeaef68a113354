/** docs/reference/kinds.md: every field of every kind with its type, bounds and rules. */
import type { StructuralSchema } from '#crds/structural-schema.ts';
import type { CustomResourceDefinition } from './custom-resource-definition.ts';

export function kindsReference(definitions: readonly CustomResourceDefinition[], notice: string): string {
  return [
    `<!-- ${notice} -->`,
    '# Kinds',
    '',
    'All kinds are namespaced, refer only to objects of their own namespace, and belong to the category `capataz`:',
    '`kubectl get capataz` lists them all. The same text is in the cluster: `kubectl explain agent.spec`.',
    '',
    ...definitions.flatMap((definition) => [...kindSection(definition), '']),
  ].join('\n');
}

function kindSection({ spec }: CustomResourceDefinition): readonly string[] {
  const version = spec.versions[0];
  const schema = version?.schema.openAPIV3Schema ?? {};
  const { kind, plural, singular, shortNames = [] } = spec.names;
  const names = [plural, ...new Set([singular, ...shortNames])].map((name) => `\`${name}\``);
  const subresources = Object.keys(version?.subresources ?? {}).map((name) => `\`${name}\``);
  return [
    `## ${kind}`,
    '',
    `${schema.description} Written ${names.join(', ')} on the command line; subresources: ${subresources.join(', ')}.`,
    '',
    '### Spec',
    '',
    ...fieldTable(schema.properties?.['spec'], 'spec', true),
    '',
    ...rulesSection(schema),
    '### Status',
    '',
    ...fieldTable(schema.properties?.['status'], 'status', false),
    '',
    '### Columns of `kubectl get`',
    '',
    '| Column | Meaning | From |',
    '|---|---|---|',
    ...(version?.additionalPrinterColumns ?? []).map(
      (column) =>
        `| ${String(column['name'])}${column['priority'] === 1 ? ' (`-o wide`)' : ''} | ${sentence(String(column['description']))} | \`${cell(String(column['jsonPath']))}\` |`,
    ),
  ];
}

function fieldTable(
  schema: StructuralSchema | undefined,
  path: string,
  showRequired: boolean,
): readonly string[] {
  const heads = ['Field', 'Type', ...(showRequired ? ['Required'] : []), 'Description'];
  return [
    `| ${heads.join(' | ')} |`,
    `|${heads.map(() => '---').join('|')}|`,
    ...fieldRows(schema ?? {}, path, showRequired),
  ];
}

function fieldRows(schema: StructuralSchema, path: string, showRequired: boolean): readonly string[] {
  const rows: string[] = [];
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const fieldPath = `${path}.${name}`;
    const required = schema.required?.includes(name) === true ? ' yes |' : '  |';
    rows.push(
      `| \`${fieldPath}\` | ${cell(typeInWords(field))} |${showRequired ? required : ''} ${sentence(field.description)} |`,
      ...fieldRows(field.items ?? field, field.items ? `${fieldPath}[]` : fieldPath, showRequired),
    );
  }
  return rows;
}

function typeInWords(schema: StructuralSchema): string {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return 'any JSON object';
  if (schema.enum) return `one of ${schema.enum.map((value) => `\`${String(value)}\``).join(', ')}`;
  switch (schema.type) {
    case 'array':
      return `list of ${typeInWords(schema.items ?? {})}${range(schema.minItems, schema.maxItems, ' entries')}${uniqueness(schema)}`;
    case 'string':
      return `string${range(schema.minLength, schema.maxLength, ' characters')}${
        schema.pattern === undefined ? '' : `, matching \`${schema.pattern}\``
      }`;
    case 'integer':
    case 'number':
      return `${schema.type}${range(schema.minimum, schema.maximum, '')}`;
    case 'boolean':
    case 'object':
      return schema.type;
    case undefined:
      break;
  }
  return 'any JSON value';
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (least !== undefined && least === most) return `, ${least}${unit}`;
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}${unit}`;
  if (most !== undefined) return `, at most ${most}${unit}`;
  return least === undefined || least === 0 ? '' : `, at least ${least}${unit}`;
}

function uniqueness(schema: StructuralSchema): string {
  if (schema['x-kubernetes-list-type'] === 'set') return ', no value twice';
  const keys = schema['x-kubernetes-list-map-keys'];
  return keys === undefined ? '' : `, no ${keys.map((key) => `\`${key}\``).join(' and ')} twice`;
}

function rulesSection(schema: StructuralSchema): readonly string[] {
  const rules = rulesOf(schema, '');
  if (rules.length === 0) return [];
  return [
    '### Rules',
    '',
    'An object that breaks one is refused with this message.',
    '',
    '| At | Message |',
    '|---|---|',
    ...rules.map(
      ({ path, message }) => `| ${path === '' ? 'the object' : `\`${path}\``} | ${sentence(message)} |`,
    ),
    '',
  ];
}

function rulesOf(schema: StructuralSchema, path: string): readonly { path: string; message: string }[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message }) => ({ path, message }));
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    rulesOf(property, path === '' ? name : `${path}.${name}`),
  );
  return [...own, ...inner, ...(schema.items ? rulesOf(schema.items, `${path}[]`) : [])];
}

/** A pipe would end the cell, also inside code. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** Text outside of code, in which <name> would be taken for HTML. */
function sentence(text = ''): string {
  return cell(text).replaceAll('<', '&lt;');
}
