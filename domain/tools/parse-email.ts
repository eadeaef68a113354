/** The built-in tool `parse-email`: a raw message as it travels (RFC 5322, MIME) into what a reader needs. */
import { type Address, default as PostalMime } from 'postal-mime';
import { z } from 'zod';
import type { Tool, ToolResult } from '#domain/conversation/tool.ts';
import { textOfHtml } from './html-text.ts';
import { toolParameters } from './tool-parameters.ts';

export const EMAIL_MAXIMUM_CHARACTERS = 524_288;
const TEXT_MAXIMUM_CHARACTERS = 32_768;
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
    'Parses a raw e-mail message (RFC 822 with MIME parts) into sender, recipients, subject, date, text and the names of the attachments.',
  parameters: toolParameters(ParseEmailArguments),
  run: async (given) => parse(ParseEmailArguments.parse(given).message),
};

async function parse(message: string): Promise<ToolResult> {
  let email: Awaited<ReturnType<typeof PostalMime.parse>>;
  try {
    email = await PostalMime.parse(message, LIMITS);
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
  const text = (email.text ?? textOfHtml(email.html ?? '')).trimEnd();
  const parsed = {
    from: addressesOf(email.from === undefined ? [] : [email.from])[0] ?? null,
    to: addressesOf(email.to ?? []),
    cc: addressesOf(email.cc ?? []),
    subject: email.subject ?? null,
    date: email.date ?? null,
    text: text.slice(0, TEXT_MAXIMUM_CHARACTERS),
    ...(text.length > TEXT_MAXIMUM_CHARACTERS ? { textCharacters: text.length, textIsCut: true } : {}),
    attachments: email.attachments
      .slice(0, ATTACHMENTS_MAXIMUM)
      .map(({ filename, mimeType }) => ({ name: filename, mimeType })),
  };
  return { ok: true, text: JSON.stringify(parsed) };
}

function addressesOf(addresses: readonly Address[]): readonly string[] {
  return addresses
    .flatMap((address) => address.group ?? [address])
    .slice(0, ADDRESSES_MAXIMUM)
    .map(({ name, address }) => (name === '' ? (address ?? '') : `${name} <${address ?? ''}>`));
}
