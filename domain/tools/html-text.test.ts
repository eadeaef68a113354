import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOfHtml } from './html-text.ts';

function textOf(html: string): string {
  const { text, isWhole } = textOfHtml(html);
  expect(isWhole).toBe(true);
  return text;
}

describe('textOfHtml', () => {
  it('keeps the lines of paragraphs and drops markup and comments', () => {
    expect(textOf('<p>One<br>two</p><!-- <p>no</p> --><div>three &lt;4&gt; &unknown;</div>')).toBe(
      'One\ntwo\n\nthree <4> &unknown;',
    );
  });

  it('knows every entity, once', () => {
    expect(textOf('5&nbsp;&euro; caf&eacute; &hellip; &#x20AC; &#8364; &copy &amp;euro;')).toBe(
      '5 € café … € € © &euro;',
    );
  });

  it.each([
    ['a script', '<script>if (a < b) { x("</p>") }</script>'],
    ['a style', '<style>p { color: red }</style>'],
    ['a head', '<head><meta charset="x"><title>no</title>no</head>'],
    ['a template', '<template><p>no</p></template>'],
    ['what stands in for scripts', '<noscript>no</noscript>'],
    ['what stands in for frames and films', '<iframe>no</iframe><video>no</video><object>no</object>'],
    ['a drawing', '<svg><title>no</title><text>no</text></svg>'],
    ['a conditional comment', '<!--[if mso]><p>no</p><![endif]-->'],
    ['what is hidden', '<div hidden>no<p>no</p></div>'],
    ['what is not displayed', '<div style="color:red; DISPLAY : none !important">no<b>no</b></div>'],
    ['what is not displayed, in disguise', '<span style="display:/* x */none">no</span>'],
    ['what is not visible', '<td style="visibility:hidden">no</td>'],
    ['what is transparent', '<i style="opacity:0">no</i>'],
    ['what has no height', '<div style="max-height:0px;overflow:hidden">no</div>'],
    ['what Outlook hides', '<p style="mso-hide:all">no</p>'],
    ['invisible filling', '&#847;&zwnj;&shy;'.replace('&zwnj;', '')],
  ])('leaves out %s', (_name, html) => {
    expect(textOf(`yes ${html} too`)).toMatch(/^yes\s+too$/);
  });

  it('shows what follows a head, closed or not, and what a size of 0 seems to hide', () => {
    expect(textOf('<html><head><style>x</style><p>yes</p>')).toBe('yes');
    expect(textOf('<head><title>no</title><body>yes</body>')).toBe('yes');
    expect(textOf('<table style="font-size:0"><tr><td>yes</td></tr></table>')).toBe('yes');
  });

  it('writes lists, in lists too', () => {
    expect(textOf('<p>To do:</p><ul><li>a<li><p>b</p><ol><li>x</li><li>y</li></ol></li></ul>End')).toBe(
      'To do:\n\n- a\n\n- b\n\n  1. x\n  2. y\nEnd',
    );
  });

  it('writes the cells of a row beside each other, and those of a layout below', () => {
    expect(
      textOf(
        '<table><tr><th>Item</th><th>Price</th></tr><tr><td><p>Pen</p></td><td><p>2 €</p></td></tr></table>',
      ),
    ).toBe('Item | Price\n\nPen | 2 €');
    expect(textOf('<table><tr><td>One<br>two</td><td>three</td></tr></table>')).toBe('One\ntwo\nthree');
  });

  it('tells where a link leads, unless it says so itself or leads nowhere', () => {
    expect(textOf('<a href="https://a.example/?b=1&amp;c=2">Click</a>, please')).toBe(
      'Click (https://a.example/?b=1&c=2), please',
    );
    expect(textOf('<a href="https://a.example">https://a.example</a>')).toBe('https://a.example');
    expect(textOf('<a href="javascript:evil()">x</a> <a href="#top">y</a>')).toBe('x y');
    expect(textOf('<a href="https://a.example"><img alt="Logo"></a>')).toBe('Logo (https://a.example)');
  });

  it('marks what is quoted and keeps what is laid out', () => {
    expect(textOf('Hi<blockquote>One<br>two<blockquote>deep</blockquote></blockquote>bye')).toBe(
      'Hi\n\n> One\n> two\n\n> > deep\n\nbye',
    );
    expect(textOf('<pre>a\n  b</pre>')).toBe('a\n  b');
  });

  it('reads what is not quite HTML', () => {
    expect(textOf('<p<b>x</p> a < b & c <3')).toBe('x\n\na < b & c <3');
    expect(textOf('a<script>never closed')).toBe('a');
  });

  it.each([
    ['elements', '<div>'.repeat(100_000)],
    ['elements and wrong ends', `${'<b>'.repeat(80_000)}${'</i>'.repeat(60_000)}`],
    ['lists', '<ul><li>x'.repeat(50_000)],
    ['tables', '<table><tr><td>x'.repeat(30_000)],
  ])('stops at %s without end and says so', (_name, html) => {
    expect(textOfHtml(html).isWhole).toBe(false);
  });

  it.each([
    ['cells', `<table><tr>${'<td>x'.repeat(80_000)}`],
    ['links', '<a href=https://x>y'.repeat(27_000)],
    ['attributes', `<a ${'a=1 b '.repeat(80_000)}>`],
    ['comments', '<!--'.repeat(130_000)],
    ['entities', '&notin;'.repeat(70_000)],
    ['quoted lines', `${'<blockquote>'.repeat(400)}${'x<br>'.repeat(80_000)}`],
    ['ampersands', '&'.repeat(500_000)],
    ['lines', `<pre>${'\n'.repeat(500_000)}x`],
    ['brackets', '<b'.repeat(250_000)],
    ['styles', `<p style="${'/*'.repeat(200_000)}">`],
  ])('comes to an end with many %s, of a length in proportion', (_name, html) => {
    expect(textOfHtml(html).text.length).toBeLessThan(8 * html.length);
  });

  it('reads any text', () => {
    const piece = fc.constantFrom(
      '<p>',
      '</p>',
      '<td>',
      '<a href="https://x">',
      '</a>',
      '<li>',
      '<pre>',
      '&eacute',
      '<',
      'x ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
        expect(textOfHtml(pieces.join('')).isWhole).toBe(true);
      }),
    );
  });
});
