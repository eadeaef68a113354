/** The entries of one namespace as a ledger or a copy of it serves them, and their alignment with the places of the tree. */
import type { Findings } from './verification-report.ts';

export interface ServedEntry {
  /** The place at which it is served. */
  readonly index: number;
  /** Undefined: the body was pruned. */
  readonly canonical: string | undefined;
}

/** Entries that are out of order beyond these are not looked at: nothing good comes after them. */
const OUT_OF_ORDER_MAXIMUM = 100_000;
/** A place that is further away than this is as good as the end. */
const HOLE_MAXIMUM = 10_000_000;
/** Beyond what is signed; who serves more would be listened to for ever. */
const REST_MAXIMUM = 100_000;

export class EntryCursor implements AsyncDisposable {
  readonly #iterator: AsyncIterator<ServedEntry>;
  readonly #findings: Findings;
  #next: ServedEntry | undefined;
  #isRead = false;
  #outOfOrder = 0;
  #places = 0;

  constructor(entries: AsyncIterable<ServedEntry>, findings: Findings) {
    this.#iterator = entries[Symbol.asyncIterator]();
    this.#findings = findings;
  }

  /** One more than the highest place that was served. */
  get places(): number {
    return this.#places;
  }

  /** What is served at a place; undefined when there is nothing. Places are asked for in ascending order. */
  async at(index: number): Promise<ServedEntry | undefined> {
    for (;;) {
      const next = await this.#peek();
      if (next === undefined || next.index > index) return undefined;
      this.#isRead = false;
      if (next.index === index) return next;
      this.#outOfOrder += 1;
      this.#findings.add({
        code: 'entry_repeated',
        firstIndex: next.index,
        lastIndex: next.index,
        message: `Entry ${next.index} is served once more, or too late: another or none stood in its place.`,
      });
    }
  }

  async isAtEnd(): Promise<boolean> {
    return (await this.#peek()) === undefined;
  }

  /** How many are served after the last place that was asked for; a hundred thousand stand for as many or more. */
  async countRest(): Promise<number> {
    let rest = 0;
    for (; rest < REST_MAXIMUM && !(await this.isAtEnd()); rest += 1) this.#isRead = false;
    return rest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#iterator.return?.();
  }

  async #peek(): Promise<ServedEntry | undefined> {
    if (this.#isRead) return this.#next;
    const { done, value } = await this.#iterator.next();
    const isTooFar = done !== true && value.index > this.#places + HOLE_MAXIMUM;
    const isEnd = done === true || isTooFar || this.#outOfOrder > OUT_OF_ORDER_MAXIMUM;
    this.#next = isEnd ? undefined : value;
    this.#isRead = true;
    if (this.#next !== undefined) this.#places = Math.max(this.#places, this.#next.index + 1);
    return this.#next;
  }
}

/** The line of an export: the canonical entry, or what says that its body was pruned. */
export function formatExportLine({ index, canonical }: ServedEntry): string {
  return canonical ?? JSON.stringify({ index, pruned: true });
}

/**
 * The entries of an export (NDJSON, one line each, from `firstIndex` on) with the places at which they are served. Lines
 * say their own index, which somebody may have edited: one that disagrees with both its neighbours stands in the wrong
 * place, one that agrees with what follows it stands after a hole.
 */
export async function* entriesOfExport(
  lines: AsyncIterable<string>,
  firstIndex: number,
): AsyncGenerator<ServedEntry, void, undefined> {
  let expected = firstIndex;
  let line: ExportLine | undefined;
  for await (const text of lines) {
    const following = readExportLine(text);
    if (line !== undefined) {
      const index = placeOf(line, following, expected);
      yield { index, canonical: line.canonical };
      expected = Math.max(expected, index + 1);
    }
    line = following;
  }
  if (line !== undefined) yield { index: placeOf(line, undefined, expected), canonical: line.canonical };
}

interface ExportLine {
  /** What the line says of itself. */
  readonly index: number | undefined;
  readonly canonical: string | undefined;
}

function placeOf(line: ExportLine, following: ExportLine | undefined, expected: number): number {
  if (line.index === undefined || line.index === expected) return expected;
  if (following?.index === expected + 1) return expected;
  return line.index;
}

function readExportLine(text: string): ExportLine {
  const pruned = /^\{"index":(\d{1,16}),"pruned":true\}$/.exec(text);
  if (pruned !== null) return { index: Number(pruned[1]), canonical: undefined };
  // Canonical entries have their index before their record, whose bounded fields cannot hold an unescaped quote.
  const index = /^\{(?:"chain":\{[^{}]{0,200}\},)?"index":(\d{1,16}),/.exec(text)?.[1];
  return { index: index === undefined ? undefined : Number(index), canonical: text };
}
