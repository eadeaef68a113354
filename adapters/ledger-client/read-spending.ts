/** Asks the ledger what the agent whose token this is has spent. */
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { AgentSpending } from '#domain/ledger/agent-spending.ts';

const ANSWER_MILLISECONDS = 10_000;

export interface SpendingOptions {
  /** Base URL of the ledger. */
  readonly url: string;
  readonly tokenPath: string;
}

/** The ledger will not say, however often it is asked. */
export class SpendingRefusedError extends Error {
  override readonly name = 'SpendingRefusedError';
}

/** Rejects when the ledger does not answer, or with something else than an answer. */
export async function readSpending(
  { url, tokenPath }: SpendingOptions,
  signal: AbortSignal,
): Promise<AgentSpending> {
  const token = (await readFile(tokenPath, 'utf8')).trim();
  const { statusCode, body } = await request(`${url.replace(/\/+$/, '')}/v1/spending`, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    headersTimeout: ANSWER_MILLISECONDS,
    bodyTimeout: ANSWER_MILLISECONDS,
    signal,
  });
  if (statusCode !== 200) {
    await body.dump();
    const message = `the ledger answered with status ${statusCode}`;
    const isFinal = statusCode >= 400 && statusCode < 500 && statusCode !== 429;
    throw isFinal ? new SpendingRefusedError(message) : new Error(message);
  }
  return AgentSpending.parse(await body.json());
}
