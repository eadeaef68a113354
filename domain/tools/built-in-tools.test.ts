import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUILT_IN_TOOLS, type BuiltInTool } from '#crds/agent-tool.ts';
import type { ToolResult } from '#domain/conversation/tool.ts';
import { builtInTool } from './built-in-tools.ts';
import { evaluateExpression } from './evaluate-expression.ts';

const NOW = new Date('2026-08-22T22:30:00Z');

async function use(name: BuiltInTool, given: unknown): Promise<ToolResult> {
  const tool = builtInTool(name);
  expect(tool.findArgumentProblems(given)).toEqual([]);
  return tool.run(given, { callId: 'call-1', now: NOW, signal: new AbortController().signal });
}

describe('the built-in tools', () => {
  it('are those that an Agent may name, each with described arguments that admit no others', () => {
    const tools = BUILT_IN_TOOLS.map(builtInTool);
    expect(tools.map((tool) => tool.name)).toEqual([...BUILT_IN_TOOLS]);
    for (const tool of tools) {
      expect(tool.parameters).toMatchObject({ type: 'object', additionalProperties: false });
      expect(tool.findArgumentProblems({ other: 1 })).toContain('"other" is not known');
      expect(tool.description.length).toBeGreaterThan(20);
    }
  });
});

describe('calculate', () => {
  it.each([
    ['0.1 + 0.2', '0.3'],
    ['(19.99 * 3 + 4.50) * 1.21', '78.0087'],
    ['-2^2', '-4'],
    ['2^3^2', '512'],
    ['2**-2', '0.25'],
    ['2/3*3', '2'],
    ['-7 % 3', '-1'],
    ['1e3 + 1e-3', '1000.001'],
    ['.5 + 5.', '5.5'],
    ['3×4−2÷4', '11.5'],
    ['round(2.5) + round(-2.5)', '0'],
    ['round(2.345, 2)', '2.35'],
    ['round(123456, -3)', '123000'],
    ['floor(-1.5) + ceil(-1.5)', '-3'],
    ['min(3, 1, 2) + max(3, 1, 2) + abs(-1) + sum(1, 2)', '8'],
    ['-0.0', '0'],
    ['2^64', '18446744073709551616'],
  ])('%s is exactly %s', async (expression, text) => {
    expect(await use('calculate', { expression })).toEqual({ ok: true, text });
  });

  it('says when the decimals never end', async () => {
    expect(await use('calculate', { expression: '1/3' })).toEqual({
      ok: true,
      text: '0.333333333333333333333333333333 (rounded)',
    });
  });

  it.each([
    ['1/0', 'division by zero'],
    ['1 % 0', 'division by zero'],
    ['0^-1', 'division by zero'],
    ['(1', '")" is missing at the end of the expression'],
    ['1 2', 'an operator is missing before "2" at character 3'],
    ['1,000', 'an operator is missing before "," at character 2'],
    ['2 +', 'a number is missing at the end of the expression'],
    ['  $5', '"$" at character 3 is not part of arithmetic'],
    ['x + 1', '"x" is not known; the functions are abs, floor, ceil, round, min, max, sum'],
    [
      'constructor(1)',
      '"constructor" is not known; the functions are abs, floor, ceil, round, min, max, sum',
    ],
    ['2^0.5', 'an exponent must be a whole number'],
    ['9^9^9', 'a number in the calculation becomes too large'],
    ['1e1001', 'a number in the calculation becomes too large'],
    ['round(1, 1000)', 'round takes up to 100 decimals'],
    ['('.repeat(300), 'the expression is nested deeper than 64 levels'],
    [Array.from({ length: 200 }, () => '9^90').join('*'), 'a number in the calculation becomes too large'],
  ])('%s is refused in one sentence', async (expression, problem) => {
    expect(await use('calculate', { expression })).toEqual({ ok: false, problem });
  });

  it('agrees with whole numbers of the machine on any sum, difference, product and remainder', () => {
    const small = fc.integer({ min: -1000, max: 1000 });
    const divisor = small.filter((value) => value !== 0);
    fc.assert(
      fc.property(small, divisor, small, (a, b, c) => {
        expect(evaluateExpression(`(${a}) * (${b}) - (${c})`)).toMatchObject({ text: String(a * b - c + 0) });
        expect(evaluateExpression(`(${a}) % (${b})`)).toMatchObject({ text: String((a % b) + 0) });
      }),
    );
  });

  it.each([
    ['powers', Array.from({ length: 160 }, (_, n) => `${n + 9}^99`).join('+')],
    ['fractions', Array.from({ length: 190 }, (_, n) => `1/${n + 1009}`).join('+')],
    ['exponents', Array.from({ length: 140 }, (_, n) => `1e${860 + n}`).join('/')],
    ['rounding', `${'round('.repeat(60)}1e999${',99)'.repeat(60)}`],
  ])('ends soon with many %s', (_name, expression) => {
    const result = evaluateExpression(expression.slice(0, 1_000).replace(/[^\d)]+$/, ''));
    expect(result.ok ? result.text : result.problem).not.toBe('');
  });

  it('answers any text with a number or a sentence', () => {
    const piece = fc.constantFrom('(', ')', '^', '-', '/', '9', '0', '.', 'e', 'min', ',', ' ', '%', '5e9');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
        const result = evaluateExpression(pieces.join(''));
        expect(result.ok ? result.text : result.problem).not.toBe('');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('current-time', () => {
  it.each([
    [undefined, '2026-08-22T22:30:00+00:00', 'Saturday'],
    ['Europe/Madrid', '2026-08-23T00:30:00+02:00', 'Sunday'],
    ['Asia/Kathmandu', '2026-08-23T04:15:00+05:45', 'Sunday'],
    ['America/New_York', '2026-08-22T18:30:00-04:00', 'Saturday'],
  ])('in the zone %s is %s, a %s', async (timeZone, dateTime, weekday) => {
    const result = await use('current-time', timeZone === undefined ? {} : { timeZone });
    expect(result.ok && JSON.parse(result.text)).toEqual({ dateTime, weekday, timeZone: timeZone ?? 'UTC' });
    expect(new Date(dateTime)).toEqual(NOW);
  });

  it('refuses a zone that does not exist', async () => {
    expect(await use('current-time', { timeZone: 'Mars/Olympus' })).toMatchObject({ ok: false });
  });
});

describe('parse-email', () => {
  async function parsed(message: string): Promise<unknown> {
    const result = await use('parse-email', { message });
    if (!result.ok) throw new Error(result.problem);
    return JSON.parse(result.text);
  }

  it('finds sender, recipients, subject, date, text and attachment names of a MIME message', async () => {
    const message = [
      'From: =?utf-8?q?Ren=C3=A9?= <rene@example.com>',
      'To: Team: a@example.com, B <b@example.com>;',
      'Cc: c@example.com',
      'Subject: =?utf-8?b?SMOpbGxv?=',
      'Date: Tue, 1 Jul 2025 10:00:00 +0200',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=x',
      '',
      '--x',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'Caf=C3=A9',
      '--x',
      'Content-Type: application/pdf; name="../../etc/bill.pdf"',
      'Content-Disposition: attachment; filename="../../etc/bill.pdf"',
      'Content-Transfer-Encoding: base64',
      '',
      'AAAA',
      '--x--',
      '',
    ].join('\r\n');
    expect(await parsed(message)).toEqual({
      from: 'René <rene@example.com>',
      to: ['a@example.com', 'B <b@example.com>'],
      cc: ['c@example.com'],
      subject: 'Héllo',
      date: '2025-07-01T08:00:00.000Z',
      text: 'Café',
      attachments: [{ name: '../../etc/bill.pdf', mimeType: 'application/pdf' }],
    });
  });

  it('reads the text of a message that has only HTML', async () => {
    const html =
      '<head><title>T</title></head><style>p{}</style><p>Hi <b>you</b> &amp; me&#33; 5&nbsp;&euro; caf&eacute;</p><script>evil()</script>';
    expect(await parsed(`Subject: x\r\nContent-Type: text/html\r\n\r\n${html}`)).toMatchObject({
      text: 'Hi you & me! 5 € café',
    });
  });

  it('reads an HTML part beside a plain one, and the plain one of two that say the same', async () => {
    const parts = (kind: string): string =>
      [
        `Subject: x\r\nContent-Type: multipart/${kind}; boundary=b\r\n`,
        '--b\r\nContent-Type: text/plain\r\n\r\nPlain',
        '--b\r\nContent-Type: text/html\r\n\r\n<style>p{}</style><p>5 &euro;<script>evil()</script></p>',
        '--b--\r\n',
      ].join('\r\n');
    expect(await parsed(parts('mixed'))).toMatchObject({ text: 'Plain\n\n5 €' });
    expect(await parsed(parts('alternative'))).toMatchObject({ text: 'Plain' });
  });

  it('reads a message in its charset, whether it was read as text or byte by byte', async () => {
    const message = (charset: string, text: string): string =>
      `Subject: x\r\nContent-Type: text/plain; charset=${charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text}`;
    const utf8Bytes = Buffer.from('Café').toString('latin1');
    expect(await parsed(message('utf-8', 'Café'))).toMatchObject({ text: 'Café' });
    expect(await parsed(message('utf-8', utf8Bytes))).toMatchObject({ text: 'Café' });
    expect(await parsed(message('iso-8859-1', 'Café'))).toMatchObject({ text: 'Café' });
    expect(await parsed(message('utf-8', 'Café 東京'))).toMatchObject({ text: 'Café 東京' });
  });

  it('says that HTML without end was not read to its end', async () => {
    const html = `<p>Hello</p>${'<div>'.repeat(80_000)}hidden`;
    expect(await parsed(`Subject: x\r\nContent-Type: text/html\r\n\r\n${html}`)).toMatchObject({
      text: 'Hello',
      textIsCut: true,
    });
  });

  it('cuts what a header may say without end', async () => {
    const message = `Subject: ${'s'.repeat(9_000)}\r\nTo: ${'t'.repeat(9_000)}@example.com\r\n\r\nx`;
    const { subject, to } = (await parsed(message)) as { subject: string; to: string[] };
    expect([subject.length, to[0]?.length]).toEqual([2_048, 2_048]);
  });

  it.each([
    ['lines', `Subject: x\r\n\r\n${'\n'.repeat(500_000)}`],
    [
      'parts',
      `Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\na\r\n'.repeat(50_000)}`,
    ],
    ['messages in messages', `Subject: x\r\n${'Content-Type: message/rfc822\r\n\r\n'.repeat(16_000)}`],
    ['headers', `Subject: x\r\n${'A: b\r\n'.repeat(30_000)}\r\nx`],
    ['recipients', `Subject: x\r\nTo: ${'a@b.c, '.repeat(40_000)}\r\n\r\nx`],
  ])('comes to an end with many %s', async (_name, message) => {
    const result = await use('parse-email', { message });
    expect(result.ok ? result.text.length : result.problem.length).toBeGreaterThan(0);
  });

  it('cuts a long text and says so', async () => {
    expect(await parsed(`Subject: x\r\n\r\n${'y'.repeat(40_000)}`)).toMatchObject({
      text: 'y'.repeat(32_768),
      textCharacters: 40_000,
      textIsCut: true,
    });
  });

  it.each([
    ['hello'],
    ['no headers\r\n\r\nat all'],
    ['Content-Type: multipart/mixed; boundary=x\r\n\r\n--x'],
  ])('refuses what is no message: %j', async (message) => {
    expect(await use('parse-email', { message })).toMatchObject({ ok: false });
  });

  it('refuses parts nested without end', async () => {
    const parts = Array.from(
      { length: 200 },
      (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}`,
    );
    expect(await use('parse-email', { message: `Subject: x\r\n${parts.join('\r\n')}` })).toMatchObject({
      ok: false,
    });
  });
});
