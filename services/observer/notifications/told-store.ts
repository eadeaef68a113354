/**
 * What receivers were told, kept where a restart finds it. Written after a message was taken: if the process dies in between, that
 * message is told again, with the same id.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NOTHING_TOLD, ToldCauses } from '#domain/notification/told-causes.ts';

export interface ToldStore {
  /** What was saved last of the receiver; nothing told where there is nothing, or nothing that can be read. */
  readonly load: (receiver: string) => Promise<ToldCauses>;
  readonly save: (receiver: string, told: ToldCauses) => Promise<void>;
}

/** A file a receiver, in a folder that is made where it is missing. Whole or as before, whenever the process ends. */
export function toldFiles(folder: string): ToldStore {
  const pathOf = (receiver: string): string => join(folder, `told-${receiver}.json`);
  return {
    load: async (receiver) => {
      const text = await readFile(pathOf(receiver), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      return text === undefined ? NOTHING_TOLD : parseTold(text);
    },
    save: async (receiver, told) => {
      await mkdir(folder, { recursive: true });
      const path = pathOf(receiver);
      const draft = `${path}.draft`;
      try {
        {
          await using file = await open(draft, 'w', 0o600);
          await file.writeFile(JSON.stringify(told));
          await file.sync();
        }
        await rename(draft, path);
      } finally {
        await rm(draft, { force: true });
      }
    },
  };
}

/** What an older release wrote otherwise is nothing: it is told again rather than not at all. */
export function parseTold(text: string): ToldCauses {
  try {
    const parsed = ToldCauses.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : NOTHING_TOLD;
  } catch {
    return NOTHING_TOLD;
  }
}
