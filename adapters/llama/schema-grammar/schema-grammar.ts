/**
 * From a JSON Schema (draft-07 or 2020-12) to a grammar that writes answers which fit it. Each rule stands for the
 * schemas that a value must fit together, so that what stands beside `$ref`, `anyOf` or `enum` is never dropped:
 * it is kept, or the schema is refused with the keyword's name, or the keyword is named as checked afterwards.
 *
 * The answers are a part of what the schema allows: docs/reference/local-model-schemas.md says which.
 */
import { compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { arrayGrammar } from './array-grammar.ts';
import type { CheckedKeyword } from './checked-afterwards.ts';
import { type Alternative, Conjunctions, allowedScalars, excludedScalars, typesOf } from './conjunction.ts';
import { expandedSize, renderGbnf } from './gbnf.ts';
import type { GrammarBuilder } from './grammar-builder.ts';
import {
  type Expression,
  NEVER,
  type Rules,
  choice,
  preference,
  reachableRules,
  reduceRules,
  shortestLengths,
  text,
} from './grammar-expression.ts';
import { UNKEPT } from './negation.ts';
import { fitsNumber, numbersGrammar } from './numbers-grammar.ts';
import { objectGrammar } from './object-grammar.ts';
import { type Schema, SchemaDocument, type SchemaObject } from './schema-document.ts';
import { SchemaProblem } from './schema-problem.ts';
import { type SentenceSource, sentencesOf } from './sentences.ts';
import { fitsString, stringGrammar } from './string-grammar.ts';
import { type StringLanguage, languageOfPattern } from './string-language.ts';
import { ALL_TYPES, type ValueType, impliedTypes, typeOfValue } from './value-types.ts';

const RULES_MAXIMUM = 20_000;
/** llama.cpp writes every repetition out, and goes through the rules for each token of its vocabulary. */
const EXPANDED_SIZE_MAXIMUM = 100_000;
/** A token is seldom more than four letters, and no model here sees more than 8,192 of them. */
const SHORTEST_ANSWER_MAXIMUM_CHARACTERS = 32_768;
const WITNESSES_TRIED = 60;
const WITNESS_CHARACTERS_MAXIMUM = 500_000;

export interface SchemaGrammar {
  /** As llama.cpp reads it. */
  readonly gbnf: string;
  /** Keywords of which the grammar keeps only a part: an answer must be checked. */
  readonly checkedAfterwards: readonly CheckedKeyword[];
  readonly sentences: SentenceSource;
}

export type SchemaGrammarResult =
  | { readonly ok: true; readonly grammar: SchemaGrammar }
  | { readonly ok: false; readonly problem: string };

export function grammarOfSchema(schema: SchemaObject): SchemaGrammarResult {
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) return { ok: false, problem: compiled.message };
  try {
    const grammar = new GrammarCompiler(schema).compile();
    if (!hasWitness(grammar, compiled.findProblems)) {
      const keywords = grammar.checkedAfterwards.join(', ');
      return { ok: false, problem: `no answer was found that fits (${keywords || 'all of it'})` };
    }
    return { ok: true, grammar };
  } catch (error) {
    if (error instanceof SchemaProblem) return { ok: false, problem: error.message };
    throw error;
  }
}

/** Nobody may be sent into a search without an end: one answer that the grammar writes must fit. */
function hasWitness(
  { sentences }: SchemaGrammar,
  findProblems: (value: unknown) => readonly string[],
): boolean {
  const isFit = (sentence: string): boolean => findProblems(JSON.parse(sentence)).length === 0;
  if (isFit(sentences.shortest())) return true;
  const random = repeatableNumbers();
  let written = 0;
  for (let tried = 0; tried < WITNESSES_TRIED && written < WITNESS_CHARACTERS_MAXIMUM; tried += 1) {
    const sentence = sentences.random(random);
    if (isFit(sentence)) return true;
    written += sentence.length;
  }
  return false;
}

