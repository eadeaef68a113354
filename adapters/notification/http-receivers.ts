/** Receivers that take JSON by HTTP: webhooks with a body of ours, and chats with the body that Slack has made usual. */
import { readFile } from 'node:fs/promises';
import { chatMessage } from '#domain/notification/chat-message.ts';
import { webhookBody } from '#domain/notification/webhook-body.ts';
import { parseSigningSecret, signatureHeaders } from '#domain/notification/webhook-signature.ts';
import { createDispatcher, postJson, readUrl } from './post-json.ts';
import { NotDeliveredError, type Receiver } from './receiver.ts';

export interface HttpReceiverOptions {
  readonly urlPath: string;
  readonly certificateAuthoritiesPath: string | undefined;
  readonly consoleUrl: string | undefined;
}

/** Rejects where a file that is named cannot be used. Files are read again for each message. */
export async function webhookReceiver(
  options: HttpReceiverOptions & {
    readonly signingSecretPath: string | undefined;
    readonly nowMicroseconds: () => number;
  },
): Promise<Receiver> {
  const { urlPath, signingSecretPath, consoleUrl, nowMicroseconds } = options;
  await readUrl(urlPath);
  await readSecret(signingSecretPath);
  const dispatcher = await createDispatcher(options.certificateAuthoritiesPath);
  return {
    deliver: async (notification, signal) => {
      const body = webhookBody(notification, consoleUrl);
      const headers = signatureHeaders({
        id: notification.id,
        timestampSeconds: Math.floor(nowMicroseconds() / 1_000_000),
        body,
        secret: await readSecret(signingSecretPath),
      });
      await postJson({ urlPath, dispatcher }, { body, headers }, signal);
      return undefined;
    },
    close: () => dispatcher.destroy(),
  };
}

export async function chatReceiver({
  urlPath,
  certificateAuthoritiesPath,
  consoleUrl,
}: HttpReceiverOptions): Promise<Receiver> {
  await readUrl(urlPath);
  const dispatcher = await createDispatcher(certificateAuthoritiesPath);
  return {
    deliver: async (notification, signal) => {
      await postJson({ urlPath, dispatcher }, { body: chatMessage(notification, consoleUrl) }, signal);
      return undefined;
    },
    close: () => dispatcher.destroy(),
  };
}

async function readSecret(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new NotDeliveredError(`The secret in ${path} cannot be read (${error.code ?? 'unknown failure'}).`);
  });
  const secret = parseSigningSecret(text);
  if (secret === undefined) {
    throw new NotDeliveredError(
      `The secret in ${path} is shorter than 24 bytes: draw one with "openssl rand -base64 32".`,
    );
  }
  return secret;
}
