/**
 * Puts the partials of a repository (`_name.prompt`, named `{{> name}}`) into the text of a prompt, so that a
 * PromptVersion is one text, whole in itself, and its digest covers all of it. What comes out is what Handlebars would
 * make of it: a partial alone on its line takes the line's place and its indentation.
 *
 * Partials with arguments, blocks and names that are computed are refused: they depend on the variables of a run.
 */
import Handlebars from 'handlebars';
import { PROMPT_TEXT_MAXIMUM_LENGTH } from '#crds/prompt-version.ts';
import { findTokenSlip } from '../prompts/template-tokens.ts';

const DEPTH_MAXIMUM = 10;
const INCLUSIONS_MAXIMUM = 1_000;
/** In UTF-16, where a character takes up to two: how many characters a prompt has is counted by whoever reads it. */
const RESULT_MAXIMUM_LENGTH = 2 * PROMPT_TEXT_MAXIMUM_LENGTH;

export interface SourceLine {
  readonly path: string;
  readonly line: number;
}

export type InlinedText =
  | {
      readonly ok: true;
      readonly text: string;
      /** Where a line of the text, counted from 1, comes from. */
      readonly originOf: (line: number) => SourceLine;
    }
  | { readonly ok: false; readonly at: SourceLine; readonly message: string };

/** By name, as templates write it: `greeting`, `mail/signature`. */
export type Partials = ReadonlyMap<string, TemplateFile>;

interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

interface Piece {
  readonly text: string;
  readonly at: SourceLine;
}

class PartialFault extends Error {
  readonly at: SourceLine;
  constructor(at: SourceLine, message: string) {
    super(message);
    this.at = at;
  }
}

/** `text` is canonical. */
export function inlinePartials(path: string, text: string, partials: Partials): InlinedText {
  if (!/\{\{~?#?>/.test(text)) {
    return { ok: true, text, originOf: (line) => ({ path, line }) };
  }
  try {
    const budget = { inclusions: 0, length: 0 };
    const pieces = expand({ path, text }, [], partials, budget);
    return { ok: true, text: pieces.map((piece) => piece.text).join(''), originOf: origins(pieces) };
  } catch (error) {
    if (error instanceof PartialFault) return { ok: false, at: error.at, message: error.message };
    throw error;
  }
}

interface Budget {
  inclusions: number;
  length: number;
}

function spend(budget: Budget, length: number, at: SourceLine): void {
  budget.length += length;
  if (budget.length <= RESULT_MAXIMUM_LENGTH) return;
  throw new PartialFault(
    at,
    `with its partials the prompt has more than ${PROMPT_TEXT_MAXIMUM_LENGTH} characters`,
  );
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly name: string;
}

function expand(
  file: TemplateFile,
  chain: readonly string[],
  partials: Partials,
  budget: Budget,
): readonly Piece[] {
  const { path, text } = file;
  const pieces: Piece[] = [];
  let offset = 0;
  let line = 1;
  const take = (end: number): void => {
    // One piece a line, so that each knows where it comes from.
    for (const part of text.slice(offset, end).split(/(?<=\n)/)) {
      if (part === '') continue;
      spend(budget, part.length, { path, line });
      pieces.push({ text: part, at: { path, line } });
      if (part.endsWith('\n')) line += 1;
    }
    offset = end;
  };
  for (const place of partialsIn(file)) {
    const at = { path, line: place.line };
    const partial = partials.get(place.name);
    if (partial === undefined) throw new PartialFault(at, describeMissing(place.name, partials));
    if (chain.includes(place.name)) {
      throw new PartialFault(
        at,
        `the partials ${[...chain, place.name].join(', ')} include each other in a circle`,
      );
    }
    budget.inclusions += 1;
    if (chain.length >= DEPTH_MAXIMUM) {
      throw new PartialFault(at, `partials are nested more than ${DEPTH_MAXIMUM} deep`);
    }
    if (budget.inclusions > INCLUSIONS_MAXIMUM) {
      throw new PartialFault(at, `a prompt includes more than ${INCLUSIONS_MAXIMUM} partials`);
    }
    const alone = standingAlone(text, place);
    take(alone?.start ?? place.start);
    const inner = expand(partial, [...chain, place.name], partials, budget);
    const placed = alone === undefined ? inner : indented(inner, alone.indentation, budget);
    // One by one: there may be more of them than a call takes arguments.
    for (const piece of placed) pieces.push(piece);
    const end = alone?.end ?? place.end;
    line += text.slice(offset, end).split('\n').length - 1;
    offset = end;
  }
  take(text.length);
  return pieces;
}

/** Of each file once: a partial may stand in every prompt, a thousand times in each. */
const foundIn = new WeakMap<TemplateFile, readonly Place[] | PartialFault>();

function partialsIn(file: TemplateFile): readonly Place[] {
  let found = foundIn.get(file);
  if (found === undefined) {
    try {
      found = findPartials(file);
    } catch (error) {
      if (!(error instanceof PartialFault)) throw error;
      found = error;
    }
    foundIn.set(file, found);
  }
  if (found instanceof PartialFault) throw found;
  return found;
}

function findPartials({ path, text }: TemplateFile): readonly Place[] {
  if (text.length > RESULT_MAXIMUM_LENGTH) {
    throw new PartialFault(
      { path, line: 1 },
      `the file has more than ${PROMPT_TEXT_MAXIMUM_LENGTH} characters`,
    );
  }
  const slip = findTokenSlip(text);
  if (slip !== undefined) throw new PartialFault({ path, line: slip.line }, slip.problem);
  const starts = lineStarts(text);
  const offsetOf = ({ line, column }: hbs.AST.Position): number => (starts[line - 1] ?? 0) + column;
  const found: Place[] = [];
  class Finder extends Handlebars.Visitor {
    override PartialStatement(partial: hbs.AST.PartialStatement): void {
      const { line } = partial.loc.start;
      const at = { path, line };
      // The types say that a hash is always there.
      const { hash } = partial as { readonly hash: hbs.AST.Hash | undefined };
      if (partial.name.type !== 'PathExpression') {
        throw new PartialFault(at, 'the name of a partial cannot be computed: write it out');
      }
      if (partial.params.length > 0 || hash !== undefined) {
        throw new PartialFault(
          at,
          'a partial takes no arguments here, because its text becomes part of the prompt: let it read the variables of the prompt',
        );
      }
      const [start, end] = [offsetOf(partial.loc.start), offsetOf(partial.loc.end)];
      if (/^\{\{~|~\}\}$/.test(text.slice(start, end))) {
        throw new PartialFault(at, 'write {{> name}} without "~": a partial keeps the space around it');
      }
      found.push({ start, end, line, name: partial.name.original });
    }
    override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
      throw new PartialFault(
        { path, line: partial.loc.start.line },
        'partial blocks are refused: write {{> name}} for a partial that stands in a file of its own',
      );
    }
  }
  try {
    new Finder().accept(Handlebars.parse(text));
  } catch (error) {
    if (error instanceof PartialFault) throw error;
    const message = error instanceof Error ? error.message : '';
    const line = Number(/line (\d+)/.exec(message)?.[1] ?? 1);
    throw new PartialFault({ path, line }, 'the Handlebars template does not parse here');
  }
  return found.toSorted((one, other) => one.start - other.start);
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let feed = text.indexOf('\n'); feed !== -1; feed = text.indexOf('\n', feed + 1)) starts.push(feed + 1);
  return starts;
}

