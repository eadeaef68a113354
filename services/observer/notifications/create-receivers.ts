import { chatReceiver, webhookReceiver } from '#adapters/notification/http-receivers.ts';
import { mailReceiver } from '#adapters/notification/mail-receiver.ts';
import type { Receiver } from '#adapters/notification/receiver.ts';
import type { NotificationSettings, ReceiverSettings } from './receiver-settings.ts';
import type { NamedReceiver } from './tell-receiver.ts';

/** Rejects with a sentence that names the receiver and the file that is missing or wrong. */
export async function createReceivers(
  { receivers, consoleUrl }: NotificationSettings,
  means: { readonly nowMicroseconds: () => number },
): Promise<readonly NamedReceiver[]> {
  const created: NamedReceiver[] = [];
  try {
    for (const settings of receivers) {
      created.push({
        name: settings.name,
        policy: settings,
        receiver: await createReceiver(settings, { ...means, consoleUrl }),
      });
    }
    return created;
  } catch (error) {
    await Promise.allSettled(created.map(({ receiver }) => receiver.close()));
    throw error;
  }
}

async function createReceiver(
  settings: ReceiverSettings,
  means: { readonly nowMicroseconds: () => number; readonly consoleUrl: string | undefined },
): Promise<Receiver> {
  try {
    return await receiverOf(settings, means);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'It failed.';
    throw new Error(`The receiver of notifications "${settings.name}" cannot be used. ${reason}`, {
      cause: error,
    });
  }
}

function receiverOf(
  settings: ReceiverSettings,
  {
    nowMicroseconds,
    consoleUrl,
  }: { readonly nowMicroseconds: () => number; readonly consoleUrl: string | undefined },
): Promise<Receiver> {
  const { certificateAuthoritiesPath } = settings;
  if (settings.type === 'Email') {
    const { host, port, encryption, from, to, username, passwordPath } = settings;
    return mailReceiver({
      host,
      port,
      encryption,
      from,
      to,
      username,
      passwordPath,
      certificateAuthoritiesPath,
      consoleUrl,
    });
  }
  const { urlPath } = settings;
  if (settings.type === 'Slack') return chatReceiver({ urlPath, certificateAuthoritiesPath, consoleUrl });
  const { signingSecretPath } = settings;
  return webhookReceiver({
    urlPath,
    signingSecretPath,
    certificateAuthoritiesPath,
    consoleUrl,
    nowMicroseconds,
  });
}
