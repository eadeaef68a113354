/**
 * The readable text of an HTML mail, as a person sees it who opens it: paragraphs and list items on lines of their own,
 * the cells of a row beside each other, the address behind each link. Left out is what a reader does not see: comments,
 * scripts, styles, the head, templates, drawings, what stands in for them, and elements that hide themselves (`hidden`,
 * or in their own `style` attribute display, visibility, opacity, max-height or mso-hide). Style sheets are not applied.
 *
 * Mails are written by strangers. htmlparser2 reads tags, raw text, implied ends and all entities as HTML lays down, and
 * hands them out as it goes, so that no tree is built that something would have to recurse over; html-to-text, which
 * builds one, would leave hidden text in and rely on limits for its recursion.
 */
import { Parser } from 'htmlparser2';
import { TextLines } from './text-lines.ts';

/** The parser looks for the element that an end tag closes among all that are open. */
const DEPTH_MAXIMUM = 512;
const PIECE_CHARACTERS = 4_096;
const LINK_MAXIMUM_CHARACTERS = 512;
const STYLE_MAXIMUM_CHARACTERS = 4_096;

const HEAD_ELEMENTS = new Set(['base', 'link', 'meta', 'noscript', 'script', 'style', 'template', 'title']);
const UNREADABLE_ELEMENTS = new Set([
  'audio',
  'canvas',
  'datalist',
  'head',
  'iframe',
  'math',
  'noembed',
  'noframes',
  'noscript',
  'object',
  'script',
  'style',
  'svg',
  'template',
  'title',
  'video',
]);
/** Elements with a blank line around them, and those with a line of their own. */
const PARAGRAPHS = new Set(['blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'p', 'pre']);
const LINES = new Set(
  (
    'address article aside body caption center dd details dir div dl dt fieldset figcaption figure footer form header ' +
    'legend li main menu nav ol option section summary table tbody tfoot thead tr ul'
  ).split(' '),
);
const LISTS = new Set(['ol', 'ul', 'menu', 'dir']);

export interface HtmlText {
  readonly text: string;
  /** False when the HTML is nested too deeply to be read to its end. */
  readonly isWhole: boolean;
}

type Attributes = Readonly<Record<string, string>>;

export function textOfHtml(html: string): HtmlText {
  const reader = new HtmlReader();
  const parser = new Parser({
    onopentag: (name, attributes) => reader.open(name, attributes),
    onclosetag: (name) => reader.close(name),
    ontext: (text) => reader.text(text),
  });
  // In pieces, because a parser that is given all at once cannot be left in the middle.
  for (let from = 0; from < html.length && !reader.isTooDeep; from += PIECE_CHARACTERS) {
    parser.write(html.slice(from, from + PIECE_CHARACTERS));
  }
  if (!reader.isTooDeep) parser.end();
  return { text: reader.lines.toString(), isWhole: !reader.isTooDeep };
}

class HtmlReader {
  readonly lines = new TextLines();
  isTooDeep = false;
  #depth = 0;
  /** The depth of the element that hides all in it, and whether it is the head. */
  #hidden: { readonly depth: number; readonly isHead: boolean } | undefined;
  readonly #lists: { item: number | undefined }[] = [];
  readonly #links: { readonly address: string | undefined; text: string }[] = [];
  #preformatted = 0;

  open(name: string, attributes: Attributes): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAXIMUM) this.isTooDeep = true;
    // As HTML lays down, the head ends where something begins that cannot stand in it.
    if (this.#hidden?.isHead === true && !HEAD_ELEMENTS.has(name)) this.#hidden = undefined;
    if (this.isTooDeep || this.#hidden !== undefined) return;
    if (UNREADABLE_ELEMENTS.has(name) || hidesItself(attributes)) {
      this.#hidden = { depth: this.#depth, isHead: name === 'head' };
      return;
    }
    this.#separate(name);
    this.#enter(name, attributes);
  }

  close(name: string): void {
    const isHidden = this.#hidden !== undefined;
    if (this.#hidden?.depth === this.#depth) this.#hidden = undefined;
    this.#depth -= 1;
    if (this.isTooDeep || isHidden) return;
    this.#leave(name);
    this.#separate(name);
  }

  text(text: string): void {
    if (this.isTooDeep || this.#hidden !== undefined) return;
    const link = this.#links.at(-1);
    if (link !== undefined && link.text.length < LINK_MAXIMUM_CHARACTERS) link.text += text;
    if (this.#preformatted > 0) this.lines.writeAsIs(text);
    else this.lines.write(text);
  }

  #separate(name: string): void {
    if (PARAGRAPHS.has(name)) this.lines.startParagraph();
    else if (LINES.has(name)) this.lines.startLine();
  }

  #enter(name: string, attributes: Attributes): void {
    if (name === 'br') this.lines.breakLine();
    else if (name === 'img') this.text(` ${attributes['alt'] ?? ''} `);
    else if (name === 'a') this.#links.push({ address: addressOf(attributes['href']), text: '' });
    else if (name === 'pre') this.#preformatted += 1;
    else if (name === 'blockquote') this.lines.quotes += 1;
    else if (name === 'tr') this.lines.startRow();
    else if (name === 'td' || name === 'th') this.lines.startCell();
    else if (name === 'li') this.#enterItem();
    else if (LISTS.has(name)) this.#enterList(name === 'ol');
  }

  #leave(name: string): void {
    if (name === 'a') this.#leaveLink();
    else if (name === 'pre') this.#preformatted -= 1;
    else if (name === 'blockquote') this.lines.quotes -= 1;
    else if (name === 'tr') this.lines.endRow();
    else if (LISTS.has(name)) this.#leaveList();
  }

  #enterList(isNumbered: boolean): void {
    this.#lists.push({ item: isNumbered ? 0 : undefined });
    this.lines.indentation = this.#lists.length;
  }

  #leaveList(): void {
    this.#lists.pop();
    this.lines.indentation = this.#lists.length;
  }

  #enterItem(): void {
    const list = this.#lists.at(-1);
    if (list?.item === undefined) {
      this.lines.startItem('- ');
    } else {
      list.item += 1;
      this.lines.startItem(`${list.item}. `);
    }
  }

  #leaveLink(): void {
    const { address, text = '' } = this.#links.pop() ?? {};
    if (address !== undefined && text.trim() !== address) this.lines.writeNote(address);
  }
}

/** Where a link leads, when that is a place outside of the mail. */
function addressOf(href = ''): string | undefined {
  const address = href.trim();
  if (!/^(?:https?|mailto|tel|ftp):/i.test(address)) return undefined;
  return address.length > LINK_MAXIMUM_CHARACTERS ? `${address.slice(0, LINK_MAXIMUM_CHARACTERS)}…` : address;
}

function hidesItself({ hidden, style = '' }: Attributes): boolean {
  if (hidden !== undefined) return true;
  const declarations = style
    .slice(0, STYLE_MAXIMUM_CHARACTERS)
    .toLowerCase()
    .replaceAll(/\/\*.*?\*\/|!\s*important/gs, '')
    .split(';');
  return declarations.some((declaration) => {
    const [property = '', value = ''] = declaration.split(':', 2).map((part) => part.trim());
    return HIDING.get(property)?.test(value) ?? false;
  });
}

/** A size of 0 is not among them: tables have it, and their cells undo it. */
const HIDING: ReadonlyMap<string, RegExp> = new Map([
  ['display', /^none$/],
  ['visibility', /^(?:hidden|collapse)$/],
  ['opacity', /^0*\.?0*%?$/],
  ['max-height', /^0+(?:px|pt|em)?$/],
  ['mso-hide', /^all$/],
]);
