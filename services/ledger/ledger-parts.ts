/** What the routes of the ledger stand on. */
import type { AccessReviewer } from '#adapters/kubernetes/access-reviewer.ts';
import type { TrustedKeys } from '#domain/transparency/checkpoint.ts';
import type { Drain } from '#process/drain.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { AgentImages } from './agent-images.ts';
import type { CallerIdentity } from './caller-identity.ts';
import type { LogKeeper } from './checkpoints/log-keeper.ts';
import type { CommitNews } from './commit-news.ts';
import type { LedgerMetrics } from './ledger-metrics.ts';
import type { OwnRecords } from './own-records.ts';
import type { RecordIntake } from './record-intake.ts';
import type { LedgerStore } from './store/ledger-store.ts';
import type { TextVault } from './texts/text-vault.ts';
import type { PlatformProcess } from './who-may-tell.ts';

export interface LedgerParts {
  readonly store: LedgerStore;
  readonly intake: RecordIntake;
  readonly ownRecords: OwnRecords;
  readonly news: CommitNews;
  readonly identity: CallerIdentity;
  readonly access: AccessReviewer;
  readonly agentImages: AgentImages;
  /** By `namespace/name` of the ServiceAccount. */
  readonly platformWriters: ReadonlyMap<string, PlatformProcess>;
  readonly metrics: LedgerMetrics;
  readonly logger: Logger;
  readonly drain: Drain;
  readonly newId: () => string;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Of what the ledger tells itself. */
  readonly retentionDays: number;
  readonly vault: Pick<TextVault, 'reveal' | 'eraseRun'>;
  readonly logs: LogKeeper;
  readonly keys: TrustedKeys;
  readonly nowMicroseconds: () => number;
}
