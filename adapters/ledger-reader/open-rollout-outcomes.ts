/** The connection of a process of ours that reads outcomes, with its projected token. */
import { Agent } from 'undici';
import { TokenFile } from '../router-client/token-file.ts';
import { LedgerReadError, createLedgerReader } from './ledger-reader.ts';
import { type RolloutOutcomes, createRolloutOutcomes } from './rollout-outcomes.ts';

const CONNECT_MILLISECONDS = 3_000;

export interface OpenRolloutOutcomes {
  readonly outcomes: RolloutOutcomes;
  /** Ends what is under way. */
  readonly close: () => Promise<void>;
}

export function openRolloutOutcomes({
  url,
  tokenPath,
  now,
}: {
  readonly url: string;
  /** Read anew again and again: the kubelet rotates it. */
  readonly tokenPath: string;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}): OpenRolloutOutcomes {
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
  return { outcomes: createRolloutOutcomes(reader), close: async () => dispatcher.destroy() };
}
