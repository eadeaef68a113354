/**
 * A mail as the email-classifier reads it: sender, subject and the beginning of the text. A raw mail begins with
 * kilobytes of transport headers that say nothing about its kind and would cost a small model half a minute.
 */
import { default as PostalMime } from 'postal-mime';

const TEXT_MAXIMUM_CHARACTERS = 80;
const LINE_MAXIMUM_CHARACTERS = 150;

/** `rawMail` is a whole message, RFC 5322 with MIME. */
export async function presentMail(rawMail: string | Uint8Array): Promise<string> {
  const mail = await PostalMime.parse(rawMail);
  const { name = '', address = '' } = mail.from ?? {};
  const sender = name === '' ? address : `${name} <${address}>`;
  const text = mail.text?.trim() === '' || mail.text === undefined ? textOfHtml(mail.html ?? '') : mail.text;
  return [
    `From: ${onOneLine(sender).slice(0, LINE_MAXIMUM_CHARACTERS)}`,
    `Subject: ${onOneLine(mail.subject ?? '').slice(0, LINE_MAXIMUM_CHARACTERS)}`,
    onOneLine(text).slice(0, TEXT_MAXIMUM_CHARACTERS).trim(),
  ].join('\n');
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** Good enough to classify by: what a reader would see of simple HTML. */
function textOfHtml(html: string): string {
  return html
    .replaceAll(/<(style|script)[^]*?<\/\1>/gi, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
