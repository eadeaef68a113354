/** A mailbox, by SMTP: a connection a message, which is seldom one. */
import { readFile } from 'node:fs/promises';
import { createTransport } from 'nodemailer';
import { mailMessage } from '#domain/notification/mail-message.ts';
import { NotDeliveredError, type Receiver } from './receiver.ts';

const PHASE_MILLISECONDS = 10_000;

export interface MailReceiverOptions {
  readonly host: string;
  readonly port: number;
  /** StartTls and Tls: nothing is sent where the other side cannot show a certificate that is trusted. */
  readonly encryption: 'StartTls' | 'Tls' | 'None';
  readonly from: string;
  readonly to: readonly string[];
  readonly username: string | undefined;
  readonly passwordPath: string | undefined;
  readonly certificateAuthoritiesPath: string | undefined;
  readonly consoleUrl: string | undefined;
}

/** Rejects where a file that is named cannot be read. The password is read again for each message. */
export async function mailReceiver(options: MailReceiverOptions): Promise<Receiver> {
  const { host, port, from, to, consoleUrl } = options;
  const ca =
    options.certificateAuthoritiesPath === undefined
      ? undefined
      : await readFile(options.certificateAuthoritiesPath, 'utf8');
  await readPassword(options.passwordPath);
  return {
    deliver: async (notification, signal) => {
      const transport = createTransport(await settingsOf(options, ca));
      const domain = from.slice(from.lastIndexOf('@') + 1);
      const { subject, text, messageId, threadId, isUrgent } = mailMessage(notification, {
        consoleUrl,
        domain,
      });
      try {
        const { rejected } = await transport.sendMail({
          from,
          to: [...to],
          subject,
          text,
          messageId,
          references: threadId,
          ...(isUrgent && { priority: 'high' as const }),
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal,
        });
        return rejected.length === 0
          ? undefined
          : `${host} took the mail for ${to.length - rejected.length} of ${to.length} addresses only.`;
      } catch (error) {
        if (signal.aborted) throw error;
        throw notDelivered(error, `${host}:${port}`);
      } finally {
        transport.close();
      }
    },
    close: async () => undefined,
  };
}

async function settingsOf(
  { host, port, encryption, username, passwordPath }: MailReceiverOptions,
  ca: string | undefined,
): Promise<object> {
  const pass = await readPassword(passwordPath);
  return {
    host,
    port,
    secure: encryption === 'Tls',
    requireTLS: encryption === 'StartTls',
    ignoreTLS: encryption === 'None',
    ...(username !== undefined && { auth: { user: username, pass } }),
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    connectionTimeout: PHASE_MILLISECONDS,
    greetingTimeout: PHASE_MILLISECONDS,
    socketTimeout: PHASE_MILLISECONDS,
    dnsTimeout: PHASE_MILLISECONDS,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

async function readPassword(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new NotDeliveredError(
      `The password in ${path} cannot be read (${error.code ?? 'unknown failure'}).`,
    );
  });
  return text.replace(/\r?\n$/, '');
}

/** What the server said is left out: it may quote what it was told. */
function notDelivered(error: unknown, place: string): NotDeliveredError {
  const { code, responseCode } = (error ?? {}) as {
    readonly code?: unknown;
    readonly responseCode?: unknown;
  };
  const reason = [code, responseCode].filter((part) => typeof part === 'string' || typeof part === 'number');
  const isRefused = code === 'EMESSAGE' && typeof responseCode === 'number' && responseCode >= 500;
  return new NotDeliveredError(`${place} did not take the mail (${reason.join(' ') || 'it failed'}).`, {
    isRefused,
  });
}
