/** What a keyword has at hand when it is compiled, and how it refuses a value of its own that it cannot take. */
import type { Keyword, SchemaNode } from './evaluation.ts';
import { type LinearPattern, compilePattern } from './linear-pattern.ts';
import {
  type JsonSchema,
  type LocatedSchema,
  type SchemaDocument,
  SchemaRefusal,
  isPlainObject,
  pointerTo,
} from './schema-document.ts';

/** Undefined when there is nothing to check. */
export type KeywordFactory = (context: KeywordContext) => Keyword | undefined;

/** Together in one schema: what compiling them may cost. */
const PATTERNS_MAXIMUM_WEIGHT = 20_000;
/** What a pattern costs however small it is. */
const PATTERN_WEIGHT = 50;

/** The patterns of one schema, each compiled once. */
export class SchemaPatterns {
  readonly #compiled = new Map<string, LinearPattern>();
  #weight = 0;

  compile(source: string, pointer: string): LinearPattern {
    const known = this.#compiled.get(source);
    if (known !== undefined) return known;
    const result = compilePattern(source);
    if (!result.ok) {
      const shown = JSON.stringify(source.slice(0, 80));
      throw new SchemaRefusal(`the pattern ${shown} in ${pointer} ${result.problem}`);
    }
    this.#weight += PATTERN_WEIGHT + result.pattern.weight;
    if (this.#weight > PATTERNS_MAXIMUM_WEIGHT) {
      throw new SchemaRefusal(
        'the schema has too many or too large patterns: bound lengths by "maxLength" instead of repetitions',
      );
    }
    this.#compiled.set(source, result.pattern);
    return result.pattern;
  }
}

export class KeywordContext {
  readonly schema: JsonSchema;
  readonly name: string;
  readonly value: unknown;
  readonly document: SchemaDocument;
  readonly located: LocatedSchema;
  readonly #patterns: SchemaPatterns;

  constructor(
    name: string,
    schema: JsonSchema,
    located: LocatedSchema,
    document: SchemaDocument,
    patterns: SchemaPatterns,
  ) {
    this.name = name;
    this.schema = schema;
    this.value = schema[name];
    this.located = located;
    this.document = document;
    this.#patterns = patterns;
  }

  has(keyword: string): boolean {
    return Object.hasOwn(this.schema, keyword);
  }

  /** The schema under this keyword, or further in. */
  node(...path: readonly string[]): SchemaNode {
    return this.document.at(pointerTo(this.located.pointer, this.name, ...path));
  }

  /** The same for schemas that are applied to the value itself and not to something in it. */
  inPlace(...path: readonly string[]): SchemaNode {
    return this.applyInPlace(this.node(...path));
  }

  applyInPlace(node: SchemaNode): SchemaNode {
    this.located.node.inPlace.push(node);
    return node;
  }

  sibling(keyword: string): SchemaNode | undefined {
    return this.has(keyword) ? this.document.at(pointerTo(this.located.pointer, keyword)) : undefined;
  }

  mustBe(what: string): never {
    throw new SchemaRefusal(`"${this.name}" in ${this.located.pointer} must be ${what}`);
  }

  /** The value of `keyword`, of this one by default. */
  count(keyword = this.name): number | undefined {
    const value = this.schema[keyword];
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
    throw new SchemaRefusal(`"${keyword}" in ${this.located.pointer} must be a whole number of 0 or more`);
  }

  number(): number {
    return typeof this.value === 'number' ? this.value : this.mustBe('a number');
  }

  text(): string {
    return typeof this.value === 'string' ? this.value : this.mustBe('text');
  }

  list(): readonly unknown[] {
    return Array.isArray(this.value) ? this.value : this.mustBe('a list');
  }

  /** The indexes of a list of schemas. */
  branches(): readonly SchemaNode[] {
    const list = this.list();
    if (list.length === 0) this.mustBe('a list of at least one schema');
    return list.map((_, index) => this.node(String(index)));
  }

  names(value: unknown = this.value): readonly string[] {
    const isNames = Array.isArray(value) && value.every((name) => typeof name === 'string');
    return isNames ? value : this.mustBe('a list of names');
  }

  entries(): readonly (readonly [string, unknown])[] {
    return isPlainObject(this.value) ? Object.entries(this.value) : this.mustBe('an object');
  }

  pattern(source: string): LinearPattern {
    return this.#patterns.compile(source, this.located.pointer);
  }
}
