/** Outcomes of rollouts for a process of ours, over a connection of its own. */
import { type LedgerReaderSettings, openLedgerReader } from './open-ledger-reader.ts';
import { type RolloutOutcomes, createRolloutOutcomes } from './rollout-outcomes.ts';

export interface OpenRolloutOutcomes {
  readonly outcomes: RolloutOutcomes;
  /** Ends what is under way. */
  readonly close: () => Promise<void>;
}

export function openRolloutOutcomes(settings: LedgerReaderSettings): OpenRolloutOutcomes {
  const { reader, close } = openLedgerReader(settings);
  return { outcomes: createRolloutOutcomes(reader), close };
}
