/**
 * How a compiled schema is applied to a value, and what that may cost. Every schema, member, item and character that is
 * looked at is paid for out of one purse, so that no schema and no value, however they were made for it, take more
 * time or memory than the purse holds.
 */
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import type { Format } from './formats.ts';
import type { LinearPattern } from './linear-pattern.ts';

/** A quarter of a second at worst; a common answer of a model needs fewer than a hundred. */
export const EVALUATION_STEPS_MAXIMUM = 1_000_000;
/** Schemas inside of schemas while one value is checked: well within what the stack holds. */
export const EVALUATION_DEPTH_MAXIMUM = 400;

/** Where in the value: the way back to its root. Undefined is the root. */
export interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
}

export interface Problem {
  readonly place: Place | undefined;
  /** What is to be said of the place, such as "must be integer". */
  readonly clause: string;
  /** The value here is another than the one that a const or an enum names. */
  readonly isOtherValue?: boolean;
}

/** Members and items of one value that schemas have accounted for: what unevaluatedProperties and -Items leave alone. */
export interface Seen {
  readonly properties: Set<string>;
  /** Items before this index. */
  itemsBefore: number;
  readonly items: Set<number>;
  /** A keyword of this schema does not hold. */
  failed: boolean;
}

export type Keyword = (
  value: unknown,
  place: Place | undefined,
  evaluation: Evaluation,
  seen: Seen | undefined,
) => boolean;

/** What a "$id" opens: a schema with names of its own, into which "$dynamicRef" may lead. */
export interface SchemaResource {
  readonly uri: string;
}

export interface SchemaNode {
  readonly resource: SchemaResource;
  /** In the order in which they are checked. Filled once all nodes are known, because schemas refer to each other. */
  keywords: readonly Keyword[];
  hasUnevaluated: boolean;
  /** Schemas that are applied to the same value as this one. */
  readonly inPlace: SchemaNode[];
}

/** Why an evaluation ends before its verdict. The message is a clause about the check. */
export class EvaluationLimit extends Error {}

export class Evaluation {
  /** Undefined: only the verdict is wanted, and the first problem decides it. */
  #problems: Problem[] | undefined;
  #problemsMaximum = 0;
  #stepsLeft: number;
  #depth = 0;
  /** The resources that were entered, outermost first. */
  readonly scope: SchemaResource[] = [];

  constructor(stepsMaximum = EVALUATION_STEPS_MAXIMUM) {
    this.#stepsLeft = stepsMaximum;
  }

  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) {
      throw new EvaluationLimit(`the check takes more than ${EVALUATION_STEPS_MAXIMUM} steps`);
    }
  }

  /** Whether `text` matches, paid by its length: an engine of linear time still reads every character. */
  matches(pattern: LinearPattern, text: string): boolean {
    this.spend(1 + (text.length * pattern.weight) / INSTRUCTIONS_PER_STEP);
    return pattern.test(text);
  }

  hasFormat(format: Format, value: string | number): boolean {
    const characters = typeof value === 'string' ? Math.min(value.length, format.charactersMaximum) : 0;
    this.spend(1 + characters * format.stepsPerCharacter);
    return format.holds(value);
  }

  /** The one spelling of a value, so that equal values are equal texts. */
  canonical(value: unknown): string {
    const text = canonicalJson(value);
    this.spend(1 + text.length / CHARACTERS_PER_STEP);
    return text;
  }

  /** In characters as people count them, not in UTF-16 halves. */
  lengthOf(text: string): number {
    this.spend(1 + text.length / CHARACTERS_PER_STEP);
    let length = 0;
    for (const _ of text) length += 1;
    return length;
  }

  namesOf(members: object): readonly string[] {
    const names = Object.keys(members);
    this.spend(1 + names.length / MEMBERS_PER_STEP);
    return names;
  }

  /** Always false: `return evaluation.report(...)` is a keyword that does not hold. */
  report(place: Place | undefined, clause: string, isOtherValue = false): false {
    if (this.wantsMore) this.#problems?.push({ place, clause, isOtherValue });
    return false;
  }

  /** Whether to go on after a problem. */
  get wantsMore(): boolean {
    return this.#problems !== undefined && this.#problems.length < this.#problemsMaximum;
  }

  get wantsProblems(): boolean {
    return this.#problems !== undefined;
  }

  /** Only the verdict of `check`. */
  quietly(check: () => boolean): boolean {
    const outer = this.#problems;
    this.#problems = undefined;
    const verdict = check();
    this.#problems = outer;
    return verdict;
  }

  /** The first problems that `check` reports. */
  problemsOf(check: () => boolean, maximum: number): readonly Problem[] {
    const [outer, outerMaximum] = [this.#problems, this.#problemsMaximum];
    const [depth, scopeLength] = [this.#depth, this.scope.length];
    const problems: Problem[] = [];
    this.#problems = problems;
    this.#problemsMaximum = maximum;
    try {
      check();
    } catch (error) {
      // What was found before the purse was empty is still true.
      if (!(error instanceof EvaluationLimit) || problems.length === 0) throw error;
      this.#depth = depth;
      this.scope.length = scopeLength;
    }
    this.#problems = outer;
    this.#problemsMaximum = outerMaximum;
    return problems;
  }

  reportAll(problems: readonly Problem[]): false {
    for (const { place, clause, isOtherValue } of problems) this.report(place, clause, isOtherValue);
    return false;
  }

  /** Whether the value fits the schema; what the schema accounted for is added to `seen` when it does. */
  fits(node: SchemaNode, value: unknown, place: Place | undefined, seen?: Seen): boolean {
    this.spend(1);
    this.#depth += 1;
    if (this.#depth > EVALUATION_DEPTH_MAXIMUM) {
      throw new EvaluationLimit(
        `the check goes through more than ${EVALUATION_DEPTH_MAXIMUM} nested schemas`,
      );
    }
    const entered = this.scope.at(-1) !== node.resource;
    if (entered) this.scope.push(node.resource);
    const own = seen !== undefined || node.hasUnevaluated ? nothingSeen() : undefined;
    let verdict = true;
    for (const keyword of node.keywords) {
      if (keyword(value, place, this, own)) continue;
      verdict = false;
      if (!this.wantsMore) break;
      if (own !== undefined) own.failed = true;
    }
    if (entered) this.scope.pop();
    this.#depth -= 1;
    if (verdict && own !== undefined && seen !== undefined) this.#add(own, seen);
    return verdict;
  }

  #add(more: Seen, seen: Seen): void {
    this.spend((more.properties.size + more.items.size) / MEMBERS_PER_STEP);
    for (const name of more.properties) seen.properties.add(name);
    for (const index of more.items) seen.items.add(index);
    seen.itemsBefore = Math.max(seen.itemsBefore, more.itemsBefore);
  }
}

const CHARACTERS_PER_STEP = 16;
const INSTRUCTIONS_PER_STEP = 4;
const MEMBERS_PER_STEP = 4;

function nothingSeen(): Seen {
  return { properties: new Set(), itemsBefore: 0, items: new Set(), failed: false };
}
