/**
 * Objects: declared properties in the order in which they are declared, the optional ones present or not. Other names
 * follow them only where the schema describes them, or where nothing else could fill the object.
 */
import type { Alternative, Member } from './conjunction.ts';
import {
  type GrammarBuilder,
  COLON,
  COMMA,
  REPETITIONS_MAXIMUM,
  greatest,
  smallest,
} from './grammar-builder.ts';
import {
  type Expression,
  NEVER,
  NOTHING,
  choice,
  optional,
  repetition,
  sequence,
  text,
} from './grammar-expression.ts';
import { EXCLUDED_PATTERN, EXCLUDED_SCALARS } from './negation.ts';
import { type Schema, entriesOf, isObject, isSchema, propertyOf } from './schema-document.ts';
import { SchemaProblem } from './schema-problem.ts';
import { contains } from './string-language.ts';

const PATTERNS_MAXIMUM = 4;
/** Their rules are made one inside of the other. */
const PROPERTIES_MAXIMUM = 1000;
/** Properties times how many of them are counted. */
const COUNTED_PLACES_MAXIMUM = 5000;

interface Property {
  readonly entry: Expression;
  readonly isRequired: boolean;
}

export function objectGrammar(members: Alternative, builder: GrammarBuilder): Expression {
  const names = declaredNames(members);
  if (names.length > PROPERTIES_MAXIMUM) {
    throw new SchemaProblem(`an object has more than ${PROPERTIES_MAXIMUM} properties`);
  }
  const required = new Set(
    members.flatMap(({ schema }) => (schema['required'] as string[] | undefined) ?? []),
  );
  const nameSchemas = members.flatMap(({ schema }) =>
    isSchema(schema['propertyNames']) ? [schema['propertyNames']] : [],
  );
  const properties = names.map((name): Property => {
    const key =
      nameSchemas.length === 0
        ? text(JSON.stringify(name))
        : builder.valueOf([{ const: name }, ...nameSchemas]);
    const value = builder.valueOf(schemasOfName(name, members, builder));
    return { entry: sequence(key, text(COLON), value), isRequired: required.has(name) };
  });
  const free = freeEntries(names, nameSchemas, members, builder);
  const closed = assemble(properties, free.wanted, members, builder);
  return builder.preferring(closed, () =>
    assemble(properties, choice(free.wanted, free.others()), members, builder),
  );
}

function declaredNames(members: Alternative): readonly string[] {
  const declared = members.flatMap(({ schema }) => entriesOf(schema, 'properties').map(([name]) => name));
  const required = members.flatMap(({ schema }) => (schema['required'] as string[] | undefined) ?? []);
  return [...new Set([...declared, ...required])];
}

/** What each member says of a property of this name. */
function schemasOfName(name: string, members: Alternative, builder: GrammarBuilder): readonly Schema[] {
  const isMatched = (pattern: string): boolean => contains(builder.languageOf(pattern), name);
  return schemasOf(members, ({ schema }) => [
    ...propertyOf(schema, name),
    ...entriesOf(schema, 'patternProperties').flatMap(([key, inner]) => (isMatched(key) ? [inner] : [])),
  ]);
}

function schemasOf(members: Alternative, named: (member: Member) => readonly Schema[]): readonly Schema[] {
  const evaluated = new Map<Member, readonly Schema[]>();
  for (const member of members) {
    const found = named(member);
    const additional = member.schema['additionalProperties'];
    evaluated.set(member, found.length === 0 && isSchema(additional) ? [additional] : found);
  }
  const schemas = [...evaluated.values()].flat();
  for (const owner of members) {
    const unevaluated = owner.schema['unevaluatedProperties'];
    if (!isSchema(unevaluated)) continue;
    const isInside = (member: Member): boolean => member === owner || member.owners.includes(owner.schema);
    const isEvaluated = members.some(
      (member) =>
        isInside(member) &&
        ((evaluated.get(member) ?? []).length > 0 ||
          (member !== owner && isSchema(member.schema['unevaluatedProperties']))),
    );
    if (!isEvaluated) schemas.push(unevaluated);
  }
  return schemas;
}

interface FreeEntries {
  /** Names that the schema describes. */
  readonly wanted: Expression;
  /** Names that it merely does not forbid. */
  readonly others: () => Expression;
}

