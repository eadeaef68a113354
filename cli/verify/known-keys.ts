/**
 * Which keys are trusted of which ledger, and the last checkpoint of each log that was seen good: in a file of the user's, as
 * ssh keeps the keys of hosts. What is there once is not replaced by what a ledger says later.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type VerifierKey, MalformedKeyError, parseVerifierKey } from '#domain/transparency/note-keys.ts';
import { CommandError } from '../exit-codes.ts';

const KnownLedger = z.object({
  logs: z.array(z.string().max(1024)).max(64),
  witnesses: z.array(z.string().max(1024)).max(64),
  /** By origin. */
  checkpoints: z.record(z.string(), z.string().max(65_536)).default({}),
});
export type KnownLedger = z.infer<typeof KnownLedger>;

const KnownLedgers = z.object({ ledgers: z.record(z.string(), KnownLedger) });

export class KnownKeys {
  readonly path: string;
  readonly #ledgers: Record<string, KnownLedger>;

  static async read(environment: Readonly<Record<string, string | undefined>>): Promise<KnownKeys> {
    const home = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] ?? homedir(), '.config');
    const path = join(home, 'capataz/known-ledgers.json');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new KnownKeys(path, {});
      throw new CommandError(
        'usage',
        `${path} cannot be read: ${String((error as NodeJS.ErrnoException).code)}.`,
      );
    }
    const known = KnownLedgers.safeParse(parseJson(text));
    // To begin anew silently would be to trust whoever answers next.
    if (!known.success)
      throw new CommandError('usage', `${path} is damaged: mend it, or delete it to trust anew.`);
    return new KnownKeys(path, known.data.ledgers);
  }

  private constructor(path: string, ledgers: Record<string, KnownLedger>) {
    this.path = path;
    this.#ledgers = ledgers;
  }

  of(where: string): KnownLedger | undefined {
    return Object.hasOwn(this.#ledgers, where) ? this.#ledgers[where] : undefined;
  }

  all(): KnownLedger {
    const ledgers = Object.values(this.#ledgers);
    return {
      logs: ledgers.flatMap(({ logs }) => logs),
      witnesses: ledgers.flatMap(({ witnesses }) => witnesses),
      checkpoints: {},
    };
  }

  async remember(where: string, ledger: KnownLedger): Promise<void> {
    const ledgers = { ...this.#ledgers, [where]: ledger };
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify({ ledgers }, undefined, 2)}\n`, { mode: 0o600 });
    await rename(draft, this.path);
  }
}

export function parseKeys(texts: readonly string[], where: string): readonly VerifierKey[] {
  try {
    return texts.map((text) => parseVerifierKey(text.trim()));
  } catch (error) {
    if (error instanceof MalformedKeyError) throw new CommandError('usage', `${where}: ${error.message}`);
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
