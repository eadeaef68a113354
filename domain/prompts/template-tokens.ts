/**
 * Reads the tokens of a template before Handlebars parses it. Its parser needs a time that grows with the square of
 * the nesting: 80 KB of nested brackets hold it for minutes. Its lexer is linear, and tells enough to refuse what is
 * too deep or too long, and to say where a block was opened that is never closed.
 */
import { default as Handlebars } from 'handlebars';

const STATEMENTS_MAXIMUM = 5_000;
/** Handlebars compares every block with every other when it compiles them. */
const BLOCKS_MAXIMUM = 1_000;
const DEPTH_MAXIMUM = 32;
const BRACKETS_DEPTH_MAXIMUM = 8;
const WORDS_MAXIMUM = 256;

export interface TemplateSlip {
  /** Line of the template, from 1. */
  readonly line: number;
  readonly problem: string;
}

/** What jison makes of Handlebars' grammar; Handlebars does not declare its types. */
interface JisonParser {
  readonly terminals_: Readonly<Record<string, string>>;
  readonly lexer: {
    yy: object;
    readonly yytext: string;
    readonly yylloc: { readonly first_line: number };
    readonly setInput: (text: string) => void;
    readonly lex: () => number | undefined;
  };
}

const { Parser: parser } = Handlebars as unknown as { readonly Parser: JisonParser };

const OPENING = new Set(['OPEN_BLOCK', 'OPEN_INVERSE', 'OPEN_RAW_BLOCK', 'OPEN_PARTIAL_BLOCK']);
const STATEMENTS = new Set([...OPENING, 'OPEN', 'OPEN_UNESCAPED', 'OPEN_PARTIAL', 'CONTENT', 'COMMENT']);

/** What makes the template unfit to be parsed, or undefined; what the parser itself can tell is left to it. */
export function findTokenSlip(template: string): TemplateSlip | undefined {
  const counts = new TokenCounts();
  const blocks = new OpenBlocks();
  for (const token of tokensOf(template)) {
    if (token.kind === 'INVALID') return undefined;
    const problem = counts.read(token) ?? blocks.read(token);
    if (problem !== undefined) return { line: token.line, problem };
  }
  return blocks.findUnclosed();
}

class TokenCounts {
  #statements = 0;
  #blocks = 0;
  /** Of the expression that is being read: each part of a path is one, each argument, each option. */
  #words = 0;
  #brackets = 0;

