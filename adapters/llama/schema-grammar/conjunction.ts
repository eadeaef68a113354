/**
 * What must fit together, taken apart: `$ref` and `allOf` are followed, `anyOf`, `oneOf`, `if` and dependencies become
 * alternatives. Each alternative is a list of schemas of which only the keywords of one place are left to be read.
 */
import type { CheckedKeyword } from './checked-afterwards.ts';
import { EXCLUDED_SCALARS, SCALARS, TYPES, isScalar, negate, schemaOfValue } from './negation.ts';
import {
  type Schema,
  type SchemaDocument,
  type SchemaObject,
  entriesOf,
  listOf,
  propertyOf,
} from './schema-document.ts';
import { SchemaProblem } from './schema-problem.ts';
import { ALL_TYPES, type ValueType, statedTypes, typeOfValue } from './value-types.ts';

const STEPS_MAXIMUM = 50_000;
const ALTERNATIVES_MAXIMUM = 300;
/** Beyond it `oneOf` is taken as `anyOf` and checked afterwards. */
const EXCLUSIVE_BRANCHES_MAXIMUM = 64;
const DISJOINT_DEPTH_MAXIMUM = 4;

export interface Member {
  readonly schema: SchemaObject;
  /** The schemas around it, at the same place, that have `unevaluatedProperties` or `unevaluatedItems`. */
  readonly owners: readonly SchemaObject[];
}

export type Alternative = readonly Member[];

type Candidate = readonly { readonly schema: Schema; readonly owners: readonly SchemaObject[] }[];

interface State {
  readonly pending: Candidate;
  readonly members: readonly Member[];
  readonly seen: ReadonlySet<string>;
  readonly types: readonly ValueType[];
  /** Of each, one must be chosen. */
  readonly choices: readonly (readonly Candidate[])[];
}

interface ExclusiveBranches {
  readonly isKept: boolean;
  readonly branches: readonly (readonly Schema[])[];
}

export class Conjunctions {
  readonly #document: SchemaDocument;
  readonly #unkept: (keyword: CheckedKeyword) => void;
  readonly #names = new Map<Schema, number>();
  readonly #negations = new Map<string, Schema>();
  /** Schemas that are only a means here: what they look at does not count as evaluated. */
  readonly #silent = new Set<Schema>();
  readonly #exclusive = new Map<SchemaObject, ExclusiveBranches>();
  readonly #settled = new Map<Schema, State | undefined>();
  readonly #ending = new Set<Schema>();
  #steps = 0;

  constructor(document: SchemaDocument, unkept: (keyword: CheckedKeyword) => void) {
    this.#document = document;
    this.#unkept = unkept;
  }

  /** The same number for the same schema of the document. */
  nameOf(schema: Schema): number {
    const name = this.#names.get(schema) ?? this.#names.size;
    this.#names.set(schema, name);
    return name;
  }

  negationOf(schema: Schema, keyword: CheckedKeyword): Schema {
    const key = `${keyword} ${this.nameOf(schema)}`;
    const negation = this.#negations.get(key) ?? negate(schema, this.#document, keyword);
    this.#negations.set(key, negation);
    this.#silent.add(negation);
    return negation;
  }

  /** Throws SchemaProblem when there are too many. */
  alternativesOf(schemas: readonly Schema[]): readonly Alternative[] {
    for (const schema of schemas) this.#requireEnd(schema, new Set());
    const found = new Map<string, Alternative>();
    const states: State[] = [
      {
        pending: schemas.map((schema) => ({ schema, owners: [] })),
        members: [],
        seen: new Set(),
        types: ALL_TYPES,
        choices: [],
      },
    ];
    for (let state = states.pop(); state !== undefined; state = states.pop()) {
      const settled = this.#settle(state);
      if (settled === undefined) continue;
      const [choice, ...choices] = settled.choices;
      if (choice === undefined) {
        found.set([...settled.seen].toSorted().join(' '), settled.members);
        if (found.size > ALTERNATIVES_MAXIMUM) throw tooManyAlternatives();
      } else {
        // The last is taken first.
        for (const pending of choice.toReversed()) states.push({ ...settled, pending, choices });
      }
    }
    return [...found.values()];
  }

