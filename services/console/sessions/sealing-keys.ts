/** The keys that seal sessions, read again now and then: a key is replaced without a restart. */
import type { Logger } from '#telemetry/logger.ts';
import { type SealingKey, drawnKeys, readSealingKeys } from './seal.ts';

const REREAD_MILLISECONDS = 30_000;

export interface SealingKeys extends Disposable {
  readonly keys: () => readonly SealingKey[];
}

/** Rejects when the file cannot be read or holds no keys; later it keeps those that it had. */
export async function openSealingKeys(path: string | undefined, logger: Logger): Promise<SealingKeys> {
  if (path === undefined) {
    const drawn = drawnKeys();
    return { keys: () => drawn, [Symbol.dispose]: () => undefined };
  }
  let keys = await readSealingKeys(path);
  const read = async (): Promise<void> => {
    try {
      keys = await readSealingKeys(path);
    } catch (error) {
      logger.error({ error }, 'the keys of sessions could not be read again');
    }
  };
  const reread = setInterval(() => void read(), REREAD_MILLISECONDS);
  reread.unref();
  return { keys: () => keys, [Symbol.dispose]: () => clearInterval(reread) };
}