  read({ kind }: Token): string | undefined {
    this.#words += 1;
    if (STATEMENTS.has(kind)) {
      this.#statements += 1;
      this.#words = 0;
    }
    if (OPENING.has(kind) || kind === 'OPEN_INVERSE_CHAIN') this.#blocks += 1;
    if (kind === 'OPEN_SEXPR') this.#brackets += 1;
    if (kind === 'CLOSE_SEXPR') this.#brackets -= 1;
    if (this.#statements > STATEMENTS_MAXIMUM) {
      return `the template has more than ${STATEMENTS_MAXIMUM} expressions`;
    }
    if (this.#blocks > BLOCKS_MAXIMUM) return `the template has more than ${BLOCKS_MAXIMUM} blocks`;
    if (this.#words > WORDS_MAXIMUM) return `an expression has more than ${WORDS_MAXIMUM} words`;
    if (this.#brackets > BRACKETS_DEPTH_MAXIMUM) {
      return `brackets are nested deeper than ${BRACKETS_DEPTH_MAXIMUM} levels`;
    }
    return undefined;
  }
}

interface Block {
  readonly line: number;
  name: string;
  /** `{{else if}}` opens a block inside of the one that it continues. */
  depth: number;
}

class OpenBlocks {
  readonly #blocks: Block[] = [];
  #previous = '';
  #closesNothing = false;

  read({ kind, text, line }: Token): string | undefined {
    const open = this.#blocks.at(-1);
    if (this.#closesNothing) return `{{/${text}}} closes a block that is not open`;
    if (open !== undefined && OPENING.has(this.#previous)) open.name = text;
    if (open !== undefined && kind === 'OPEN_INVERSE_CHAIN') open.depth += 1;
    if (OPENING.has(kind)) this.#blocks.push({ line, name: '', depth: 1 });
    if (kind === 'OPEN_ENDBLOCK' || kind === 'END_RAW_BLOCK') {
      this.#closesNothing = this.#blocks.pop() === undefined;
    }
    this.#previous = kind;
    const depth = this.#blocks.reduce((sum, block) => sum + block.depth, 0);
    return depth > DEPTH_MAXIMUM
      ? `blocks are nested deeper than ${DEPTH_MAXIMUM} levels; each {{else if}} is a level too`
      : undefined;
  }

  findUnclosed(): TemplateSlip | undefined {
    const open = this.#blocks.at(-1);
    if (open === undefined) return undefined;
    return { line: open.line, problem: `the block {{#${open.name}}} that opens here is never closed` };
  }
}

interface Token {
  readonly kind: string;
  readonly text: string;
  readonly line: number;
}

/** Ends at what the lexer cannot read: the parser meets it at the same place, and tells. */
function* tokensOf(template: string): Generator<Token> {
  const { lexer, terminals_: kinds } = parser;
  lexer.setInput(template);
  lexer.yy = {};
  for (;;) {
    let token: number | string | undefined;
    try {
      token = lexer.lex();
    } catch {
      token = 'INVALID';
    }
    const kind = typeof token === 'string' ? token : (kinds[String(token)] ?? 'EOF');
    if (kind === 'EOF') return;
    yield { kind, text: lexer.yytext, line: lexer.yylloc.first_line };
    if (kind === 'INVALID') return;
  }
}

/** One sentence and the line for what Handlebars' parser throws. */
export function describeParseError(error: unknown): TemplateSlip {
  const message = error instanceof Error ? error.message : String(error);
  const line = Number(/(?:on line |- )(\d+)/.exec(message)?.[1] ?? 1);
  return { line, problem: `the template is not valid Handlebars: ${reasonOf(message)}` };
}

function reasonOf(message: string): string {
  const mismatch = /^(.*) doesn't match (.*) - \d+:\d+$/.exec(message);
  if (mismatch !== null) return `the block {{#${mismatch[1]}}} is closed by {{/${mismatch[2]}}}`;
  const path = /^Invalid path: (.*) - \d+:\d+$/.exec(message);
  if (path !== null) return `"${path[1]}" is not a path: "../" and "this" stand at its beginning`;
  // "<where>:", the text around the place, an arrow to it, and what was expected.
  const [, near = ''] = message.split('\n');
  const [, expected = '', got = ''] = /Expecting (.*), got '(\w+)'$/.exec(message) ?? [];
  const place = near.trim() === '' ? '' : `, near "${near.trim()}"`;
  return `${got === 'CLOSE' ? describeEarlyEnd(expected) : (UNEXPECTED.get(got) ?? UNCLOSED)}${place}`;
}

function describeEarlyEnd(expected: string): string {
  if (expected.includes("'CLOSE_SEXPR'")) return 'a "(" is never closed';
  if (expected.includes("'CLOSE_BLOCK_PARAMS'")) return '"as |" is never closed by "|"';
  if (expected.includes("'CLOSE_UNESCAPED'")) return '{{{ is closed by }}';
  return 'a name or a value is missing before }}';
}

const UNCLOSED = 'a comment, a raw block or a text is never closed';

/** What each token of the grammar means where it is not expected. */
const UNEXPECTED: ReadonlyMap<string, string> = new Map([
  ['EOF', 'an expression is never closed'],
  ['INVALID', 'an expression is never closed by }}, or holds a character that cannot stand in it'],
  ['CLOSE_UNESCAPED', '{{ is closed by }}}'],
  ['CLOSE_SEXPR', 'a ")" without its "("'],
  ['OPEN_SEXPR', 'brackets where a name is expected'],
  ['EQUALS', '"=" where no option is named; to compare write {{#ifEquals a b}}'],
  ['INVERSE', '{{else}} outside of a block, or twice in one'],
  ['OPEN_INVERSE_CHAIN', '{{else ...}} outside of a block, or after {{else}}'],
  ['OPEN_BLOCK_PARAMS', '"as |" where no value can be named'],
  ['CLOSE_BLOCK_PARAMS', '"|": there are no filters'],
  ['SEP', 'a "." or "/" without a name before it'],
  ...['ID', 'STRING', 'NUMBER', 'BOOLEAN', 'UNDEFINED', 'NULL', 'DATA'].map(
    (token) => [token, 'a name or a value where none is expected'] as const,
  ),
]);
