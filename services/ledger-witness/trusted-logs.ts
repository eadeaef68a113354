/**
 * Whose checkpoints the witness signs. By configuration, or by trust on first use where an operator has asked for it:
 * then the ledger is asked once, what it says is kept on the volume, and nothing that it says later changes it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { z } from 'zod';
import { encodeVerifierKey, parseVerifierKey } from '#domain/transparency/note-keys.ts';
import type { VerifierKey } from '#domain/transparency/note-keys.ts';
import type { Logger } from '#telemetry/logger.ts';
import { createDurably } from './durable-files.ts';

const RETRY_MILLISECONDS = 2_000;
const TIMEOUT_MILLISECONDS = 5_000;
const ANSWER_MAXIMUM_BYTES = 65_536;

/** GET /v1/log-keys of a ledger. */
const LogKeysAnswer = z.object({ logs: z.array(z.string().max(500)).min(1).max(16) });

/** The keys that were trusted at an earlier start; undefined: this is the first. */
export async function keptLogKeys(directory: string): Promise<readonly VerifierKey[] | undefined> {
  try {
    const text = await readFile(pathIn(directory), 'utf8');
    return text.trim().split('\n').map(parseVerifierKey);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Asks until the ledger tells its keys, keeps them for ever and resolves with them; undefined when `signal` came first. */
export async function learnLogKeys(options: {
  readonly directory: string;
  readonly url: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<readonly VerifierKey[] | undefined> {
  const { directory, url, logger, signal } = options;
  while (!signal.aborted) {
    try {
      const keys = await fetchLogKeys(url, signal);
      await createDurably(pathIn(directory), `${keys.map(encodeVerifierKey).join('\n')}\n`);
      logger.warn(
        { url, keys: keys.map(encodeVerifierKey) },
        'these keys are trusted from now on because the ledger was the first to tell them',
      );
      return await keptLogKeys(directory);
    } catch (error) {
      if (signal.aborted) break;
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ url, reason }, 'the ledger does not tell its keys yet');
    }
    await sleep(RETRY_MILLISECONDS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

async function fetchLogKeys(url: string, signal: AbortSignal): Promise<readonly VerifierKey[]> {
  const { statusCode, body } = await request(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]),
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_MAXIMUM_BYTES) throw new RangeError('The answer is too large.');
    chunks.push(chunk);
  }
  if (statusCode !== 200) throw new Error(`It answered ${statusCode}.`);
  const { logs } = LogKeysAnswer.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  const keys = logs.map(parseVerifierKey).filter(({ type }) => type === 'ed25519');
  // Kept for ever: none must not be.
  if (keys.length === 0) throw new Error('None of the keys that it tells is one of a log.');
  return keys;
}

function pathIn(directory: string): string {
  return join(directory, 'trusted-log-keys');
}
