/** The readable text of an HTML mail. One pass, linear in the length: mails are written by strangers. */

const UNREADABLE_ELEMENTS = new Set(['script', 'style', 'head', 'title', 'template', 'noscript']);
const BREAKING_ELEMENTS = new Set([
  'br',
  'p',
  'div',
  'tr',
  'li',
  'ul',
  'ol',
  'table',
  'h1',
  'h2',
  'h3',
  'h4',
  'blockquote',
]);
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
]);

export function textOfHtml(html: string): string {
  const lowerCase = html.toLowerCase();
  const pieces: string[] = [];
  let from = 0;
  while (from < html.length) {
    const open = html.indexOf('<', from);
    pieces.push(
      decodeEntities(html.slice(from, open === -1 ? html.length : open).replace(/[\s\u00A0]+/g, ' ')),
    );
    if (open === -1) break;
    const isComment = html.startsWith('<!--', open);
    const close = html.indexOf(isComment ? '-->' : '>', open);
    if (close === -1) break;
    const name = /^<\/?([a-z][a-z0-9]*)/.exec(lowerCase.slice(open, open + 32))?.[1] ?? '';
    if (BREAKING_ELEMENTS.has(name)) pieces.push('\n');
    from = close + (isComment ? 3 : 1);
    if (UNREADABLE_ELEMENTS.has(name) && html[open + 1] !== '/') {
      const end = lowerCase.indexOf(`</${name}`, from);
      // Never closed: nothing after it can be told from code.
      from = end === -1 ? html.length : end;
    }
  }
  return pieces
    .join('')
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/gi,
    (whole, decimal, hexadecimal, name) => {
      if (typeof name === 'string') return ENTITIES.get(name.toLowerCase()) ?? whole;
      const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hexadecimal), 16);
      return code > 0x1f && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
    },
  );
}
