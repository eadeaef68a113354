/** The built-in tool `parse-email`: a raw message as it travels (RFC 5322, MIME) into what a reader needs. */
import { isUtf8 } from 'node:buffer';
import { type Address, type Email, default as PostalMime } from 'postal-mime';
import { z } from 'zod';
import type { Tool, ToolResult } from '#domain/conversation/tool.ts';
import { type HtmlText, textOfHtml } from './html-text.ts';
import { toolParameters } from './tool-parameters.ts';

export const EMAIL_MAXIMUM_CHARACTERS = 524_288;
/** postal-mime works line by line; no mail of that length has as many for its readers. */
const LINES_MAXIMUM = 32_768;
const TEXT_MAXIMUM_CHARACTERS = 32_768;
const HEADER_MAXIMUM_CHARACTERS = 2_048;
const ADDRESSES_MAXIMUM = 100;
const ATTACHMENTS_MAXIMUM = 100;
const LIMITS = { maxNestingDepth: 32, maxHeadersSize: 262_144, maxRfc822NestingDepth: 2 };

const ParseEmailArguments = z.strictObject({
  message: z
    .string()
    .min(1)
    .max(EMAIL_MAXIMUM_CHARACTERS)
    .describe('The whole raw message, headers first, as in an .eml file.'),
});

export const parseEmail: Tool = {
  name: 'parse-email',
  description:
    'Parses a raw e-mail message (RFC 822 with MIME parts) into sender, recipients, subject, date, text and the names of the attachments. Text of an HTML mail that a reader does not see is left out.',
  parameters: toolParameters(ParseEmailArguments),
  effect: 'none',
  run: async (given) => parse(ParseEmailArguments.parse(given).message),
};

async function parse(message: string): Promise<ToolResult> {
  if (countLines(message) > LINES_MAXIMUM) {
    return { ok: false, problem: `the message has more than ${LINES_MAXIMUM} lines; give its beginning` };
  }
  const parser = new PostalMime(LIMITS);
  let email: Email;
  try {
    email = await parser.parse(bytesOf(message));
  } catch {
    return {
      ok: false,
      problem: 'the message cannot be parsed; give the whole raw message with its headers',
    };
  }
  if ([email.from, email.to, email.subject, email.date].every((header) => header === undefined)) {
    return {
      ok: false,
      problem: 'there is no sender, recipient, subject or date; give the whole raw message, headers first',
    };
  }
  const { text, isWhole } = textOf(email, parser);
  const isCut = text.length > TEXT_MAXIMUM_CHARACTERS;
  const parsed = {
    from: addressesOf(email.from === undefined ? [] : [email.from])[0] ?? null,
    to: addressesOf(email.to ?? []),
    cc: addressesOf(email.cc ?? []),
    subject: email.subject?.slice(0, HEADER_MAXIMUM_CHARACTERS) ?? null,
    date: email.date?.slice(0, HEADER_MAXIMUM_CHARACTERS) ?? null,
    text: text.slice(0, TEXT_MAXIMUM_CHARACTERS),
    ...(isCut ? { textCharacters: text.length } : {}),
    ...(isCut || !isWhole ? { textIsCut: true } : {}),
    attachments: email.attachments.slice(0, ATTACHMENTS_MAXIMUM).map(({ filename, mimeType }) => ({
      name: filename?.slice(0, HEADER_MAXIMUM_CHARACTERS) ?? null,
      mimeType: mimeType.slice(0, HEADER_MAXIMUM_CHARACTERS),
    })),
  };
  return { ok: true, text: JSON.stringify(parsed) };
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/**
 * A message is bytes, and a string is what somebody made of them. One whose characters are all below U+0100 and that
 * names another charset than UTF-8, or whose bytes are UTF-8, was read byte by byte; another is written as UTF-8.
 */
function bytesOf(message: string): Uint8Array {
  const utf8 = new TextEncoder().encode(message);
  if (utf8.length === message.length || /[\u0100-\uFFFF]/.test(message)) return utf8;
  const bytes = Buffer.from(message, 'latin1');
  const charsets = [...message.matchAll(/charset\s*=\s*"?([\w-]+)/gi)].map(([, name = '']) =>
    name.toLowerCase(),
  );
  const isOther =
    charsets.length > 0 && !charsets.some((name) => ['utf-8', 'utf8', 'us-ascii'].includes(name));
  return isOther || isUtf8(bytes) ? bytes : utf8;
}

/** Which text parts there are of each place in the message; of PostalMime's own, which does not declare it. */
interface TextParts {
  readonly textMap?: ReadonlyMap<unknown, { readonly plain?: unknown; readonly html?: unknown }>;
}

/**
 * The plain text where the message has one. Where a part has HTML alone, PostalMime's `text` holds what it makes of
 * that, scripts and styles included; its `html` holds all parts too, and is read by us.
 */
function textOf(email: Email, parser: PostalMime): HtmlText {
  const { text = '', html } = email;
  if (html === undefined) return { text: text.trimEnd(), isWhole: true };
  const { textMap } = parser as TextParts;
  const parts = textMap === undefined ? undefined : [...textMap.values()];
  const isPlain = parts?.every((part) => part.plain !== undefined) ?? false;
  if (isPlain && text.trim() !== '') return { text: text.trimEnd(), isWhole: true };
  return textOfHtml(html);
}

function addressesOf(addresses: readonly Address[]): readonly string[] {
  return addresses
    .flatMap((address) => address.group ?? [address])
    .slice(0, ADDRESSES_MAXIMUM)
    .map(({ name, address }) => (name === '' ? (address ?? '') : `${name} <${address ?? ''}>`))
    .map((text) => text.slice(0, HEADER_MAXIMUM_CHARACTERS));
}