function freeEntries(
  names: readonly string[],
  nameSchemas: readonly Schema[],
  members: Alternative,
  builder: GrammarBuilder,
): FreeEntries {
  const patterns = [
    ...new Set(members.flatMap(({ schema }) => entriesOf(schema, 'patternProperties').map(([key]) => key))),
  ];
  if (patterns.length > PATTERNS_MAXIMUM) {
    throw new SchemaProblem(`patternProperties has more than ${PATTERNS_MAXIMUM} patterns in one place`);
  }
  const isDescribed =
    (names.length === 0 && patterns.length === 0) ||
    members.some(
      ({ schema }) =>
        hasContent(schema['additionalProperties']) || hasContent(schema['unevaluatedProperties']),
    );
  const wanted: Expression[] = [];
  let others = (): Expression => NEVER;
  // Each set of patterns that a name matches, the others not, is a kind of names of its own.
  for (let set = 0; set < 2 ** patterns.length; set += 1) {
    const matched = patterns.filter((_, index) => Math.floor(set / 2 ** index) % 2 === 1);
    const schemas = schemasOf(members, ({ schema }) =>
      entriesOf(schema, 'patternProperties').flatMap(([key, inner]) =>
        matched.includes(key) ? [inner] : [],
      ),
    );
    if (schemas.includes(false)) continue;
    const entry = (): Expression => {
      const key = builder.valueOf([
        { type: 'string', [EXCLUDED_SCALARS]: names },
        ...patterns.map((pattern) => ({
          [matched.includes(pattern) ? 'pattern' : EXCLUDED_PATTERN]: pattern,
        })),
        ...nameSchemas,
      ]);
      return builder.ruleOf(sequence(key, text(COLON), builder.valueOf(schemas)));
    };
    if (matched.length > 0 || isDescribed) wanted.push(entry());
    else others = entry;
  }
  return { wanted: choice(...wanted), others };
}

function hasContent(schema: unknown): boolean {
  return isObject(schema) && Object.keys(schema).length > 0;
}

/** One tail for each place in the order and each count so far. */
function assemble(
  properties: readonly Property[],
  free: Expression,
  members: Alternative,
  builder: GrammarBuilder,
): Expression {
  const least = greatest(members, 'minProperties');
  const most = smallest(members, 'maxProperties');
  const requiredCount = properties.filter(({ isRequired }) => isRequired).length;
  const isCounted =
    least > requiredCount || (most !== undefined && (free !== NEVER || most < properties.length));
  const countMaximum = isCounted ? Math.max(1, least, most ?? 0) : 1;
  if (isCounted && properties.length * Math.min(countMaximum, properties.length) > COUNTED_PLACES_MAXIMUM) {
    throw new SchemaProblem('minProperties or maxProperties stands over too many properties');
  }
  const tails = new Map<string, Expression>();
  const tail = (index: number, count: number): Expression => {
    const property = properties[index];
    if (property === undefined) {
      const bounds = isCounted
        ? { least: least - count, most: most === undefined ? most : most - count }
        : {};
      return freeTail(free, count > 0, { least: 0, most: undefined, ...bounds }, builder);
    }
    const known = tails.get(`${index} ${count}`);
    if (known !== undefined) return known;
    const mayWrite = !isCounted || most === undefined || count < most;
    const written = mayWrite
      ? sequence(
          text(count > 0 ? COMMA : ''),
          property.entry,
          tail(index + 1, Math.min(count + 1, countMaximum)),
        )
      : NEVER;
    const made = builder.ruleOf(property.isRequired ? written : choice(written, tail(index + 1, count)));
    tails.set(`${index} ${count}`, made);
    return made;
  };
  return sequence(text('{'), tail(0, 0), text('}'));
}

function freeTail(
  free: Expression,
  isAfterOthers: boolean,
  bounds: { readonly least: number; readonly most: number | undefined },
  builder: GrammarBuilder,
): Expression {
  const least = Math.max(0, bounds.least);
  let { most } = bounds;
  if (most !== undefined && most < 0) return NEVER;
  if (free === NEVER) return least === 0 ? NOTHING : NEVER;
  if (least > REPETITIONS_MAXIMUM) throw new SchemaProblem(`minProperties is above ${REPETITIONS_MAXIMUM}`);
  if (most !== undefined && most > REPETITIONS_MAXIMUM) {
    builder.unkept('maxProperties');
    most = undefined;
  }
  // A name may come twice, and counts once.
  if (least > 1) builder.unkept('minProperties');
  const next = builder.ruleOf(sequence(text(COMMA), free));
  if (isAfterOthers) return repetition(next, least, most);
  if (most === 0) return least === 0 ? NOTHING : NEVER;
  const entries = sequence(
    free,
    repetition(next, Math.max(0, least - 1), most === undefined ? undefined : most - 1),
  );
  return least === 0 ? optional(entries) : entries;
}
