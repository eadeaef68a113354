/** The ledger between its store and its callers: everything that is neither opened nor listened on. */
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { AccessReviewer } from '#adapters/kubernetes/access-reviewer.ts';
import type { SignerKey } from '#domain/transparency/note-keys.ts';
import type { Drain } from '#process/drain.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { AgentImages } from './agent-images.ts';
import { createLedgerApp } from './app.ts';
import type { CallerIdentity } from './caller-identity.ts';
import { acceptStandingLosses } from './checkpoints/accept-loss.ts';
import { standingLosses } from './checkpoints/checkpoint-documents.ts';
import { LogKeeper } from './checkpoints/log-keeper.ts';
import type { WitnessClient } from './checkpoints/witness-client.ts';
import { CommitNews } from './commit-news.ts';
import type { Leader } from './leader.ts';
import { type LedgerMetrics, createLedgerMetrics } from './ledger-metrics.ts';
import { type MeterWatch, createMeterWatch } from './meter-watch.ts';
import { createOwnRecords } from './own-records.ts';
import { createRecordIntake } from './record-intake.ts';
import type { GroupCommit } from './store/group-commit.ts';
import type { LedgerStore } from './store/ledger-store.ts';
import { LEDGER_ITSELF } from './store/standing-losses.ts';
import type { TextVault } from './texts/text-vault.ts';
import type { PlatformProcess } from './who-may-tell.ts';
import { WriteGate } from './write-gate.ts';

export interface LedgerIngredients {
  readonly store: LedgerStore;
  readonly leader: Leader;
  readonly commits: Pick<GroupCommit, 'submit'>;
  readonly vault: TextVault;
  readonly signingKey: SignerKey;
  readonly witness: WitnessClient | undefined;
  readonly identity: (metrics: LedgerMetrics) => CallerIdentity;
  readonly access: AccessReviewer;
  readonly agentImages: AgentImages;
  readonly settings: {
    readonly podName: string;
    readonly platformWriters: ReadonlyMap<string, PlatformProcess>;
    readonly acceptedLosses: ReadonlyMap<string, number>;
    readonly retentionDays: number;
    readonly checkpointSeconds: number;
  };
  readonly registry: Registry;
  readonly logger: Logger;
  readonly drain: Drain;
  readonly newId: () => string;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly nowMicroseconds: () => number;
  readonly nowMilliseconds: () => number;
  /** Holes in what processes have told, as last counted. */
  readonly sourceGaps: () => number;
}

export interface AssembledLedger {
  readonly app: FastifyInstance;
  readonly gate: WriteGate;
  readonly logs: LogKeeper;
  readonly metrics: LedgerMetrics;
  readonly meters: MeterWatch;
  /** Of what was found before: goes on where the settings say that the loss is known. */
  readonly acceptLosses: () => Promise<void>;
  /** Closes the gate for what any replica has found lost, and opens it when that is settled. */
  readonly heedLosses: () => Promise<void>;
}

export function assembleLedger(ingredients: LedgerIngredients): AssembledLedger {
  const { store, commits, vault, signingKey, witness, settings, logger, nowMicroseconds } = ingredients;
  const gate = new WriteGate(ingredients.nowMilliseconds);
  const news = new CommitNews();
  const metrics = createLedgerMetrics(ingredients.registry, {
    isLeading: () => ingredients.leader.isLeading,
    isWritable: () => gate.readiness().ready,
    streams: () => streams.count(),
    witnessLagSeconds: () => logs.witnessLagSeconds(),
    tamperAlarms: () => logs.alarms,
    logs: () => logs.states,
    storeBytes: () => store.sizeBytes(),
    sourceGaps: ingredients.sourceGaps,
  });
  const intake = createRecordIntake({
    seal: (record, texts) => vault.seal(record.namespace, texts, nowMicroseconds()),
    append: commits.submit,
    gate,
    metrics,
    onWritten: (count) => {
      news.tell();
      logs.written(count);
    },
    onFailure: (error) => logger.error({ error }, 'records could not be written'),
  });
  const ownRecords = createOwnRecords(intake, {
    instance: settings.podName,
    boot: ingredients.newId(),
    reporter: LEDGER_ITSELF,
  });
  const acceptance = {
    acceptedLosses: settings.acceptedLosses,
    ownRecords,
    logger,
    nowMicroseconds,
    newId: ingredients.newId,
  };
  const logs = new LogKeeper({
    ...acceptance,
    store: ingredients.leader.store,
    sharedStore: store,
    key: signingKey,
    witness,
    gate,
    intervalMilliseconds: settings.checkpointSeconds * 1000,
    nowMilliseconds: ingredients.nowMilliseconds,
  });
  const { app, streams } = createLedgerApp({
    store,
    intake,
    ownRecords,
    news,
    logs,
    vault,
    keys: {
      logs: [signingKey],
      // Known only once the witness was met, where the first key is believed.
      get witnesses() {
        return witness?.keys ?? [];
      },
    },
    identity: ingredients.identity(metrics),
    access: ingredients.access,
    agentImages: ingredients.agentImages,
    platformWriters: settings.platformWriters,
    logger,
    metrics,
    drain: ingredients.drain,
    newId: ingredients.newId,
    randomBytes: ingredients.randomBytes,
    retentionDays: settings.retentionDays,
    nowMicroseconds,
  });
  const meters = createMeterWatch({
    store: ingredients.leader.store,
    tell: (draft) => ownRecords.tell(draft),
    registry: ingredients.registry,
    logger,
    nowMicroseconds,
  });
  return {
    app,
    gate,
    logs,
    metrics,
    meters,
    acceptLosses: () => acceptStandingLosses({ ...acceptance, store }),
    heedLosses: async () => {
      const losses = await standingLosses(store);
      gate.standing(new Map([...losses].map(([namespace, { message }]) => [namespace, message])));
    },
  };
}