/** As Handlebars does: only white space around it on its line, which then goes with it. */
function standingAlone(
  text: string,
  { start, end }: Place,
): { readonly start: number; readonly end: number; readonly indentation: string } | undefined {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const feed = text.indexOf('\n', end);
  const lineEnd = feed === -1 ? text.length : feed + 1;
  const indentation = text.slice(lineStart, start);
  const isAlone = indentation.trim() === '' && text.slice(end, lineEnd).trim() === '';
  return isAlone ? { start: lineStart, end: lineEnd, indentation } : undefined;
}

function indented(pieces: readonly Piece[], indentation: string, budget: Budget): readonly Piece[] {
  if (indentation === '') return pieces;
  let isAtLineStart = true;
  return pieces.map((piece) => {
    const isIndented = isAtLineStart && piece.text !== '\n';
    isAtLineStart = piece.text.endsWith('\n');
    if (!isIndented) return piece;
    spend(budget, indentation.length, piece.at);
    return { ...piece, text: indentation + piece.text };
  });
}

function origins(pieces: readonly Piece[]): (line: number) => SourceLine {
  const lines: SourceLine[] = [];
  let isAtLineStart = true;
  for (const { text, at } of pieces) {
    if (isAtLineStart) lines.push(at);
    isAtLineStart = text.endsWith('\n');
  }
  const last = lines.at(-1) ?? { path: '', line: 1 };
  return (line) => lines[line - 1] ?? last;
}

function describeMissing(name: string, partials: Partials): string {
  const slash = name.lastIndexOf('/') + 1;
  const file = `${name.slice(0, slash)}_${name.slice(slash)}.prompt`;
  const known = [...partials.keys()].slice(0, 10).join(', ');
  return `there is no partial "${name.slice(0, 100)}", which would stand in ${file.slice(0, 110)} below the folder of the prompts; there ${known === '' ? 'is none' : `are ${known}`}`;
}
