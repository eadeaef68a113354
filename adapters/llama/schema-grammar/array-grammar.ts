/** Lists: what stands first (`prefixItems`), what follows, how many, and what must be among them (`contains`). */
import type { Alternative } from './conjunction.ts';
import { type GrammarBuilder, COMMA, REPETITIONS_MAXIMUM, greatest, smallest } from './grammar-builder.ts';
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
import { type Schema, type SchemaObject, isSchema } from './schema-document.ts';
import { SchemaProblem } from './schema-problem.ts';

/** Positions times how many of the contained ones were seen. */
const COUNTED_PLACES_MAXIMUM = 5000;

interface Items {
  /** What stands at this position; beyond the last prefix it is the same for all. */
  readonly at: (position: number) => Expression;
  readonly schemasAt: (position: number) => readonly Schema[];
  readonly prefixLength: number;
  readonly least: number;
  readonly most: number | undefined;
}

export function arrayGrammar(members: Alternative, builder: GrammarBuilder): Expression {
  const items = itemsOf(members, builder);
  if (items.least > REPETITIONS_MAXIMUM) throw new SchemaProblem(`minItems is above ${REPETITIONS_MAXIMUM}`);
  if (members.some(({ schema }) => schema['uniqueItems'] === true)) builder.unkept('uniqueItems');
  const [contained, ...others] = members
    .map(({ schema }) => containedBy(schema))
    .filter((found) => found !== undefined);
  if (others.length > 0) builder.unkept('contains');
  const content =
    contained === undefined
      ? sequenceOf(items, builder)
      : (containing(contained, items, builder) ?? sequenceOf(items, builder));
  return sequence(text('['), content, text(']'));
}

function itemsOf(members: Alternative, builder: GrammarBuilder): Items {
  const shapes = members.map(({ schema }) => shapeOf(schema));
  const prefixLength = Math.max(0, ...shapes.map(({ prefix }) => prefix.length));
  const schemasAt = (position: number): readonly Schema[] => [
    ...shapes.map(({ prefix, rest }) => prefix[position] ?? rest ?? true),
    ...unevaluatedAt(position, members),
  ];
  const expressions = new Map<number, Expression>();
  const at = (position: number): Expression => {
    const place = Math.min(position, prefixLength);
    const item = expressions.get(place) ?? builder.valueOf(schemasAt(place));
    expressions.set(place, item);
    return item;
  };
  let most = smallest(members, 'maxItems');
  if (most !== undefined && most > REPETITIONS_MAXIMUM) {
    builder.unkept('maxItems');
    most = undefined;
  }
  return {
    at,
    schemasAt: (position) => schemasAt(Math.min(position, prefixLength)),
    prefixLength,
    least: greatest(members, 'minItems'),
    most,
  };
}

interface Shape {
  readonly prefix: readonly Schema[];
  readonly rest: Schema | undefined;
}

/** Draft-07 writes tuples as a list under `items`, and what follows under `additionalItems`. */
function shapeOf(schema: SchemaObject): Shape {
  const { items, prefixItems, additionalItems } = schema;
  const isOldTuple = Array.isArray(items);
  const prefix: unknown = isOldTuple ? items : prefixItems;
  const rest = isOldTuple ? additionalItems : items;
  return {
    prefix: Array.isArray(prefix) ? (prefix as Schema[]) : [],
    rest: isSchema(rest) ? rest : undefined,
  };
}

function unevaluatedAt(position: number, members: Alternative): readonly Schema[] {
  return members.flatMap((owner) => {
    const unevaluated = owner.schema['unevaluatedItems'];
    if (!isSchema(unevaluated)) return [];
    const isEvaluated = members.some((member) => {
      if (member !== owner && !member.owners.includes(owner.schema)) return false;
      const { prefix, rest } = shapeOf(member.schema);
      const hasOwn = member !== owner && isSchema(member.schema['unevaluatedItems']);
      return position < prefix.length || rest !== undefined || hasOwn;
    });
    return isEvaluated ? [] : [unevaluated];
  });
}

function sequenceOf(items: Items, builder: GrammarBuilder): Expression {
  const { prefixLength, least, most } = items;
  if (most !== undefined && most < least) return NEVER;
  let tail = restOf(items, builder);
  for (let position = Math.min(prefixLength, most ?? Infinity) - 1; position >= 0; position -= 1) {
    const item = sequence(text(position > 0 ? COMMA : ''), items.at(position), tail);
    tail = builder.ruleOf(position < least ? item : optional(item));
  }
  return tail;
}

/** What follows the prefixes. */
function restOf({ at, prefixLength, least, most }: Items, builder: GrammarBuilder): Expression {
  if (most !== undefined && most <= prefixLength) return NOTHING;
  const item = at(prefixLength);
  const next = builder.ruleOf(sequence(text(COMMA), item));
  const fewest = Math.max(0, least - prefixLength);
  const room = most === undefined ? undefined : most - prefixLength;
  if (prefixLength > 0) return repetition(next, fewest, room);
  const all = sequence(
    item,
    repetition(next, Math.max(0, fewest - 1), room === undefined ? undefined : room - 1),
  );
  return fewest === 0 ? optional(all) : all;
}

interface Contained {
  readonly schema: Schema;
  readonly least: number;
  readonly most: number | undefined;
}

function containedBy(schema: SchemaObject): Contained | undefined {
  const { contains, minContains, maxContains } = schema;
  if (!isSchema(contains)) return undefined;
  const least = typeof minContains === 'number' ? minContains : 1;
  const most = typeof maxContains === 'number' ? maxContains : undefined;
  return least === 0 && most === undefined ? undefined : { schema: contains, least, most };
}

/** One rule for each position and each count of the contained ones so far; undefined when these are too many. */
function containing(contained: Contained, items: Items, builder: GrammarBuilder): Expression | undefined {
  const { least, most } = items;
  const lastPosition = Math.max(1, items.prefixLength, least, most ?? 0);
  const lastCount = Math.max(contained.least, contained.most ?? 0);
  if (lastPosition * (lastCount + 1) > COUNTED_PLACES_MAXIMUM) {
    builder.unkept('contains');
    return undefined;
  }
  const rules = new Map<string, Expression>();
  const tail = (position: number, count: number): Expression => {
    const known = rules.get(`${position} ${count}`);
    if (known !== undefined) return known;
    const { rule, fill } = builder.laterRule();
    rules.set(`${position} ${count}`, rule);
    const mayEnd = position >= least && count >= contained.least;
    const mayGoOn = most === undefined || position < most;
    const next = Math.min(position + 1, lastPosition);
    const needsHit = count < contained.least || contained.most !== undefined;
    const mayHit = needsHit && (contained.most === undefined || count < contained.most);
    const step = (item: Expression, nextCount: number): Expression =>
      sequence(text(position > 0 ? COMMA : ''), item, tail(next, nextCount));
    const schemas = items.schemasAt(position);
    const isNot = builder.negationOf(contained.schema, 'contains');
    fill(
      choice(
        ...(mayEnd ? [NOTHING] : []),
        ...(mayGoOn && mayHit
          ? [step(builder.valueOf([...schemas, contained.schema]), Math.min(count + 1, lastCount))]
          : []),
        ...(mayGoOn
          ? [
              step(
                contained.most === undefined ? items.at(position) : builder.valueOf([...schemas, isNot]),
                count,
              ),
            ]
          : []),
      ),
    );
    return rule;
  };
  return tail(0, 0);
}