/** The same numbers each time, so that a schema is not accepted today and refused tomorrow. */
function repeatableNumbers(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

interface Unbuilt {
  readonly rule: number;
  readonly build: () => Expression;
}

class GrammarCompiler {
  readonly #root: SchemaObject;
  readonly #conjunctions: Conjunctions;
  readonly #rules: Expression[] = [];
  readonly #ruleOfSchemas = new Map<string, Expression>();
  readonly #shared = new Map<string, Expression>();
  readonly #languages = new Map<string, StringLanguage>();
  readonly #unkept: (readonly [number, CheckedKeyword])[] = [];
  readonly #waiting: Unbuilt[] = [];
  #fallbacks: (Unbuilt & { readonly wanted: Expression })[] = [];
  readonly #builder: GrammarBuilder;
  #current = 0;

  constructor(root: SchemaObject) {
    const unkept = (keyword: CheckedKeyword): void => void this.#unkept.push([this.#current, keyword]);
    const document = new SchemaDocument(root);
    this.#root = document.root;
    this.#conjunctions = new Conjunctions(document, unkept);
    this.#builder = {
      valueOf: (schemas) => this.#valueOf(schemas),
      ruleOf: (expression) => this.#ruleOf(expression),
      laterRule: () => {
        const index = this.#add(NEVER);
        return {
          rule: { kind: 'rule', rule: index },
          fill: (expression) => void (this.#rules[index] = expression),
        };
      },
      preferring: (wanted, otherwise) => this.#preferring(wanted, otherwise),
      sharedRule: (key, expression) => {
        const shared = this.#shared.get(key) ?? this.#ruleOf(expression);
        this.#shared.set(key, shared);
        return shared;
      },
      unkept,
      negationOf: (schema, keyword) => this.#conjunctions.negationOf(schema, keyword),
      languageOf: (pattern) => {
        const language = this.#languages.get(pattern) ?? languageOfPattern(pattern);
        this.#languages.set(pattern, language);
        return language;
      },
    };
  }

  compile(): SchemaGrammar {
    this.#valueOf([this.#root]);
    do this.#buildWaiting();
    while (this.#needsFallbacks());
    const rules = reduceRules(this.#rules);
    if (rules === undefined) throw new SchemaProblem('no answer can fit it');
    if (expandedSize(rules) > EXPANDED_SIZE_MAXIMUM) throw tooLarge();
    const sentences = sentencesOf(rules);
    if (sentences.shortestLength > SHORTEST_ANSWER_MAXIMUM_CHARACTERS) {
      throw new SchemaProblem(
        `its shortest answer has ${sentences.shortestLength} characters (minItems, minLength, minProperties), above ${SHORTEST_ANSWER_MAXIMUM_CHARACTERS}`,
      );
    }
    return {
      gbnf: renderGbnf(rules),
      checkedAfterwards: this.#unkeptIn(rules),
      sentences,
    };
  }

  #buildWaiting(): void {
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      this.#current = next.rule;
      this.#rules[next.rule] = next.build();
    }
  }

  #needsFallbacks(): boolean {
    const lengths = shortestLengths(this.#rules);
    const needed = this.#fallbacks.filter(({ wanted }) => lengths.of(wanted) === Infinity);
    this.#fallbacks = this.#fallbacks.filter((fallback) => !needed.includes(fallback));
    this.#waiting.push(...needed);
    return needed.length > 0;
  }

  #preferring(wanted: Expression, otherwise: () => Expression): Expression {
    const rule = this.#add(NEVER);
    this.#fallbacks.push({ wanted, rule, build: otherwise });
    return preference(wanted, { kind: 'rule', rule });
  }

  #add(expression: Expression): number {
    if (this.#rules.length >= RULES_MAXIMUM) throw tooLarge();
    return this.#rules.push(expression) - 1;
  }

  #ruleOf(expression: Expression): Expression {
    if (expression.kind === 'never' || expression.kind === 'rule') return expression;
    return { kind: 'rule', rule: this.#add(expression) };
  }

  #valueOf(schemas: readonly Schema[]): Expression {
    if (schemas.includes(false)) return NEVER;
    const demanding = schemas.filter((schema) => schema !== true);
    const key = [...new Set(demanding.map((schema) => this.#conjunctions.nameOf(schema)))]
      .toSorted((a, b) => a - b)
      .join(' ');
    const known = this.#ruleOfSchemas.get(key);
    if (known !== undefined) return known;
    const index = this.#add(NEVER);
    const build = (): Expression => {
      const alternatives = this.#conjunctions.alternativesOf(demanding);
      return choice(...alternatives.map((members) => this.#alternativeGrammar(members)));
    };
    this.#waiting.push({ rule: index, build });
    const rule: Expression = { kind: 'rule', rule: index };
    this.#ruleOfSchemas.set(key, rule);
    return rule;
  }

  #alternativeGrammar(members: Alternative): Expression {
    for (const { schema } of members) {
      const unkept = schema[UNKEPT] as CheckedKeyword | undefined;
      if (unkept !== undefined) this.#builder.unkept(unkept);
    }
    const stated = typesOf(members);
    const scalars = allowedScalars(members);
    if (scalars !== undefined) return this.#scalarsGrammar(scalars, stated ?? ALL_TYPES, members);
    const implied = new Set(members.flatMap(({ schema }) => impliedTypes(schema)));
    if (stated !== undefined || implied.size === 0) return this.#typesGrammar(stated ?? ALL_TYPES, members);
    const others = ALL_TYPES.filter((type) => !implied.has(type));
    return this.#preferring(
      this.#typesGrammar(
        ALL_TYPES.filter((type) => implied.has(type)),
        members,
      ),
      () => this.#typesGrammar(others, members),
    );
  }

  #scalarsGrammar(
    scalars: readonly unknown[],
    types: readonly ValueType[],
    members: Alternative,
  ): Expression {
    const fitting = scalars.filter((value) => {
      const type = typeOfValue(value);
      if (!types.includes(type) || excludedScalars(members, type).includes(value)) return false;
      if (typeof value === 'string') return fitsString(value, members, this.#builder);
      return typeof value !== 'number' || fitsNumber(value, members);
    });
    return choice(...fitting.map((value) => text(JSON.stringify(value))));
  }

  #typesGrammar(types: readonly ValueType[], members: Alternative): Expression {
    const numbers = types.filter((type) => type === 'integer' || type === 'fraction');
    const branches = types.map((type): Expression => {
      switch (type) {
        case 'object':
          return objectGrammar(members, this.#builder);
        case 'array':
          return arrayGrammar(members, this.#builder);
        case 'string':
          return stringGrammar(members, this.#builder);
        case 'boolean':
        case 'null':
          return constantsGrammar(type === 'null' ? [null] : [true, false], excludedScalars(members, type));
        case 'integer':
        case 'fraction':
          break;
      }
      return type === numbers[0] ? numbersGrammar(numbers, members, this.#builder) : NEVER;
    });
    return choice(...branches);
  }

  /** Of the rules that an answer can go through. */
  #unkeptIn(rules: Rules): readonly CheckedKeyword[] {
    const reached = reachableRules(rules);
    const keywords = this.#unkept.filter(([rule]) => reached.has(rule)).map(([, keyword]) => keyword);
    return [...new Set(keywords)].toSorted();
  }
}

function constantsGrammar(values: readonly unknown[], excluded: readonly unknown[]): Expression {
  return choice(
    ...values.filter((value) => !excluded.includes(value)).map((value) => text(JSON.stringify(value))),
  );
}

function tooLarge(): SchemaProblem {
  return new SchemaProblem('its grammar is too large: fewer alternatives, repetitions or long patterns help');
}