  /** Follows everything that leaves no choice; undefined when nothing can fit. */
  #settle(state: State): State | undefined {
    const pending = [...state.pending];
    const members = [...state.members];
    const seen = new Set(state.seen);
    const choices = [...state.choices];
    let { types } = state;
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      this.#steps += 1;
      if (this.#steps > STEPS_MAXIMUM) throw tooManyAlternatives();
      const { schema } = next;
      if (schema === false) return undefined;
      if (schema === true) continue;
      const key = [this.nameOf(schema), ...next.owners.map((owner) => this.nameOf(owner))].join('<');
      if (seen.has(key)) continue;
      seen.add(key);
      if (this.#document.standsAlone(schema)) {
        pending.unshift({ schema: this.#document.targetOf(schema, '$ref') ?? true, owners: next.owners });
        continue;
      }
      const stated = (schema[TYPES] as readonly ValueType[] | undefined) ?? statedTypes(schema);
      if (stated !== undefined) types = types.filter((type) => stated.includes(type));
      if (types.length === 0) return undefined;
      const isOwner = 'unevaluatedProperties' in schema || 'unevaluatedItems' in schema;
      const owners = isOwner ? [...next.owners, schema] : next.owners;
      members.push({ schema, owners });
      const inside = (inner: Schema): Candidate[number] => ({
        schema: inner,
        owners: this.#silent.has(inner) ? [] : owners,
      });
      pending.push(...this.#demandsOf(schema).map(inside));
      choices.push(
        ...this.#choicesOf(schema, owners.length > 0).map((branches) =>
          branches.map((branch) => branch.map(inside)),
        ),
      );
    }
    return { pending, members, seen, types, choices };
  }

  /** What must fit at the same place. */
  #demandsOf(schema: SchemaObject): readonly Schema[] {
    const demands: Schema[] = [...listOf(schema, 'allOf')];
    for (const keyword of ['$ref', '$dynamicRef']) {
      const target = this.#document.targetOf(schema, keyword);
      if (target !== undefined) demands.push(target);
    }
    if ('not' in schema) demands.push(this.negationOf(schema['not'] as Schema, 'not'));
    if ('const' in schema) {
      const value = schema['const'];
      demands.push(isScalar(value) ? this.#scalars(schema, 'const', [value]) : this.#value(value));
    }
    return demands;
  }

  #choicesOf(schema: SchemaObject, isWatched: boolean): readonly (readonly (readonly Schema[])[])[] {
    const choices: (readonly (readonly Schema[])[])[] = [];
    if ('anyOf' in schema) choices.push(listOf(schema, 'anyOf').map((branch) => [branch]));
    if ('oneOf' in schema) choices.push(this.#exclusiveBranches(schema));
    if (Array.isArray(schema['enum'])) choices.push(this.#enumBranches(schema, schema['enum']));
    // A condition alone decides nothing, but what it looked at is no longer unevaluated.
    if ('if' in schema && ('then' in schema || 'else' in schema || isWatched)) {
      const condition = schema['if'] as Schema;
      const { then: consequence = true, else: otherwise = true } = schema;
      choices.push([
        [condition, consequence as Schema],
        [this.negationOf(condition, 'if'), otherwise as Schema],
      ]);
    }
    for (const [name, demanded] of this.#dependenciesOf(schema)) {
      const absent = this.#made(schema, `absent ${name}`, () => ({ properties: { [name]: false } }));
      // Of an object: what is none has no such property, whatever the demanded schema says of it.
      const present = this.#made(schema, `present ${name}`, () => ({
        [TYPES]: ['object'],
        required: [name],
      }));
      choices.push([[absent], [present, demanded]]);
    }
    return choices;
  }

  readonly #madeSchemas = new Map<string, Schema>();

  /** Schemas that are written here must be the same ones each time, or a recursion would never come back. */
  #made(schema: SchemaObject, key: string, make: () => Schema): Schema {
    const name = `${this.nameOf(schema)} ${key}`;
    const made = this.#madeSchemas.get(name) ?? make();
    this.#madeSchemas.set(name, made);
    return made;
  }

  /** What must hold when a property is there: `dependentSchemas`, `dependentRequired`, draft-07's `dependencies`. */
  #dependenciesOf(schema: SchemaObject): readonly (readonly [string, Schema])[] {
    const lists = ['dependentRequired', 'dependencies'].flatMap((keyword) =>
      Object.entries((schema[keyword] ?? {}) as Record<string, unknown>)
        .filter(([, names]) => Array.isArray(names))
        .map(
          ([name, names]) =>
            [name, this.#made(schema, `${keyword} ${name}`, () => ({ required: names }))] as const,
        ),
    );
    return [...lists, ...entriesOf(schema, 'dependentSchemas'), ...entriesOf(schema, 'dependencies')];
  }

  #scalars(schema: SchemaObject, keyword: string, values: readonly unknown[]): Schema {
    return this.#made(schema, `scalars of ${keyword}`, () => ({ [SCALARS]: values }));
  }

  #value(value: unknown): Schema {
    const key = `value ${JSON.stringify(value)}`;
    const made = this.#madeSchemas.get(key) ?? schemaOfValue(value);
    this.#madeSchemas.set(key, made);
    this.#silent.add(made);
    return made;
  }

  #enumBranches(schema: SchemaObject, values: readonly unknown[]): readonly (readonly Schema[])[] {
    const scalars = values.filter(isScalar);
    const others = values.filter((value) => !isScalar(value));
    return [
      ...(scalars.length > 0 ? [[this.#scalars(schema, 'enum', scalars)]] : []),
      ...others.map((value) => [this.#value(value)]),
    ];
  }

  /** Each branch without the others, where they overlap. */
  #exclusiveBranches(schema: SchemaObject): readonly (readonly Schema[])[] {
    const exclusive = this.#exclusive.get(schema) ?? this.#excludeOthers(listOf(schema, 'oneOf'));
    this.#exclusive.set(schema, exclusive);
    if (!exclusive.isKept) this.#unkept('oneOf');
    return exclusive.branches;
  }

  #excludeOthers(branches: readonly Schema[]): ExclusiveBranches {
    if (branches.length > ALTERNATIVES_MAXIMUM) throw tooManyAlternatives();
    const overlapping = branches.map((branch, index) =>
      branches.filter((other, position) => position !== index && !this.#areDisjoint(branch, other, 0)),
    );
    const cost = overlapping
      .map((others) => others.reduce((product, other) => product * this.#branchesWithout(other), 1))
      .reduce((sum, product) => sum + product, 0);
    if (cost > Math.max(EXCLUSIVE_BRANCHES_MAXIMUM, branches.length)) {
      return { isKept: false, branches: branches.map((branch) => [branch]) };
    }
    return {
      isKept: true,
      branches: branches.map((branch, index) => [
        branch,
        ...(overlapping[index] ?? []).map((other) => this.negationOf(other, 'oneOf')),
      ]),
    };
  }

  #branchesWithout(schema: Schema): number {
    const negation = this.negationOf(schema, 'oneOf');
    return typeof negation === 'boolean' ? 1 : listOf(negation, 'anyOf').length;
  }

  /** Whether certainly nothing fits both. */
  #areDisjoint(left: Schema, right: Schema, depth: number): boolean {
    if (depth > DISJOINT_DEPTH_MAXIMUM) return false;
    const [a, b] = [this.#settledOf(left), this.#settledOf(right)];
    if (a === undefined || b === undefined) return true;
    const types = a.types.filter((type) => b.types.includes(type));
    if (types.length === 0) return true;
    const [valuesOfA, valuesOfB] = [valuesOf(a), valuesOf(b)];
    if (valuesOfA !== undefined && valuesOfB !== undefined) {
      return !valuesOfA.some((value) => valuesOfB.includes(value));
    }
    if (types.some((type) => type !== 'object')) return false;
    const shared = requiredOf(a).filter((name) => requiredOf(b).includes(name));
    return shared.some((name) =>
      propertiesOf(a, name).some((inner) =>
        propertiesOf(b, name).some((other) => this.#areDisjoint(inner, other, depth + 1)),
      ),
    );
  }

  #settledOf(schema: Schema): State | undefined {
    if (!this.#settled.has(schema)) this.#settled.set(schema, this.#settleAlone(schema));
    return this.#settled.get(schema);
  }

  #settleAlone(schema: Schema): State | undefined {
    const pending = [{ schema, owners: [] }];
    return this.#settle({ pending, members: [], seen: new Set(), types: ALL_TYPES, choices: [] });
  }

  /** A schema that refers to itself at the same place says nothing, and cannot be checked either. */
  #requireEnd(schema: Schema, open: Set<Schema>): void {
    if (typeof schema === 'boolean' || this.#ending.has(schema)) return;
    if (open.has(schema)) throw new SchemaProblem('a $ref leads back to itself at the same place');
    open.add(schema);
    const inner: Schema[] = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => listOf(schema, keyword));
    for (const keyword of ['not', 'if', 'then', 'else']) {
      if (keyword in schema) inner.push(schema[keyword] as Schema);
    }
    for (const keyword of ['$ref', '$dynamicRef']) {
      inner.push(this.#document.targetOf(schema, keyword) ?? true);
    }
    inner.push(...this.#dependenciesOf(schema).map(([, demanded]) => demanded));
    for (const next of inner) this.#requireEnd(next, open);
    open.delete(schema);
    this.#ending.add(schema);
  }
}

function tooManyAlternatives(): SchemaProblem {
  return new SchemaProblem('anyOf, oneOf, if, enum and dependencies together make too many alternatives');
}

function valuesOf(state: State): readonly unknown[] | undefined {
  for (const { schema } of state.members) {
    if (Array.isArray(schema[SCALARS])) return schema[SCALARS] as unknown[];
    if (Array.isArray(schema['enum']) && schema['enum'].every(isScalar)) return schema['enum'];
  }
  return undefined;
}

function requiredOf(state: State): readonly string[] {
  return state.members.flatMap(({ schema }) => (schema['required'] as string[] | undefined) ?? []);
}

function propertiesOf(state: State, name: string): readonly Schema[] {
  return state.members.flatMap(({ schema }) => propertyOf(schema, name));
}

/** Scalars that every list of the members has; undefined when there is no list. */
export function allowedScalars(members: Alternative): readonly unknown[] | undefined {
  let allowed: readonly unknown[] | undefined;
  for (const { schema } of members) {
    const values = schema[SCALARS] as readonly unknown[] | undefined;
    if (values === undefined) continue;
    allowed = allowed === undefined ? values : allowed.filter((value) => values.includes(value));
  }
  return allowed;
}

export function excludedScalars(members: Alternative, type: ValueType): readonly unknown[] {
  return members
    .flatMap(({ schema }) => (schema[EXCLUDED_SCALARS] as readonly unknown[] | undefined) ?? [])
    .filter((value) => typeOfValue(value) === type);
}

export function typesOf(members: Alternative): readonly ValueType[] | undefined {
  let types: readonly ValueType[] | undefined;
  for (const { schema } of members) {
    const stated = (schema[TYPES] as readonly ValueType[] | undefined) ?? statedTypes(schema);
    if (stated === undefined) continue;
    types = types === undefined ? stated : types.filter((type) => stated.includes(type));
  }
  return types;
}
