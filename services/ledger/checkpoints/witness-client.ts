/** Hands checkpoints to a witness (C2SP tlog-witness). */
import { Agent, request } from 'undici';
import type { VerifierKey } from '#domain/transparency/note-keys.ts';
import {
  ADD_CHECKPOINT_PATH,
  type AddCheckpointRequest,
  type WitnessAnswer,
  formatAddCheckpoint,
  readWitnessAnswer,
} from '#domain/transparency/witness-protocol.ts';
import type { WitnessKeys } from './witness-keys.ts';

const TIMEOUT_MILLISECONDS = 5_000;
const ANSWER_MAXIMUM_BYTES = 65_536;
const UNPROCESSABLE = 422;

export type Witnessed =
  | WitnessAnswer
  /** The proof does not fit what the witness has seen. */
  | { readonly kind: 'inconsistent' }
  /** It did not answer. */
  | { readonly kind: 'away'; readonly message: string };

export interface WitnessClient extends AsyncDisposable {
  readonly keys: readonly VerifierKey[];
  /** Never rejects. */
  readonly add: (checkpoint: AddCheckpointRequest, signal: AbortSignal) => Promise<Witnessed>;
}

export function createWitnessClient(url: string, keys: WitnessKeys): WitnessClient {
  const dispatcher = new Agent({ connect: { timeout: TIMEOUT_MILLISECONDS } });
  return {
    get keys() {
      return keys.current();
    },
    add: async (checkpoint, signal) => {
      try {
        await keys.learn(AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]));
        const { statusCode, headers, body } = await request(
          `${url.replace(/\/$/, '')}${ADD_CHECKPOINT_PATH}`,
          {
            method: 'POST',
            dispatcher,
            signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]),
            headers: { 'content-type': 'text/plain; charset=utf-8' },
            body: formatAddCheckpoint(checkpoint),
          },
        );
        const text = await boundedText(body);
        if (statusCode === UNPROCESSABLE) return { kind: 'inconsistent' };
        if (statusCode >= 500) return { kind: 'away', message: `it answered ${statusCode}` };
        const contentType = String(headers['content-type'] ?? '');
        return readWitnessAnswer(
          { status: statusCode, contentType, body: text },
          checkpoint.checkpoint,
          keys.current(),
        );
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        const name = error instanceof Error ? error.name : 'unknown failure';
        return { kind: 'away', message: code === '' ? name : code };
      }
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > ANSWER_MAXIMUM_BYTES) throw new RangeError('The answer is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
