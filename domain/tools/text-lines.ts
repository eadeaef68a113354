/** Lays out text as lines: what stands between two texts (a space, a line, a paragraph, a cell) is known by the second. */

const PREFIX_LEVELS_MAXIMUM = 8;
/** Characters without a width that fill the preview of a mail. */
const INVISIBLE = /\u00AD|\u034F|[\u200B\u2060\uFEFF]/g;
const WHITE_SPACE = /[\s\u00A0]+/g;

/** What is to stand before the next text, in the order of its strength. */
const NOTHING = 0;
const LINE = 1;
const PARAGRAPH = 2;

interface Row {
  /** The line that its first text stands on. */
  line: number | undefined;
}

export class TextLines {
  quotes = 0;
  indentation = 0;
  readonly #lines: string[] = [];
  #line = '';
  #separation = NOTHING;
  #hasSpace = false;
  #isAfterNote = false;
  #bullet = '';
  readonly #rows: Row[] = [];
  /** From the beginning of a cell beside another one until its first text. */
  #isBesideCell = false;

  /** White space counts as one space. */
  write(text: string): void {
    const collapsed = text.replace(INVISIBLE, '').replace(WHITE_SPACE, ' ');
    const words = collapsed.trim();
    if (collapsed.startsWith(' ')) this.#hasSpace = true;
    if (words === '') return;
    this.#begin();
    const isAfterNote = this.#isAfterNote && !/^[.,;:!?)]/.test(words);
    this.#line += isAfterNote || (this.#hasSpace && !this.#isAfterNote) ? ` ${words}` : words;
    this.#hasSpace = collapsed.endsWith(' ');
    this.#isAfterNote = false;
  }

  /** Something in parentheses, which belongs to the text before it. */
  writeNote(note: string): void {
    this.write(` (${note})`);
    this.#isAfterNote = true;
  }

  writeAsIs(text: string): void {
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) this.breakLine();
      if (line.trim() === '') continue;
      this.#begin();
      this.#line += line;
    }
  }

  startLine(): void {
    this.#separation = Math.max(this.#separation, LINE);
  }

  startParagraph(): void {
    this.#separation = PARAGRAPH;
  }

  /** Unlike the beginning of a line, each of them counts. */
  breakLine(): void {
    if (this.#separation !== NOTHING && this.#line === '') return;
    this.#separation = Math.min(this.#separation + 1, PARAGRAPH);
  }

  startItem(bullet: string): void {
    this.#bullet = bullet;
  }

  startRow(): void {
    this.#rows.push({ line: undefined });
  }

  endRow(): void {
    this.#rows.pop();
    this.#isBesideCell = false;
  }

  /** Cells whose text is on one line stand beside each other, others below. */
  startCell(): void {
    const row = this.#rows.at(-1);
    if (row === undefined || row.line === undefined) return;
    this.#isBesideCell = row.line === this.#lines.length && this.#line !== '';
    if (!this.#isBesideCell) this.startLine();
  }

  toString(): string {
    return [...this.#lines, this.#line].join('\n').trim();
  }

  /** Before each text. */
  #begin(): void {
    if (this.#isBesideCell) {
      this.#line += ' | ';
      this.#startPiece();
    } else if (this.#separation !== NOTHING && (this.#line !== '' || this.#lines.length > 0)) {
      this.#endLine();
    }
    this.#isBesideCell = false;
    this.#separation = NOTHING;
    if (this.#line === '') {
      this.#line = this.#prefix();
      this.#startPiece();
    }
    this.#bullet = '';
    for (const row of this.#rows) row.line ??= this.#lines.length;
  }

  #endLine(): void {
    this.#lines.push(this.#line.trimEnd());
    if (this.#separation === PARAGRAPH) this.#lines.push('');
    this.#line = '';
  }

  #startPiece(): void {
    this.#hasSpace = false;
    this.#isAfterNote = false;
  }

  #prefix(): string {
    const levels = Math.min(this.indentation, PREFIX_LEVELS_MAXIMUM);
    const indentation = '  '.repeat(this.#bullet === '' ? levels : Math.max(levels - 1, 0));
    return `${'> '.repeat(Math.min(this.quotes, PREFIX_LEVELS_MAXIMUM))}${indentation}${this.#bullet}`;
  }
}
