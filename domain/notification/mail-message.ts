/** A notification as a mail: words only, so that no reader of mails can make anything of them. */
import { createHash } from 'node:crypto';
import type { Notification } from './notification.ts';
import { wordsOf } from './plain-words.ts';

export interface MailMessage {
  readonly subject: string;
  readonly text: string;
  /** The same when the same is sent again: many mailboxes then show it once. */
  readonly messageId: string;
  /** The same of all messages of one cause, which are then shown together. */
  readonly threadId: string;
  readonly isUrgent: boolean;
}

/** `domain`: of the sender, in which ids are unique. */
export function mailMessage(
  notification: Notification,
  { consoleUrl, domain }: { readonly consoleUrl: string | undefined; readonly domain: string },
): MailMessage {
  const { subject, lines } = wordsOf(notification, consoleUrl);
  const thread = notification.event === 'more' ? notification.id : notification.item.id;
  const urgency = notification.event === 'more' ? notification.urgency : notification.item.urgency;
  return {
    subject,
    text: `${lines.join('\n\n')}\n`,
    messageId: `<${notification.id}@${domain}>`,
    threadId: `<${createHash('sha256').update(thread).digest('hex').slice(0, 32)}@${domain}>`,
    isUrgent: urgency === 'page' && notification.event !== 'resolved',
  };
}
