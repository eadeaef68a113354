/**
 * The JSON of an incoming webhook as Slack takes it: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. Mattermost
 * and Rocket.Chat take the same and show `text`; Slack shows `blocks`, and `text` where there is room for one line.
 */
import type { Notification } from './notification.ts';
import { wordsOf } from './plain-words.ts';

const HEADER_LENGTH = 150;
const SECTION_LENGTH = 3_000;
const TEXT_LENGTH = 12_000;
const BREAK = '\u200B';

export function chatMessage(notification: Notification, consoleUrl: string | undefined): string {
  const { subject, lines } = wordsOf(notification, undefined);
  const link = consoleUrl === undefined ? undefined : linkTo(consoleUrl);
  const text = [subject, ...lines].map(harmless);
  return JSON.stringify({
    text: [...fitting(text, TEXT_LENGTH), ...(link === undefined ? [] : [link])].join('\n'),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: plain(fitting([escaped(subject)], HEADER_LENGTH).join('')) },
      { type: 'section', text: plain(fitting(lines.map(escaped), SECTION_LENGTH).join('\n')) },
      ...(link === undefined ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: link } }]),
    ],
  });
}

/** Plain text has no markup, whatever stands in it. */
const plain = (text: string): object => ({ type: 'plain_text', text, emoji: false });

/** The three signs that Slack takes for the beginning of something, also in plain text. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * In `text`, which others read as Markdown: nobody is called (`@channel`), nothing becomes a link or a picture that is fetched by
 * whoever looks at it.
 */
const harmless = (text: string): string =>
  escaped(text)
    .replaceAll('@', `@${BREAK}`)
    .replaceAll('](', `]${BREAK}(`)
    .replaceAll('://', `:${BREAK}//`)
    .replaceAll(/\bwww\./gi, (www) => `www${BREAK}${www.slice(3)}`);

function linkTo(url: string): string {
  const safe = url.replaceAll(/[<>|\s]/g, encodeURIComponent);
  return `<${safe.replaceAll('&', '&amp;')}|Open the console>`;
}

/** Whole lines as far as they fit, the last one cut: never inside of an escape. */
function fitting(lines: readonly string[], length: number): readonly string[] {
  const kept: string[] = [];
  let left = length;
  for (const line of lines) {
    if (line.length + 1 > left) {
      if (left > 1) kept.push(`${line.slice(0, left - 1).replace(/&[a-z]*$|[\ud800-\udbff]$/u, '')}…`);
      break;
    }
    kept.push(line);
    left -= line.length + 1;
  }
  return kept;
}
