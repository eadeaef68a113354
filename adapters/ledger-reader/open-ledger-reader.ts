/** The connection of a process of ours that reads the ledger, with its projected token. */
import { Agent } from 'undici';
import { TokenFile } from '../router-client/token-file.ts';
import { LedgerReadError, type LedgerReader, createLedgerReader } from './ledger-reader.ts';

const CONNECT_MILLISECONDS = 3_000;

export interface LedgerReaderSettings {
  readonly url: string;
  /** Read anew again and again: the kubelet rotates it. */
  readonly tokenPath: string;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export interface OpenLedgerReader {
  readonly reader: LedgerReader;
  /** Ends what is under way. */
  readonly close: () => Promise<void>;
}

export function openLedgerReader({ url, tokenPath, now }: LedgerReaderSettings): OpenLedgerReader {
  const token = new TokenFile(tokenPath, now);
  const dispatcher = new Agent({ connect: { timeout: CONNECT_MILLISECONDS } });
  const reader = createLedgerReader({
    baseUrl: url.replace(/\/+$/, ''),
    dispatcher,
    headers: async () => {
      try {
        return { authorization: `Bearer ${await token.read()}` };
      } catch {
        throw new LedgerReadError('refused', `The token in ${tokenPath} cannot be read.`);
      }
    },
  });
  return { reader, close: async () => dispatcher.destroy() };
}
