/** The file of receivers, read once at the start. Rejects with a sentence that names the file and what is wrong in it. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { NotificationSettings } from './receiver-settings.ts';

export async function readNotificationSettings(path: string): Promise<NotificationSettings> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `The receivers of notifications in ${path} cannot be read (${error.code ?? 'unknown failure'}).`,
    );
  });
  const parsed = NotificationSettings.safeParse(jsonOf(text, path));
  if (parsed.success) return parsed.data;
  throw new Error(
    `The receivers of notifications in ${path} are not valid:\n${z.prettifyError(parsed.error)}`,
  );
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`What stands in ${path} is not JSON: it has to hold the receivers of notifications.`);
  }
}
