/** A page for people: labels in one column, what they say beside them, wrapped to the width of the terminal. */
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { type Paint, type Terminal, painter } from './terminal.ts';
import { visibleLines } from './visible-text.ts';

const LABEL_WIDTH = 11;
const INDENT = '  ';

export class Page {
  readonly paint: Paint;
  readonly #columns: number;
  readonly #lines: string[] = [];

  constructor(terminal: Pick<Terminal, 'columns' | 'hasColours'>) {
    this.paint = painter(terminal);
    this.#columns = terminal.columns;
  }

  /** With an empty line before it. */
  heading(text: string): void {
    if (this.#lines.length > 0) this.#lines.push('');
    this.#wrapped('', '', text);
  }

  /** `text` is made of what is visible (visible-text.ts) and of paint. */
  line(depth: number, label: string, text: string): void {
    const indent = INDENT.repeat(depth);
    const width = Math.max(LABEL_WIDTH, label.length + 1);
    this.#wrapped(
      indent + this.paint('dim', label.padEnd(width)),
      ' '.repeat(indent.length + LABEL_WIDTH),
      text,
    );
  }

  /** A text of somebody else's: every line behind a bar, so that none of it can be taken for a line of ours. */
  quote(depth: number, text: string, maximumCharacters: number): void {
    const indent = ' '.repeat(depth * INDENT.length + LABEL_WIDTH) + this.paint('dim', '\u2502 ');
    const shown = cut(text, maximumCharacters);
    for (const line of visibleLines(shown)) this.#wrapped(indent, indent, line);
    if (shown.length < text.length) {
      const rest = (text.length - shown.length).toLocaleString('en-US');
      this.#wrapped(
        indent,
        indent,
        this.paint('dim', `\u2026 ${rest} more characters; -o json has them all`),
      );
    }
  }

  item(text: string): void {
    this.#wrapped('- ', '  ', text);
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #wrapped(first: string, following: string, text: string): void {
    const width = Math.max(20, this.#columns - Math.max(stringWidth(first), stringWidth(following)));
    const lines = wrapAnsi(text, width, { hard: true, trim: false }).split('\n');
    for (const [at, line] of lines.entries()) {
      this.#lines.push(((at === 0 ? first : following) + (at === 0 ? line : line.trimStart())).trimEnd());
    }
  }
}

/** Never in the middle of a surrogate pair. */
function cut(text: string, maximumCharacters: number): string {
  if (text.length <= maximumCharacters) return text;
  const isBetween = /[\ud800-\udbff]/.test(text[maximumCharacters - 1] ?? '');
  return text.slice(0, isBetween ? maximumCharacters - 1 : maximumCharacters);
}
