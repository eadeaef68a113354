/** All that decides about one rollout at one moment, and what comes of it. */
import type { CanaryRolloutSpec, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { AnalysisStatus, GateStatus, RolloutDecisionKind } from '#crds/rollout-progress.ts';
import type { JudgeVerdict } from '../judging/canary-judge.ts';
import type { ReadRolloutCommand } from './rollout-command.ts';

/** What stands in the status of a CanaryRollout, but for its conditions: all that the state machine remembers. */
export type RolloutProgress = Omit<CanaryRolloutStatus, 'observedGeneration' | 'conditions'>;
export type Version = NonNullable<RolloutProgress['stable']>;

export interface RolloutObservation {
  readonly spec: CanaryRolloutSpec;
  readonly before: RolloutProgress;
  /** The version that is wanted; undefined while it does not exist, is of another prompt or is not accepted. */
  readonly wanted: Version | undefined;
  /** Of the agents that follow. */
  readonly agentUids: readonly string[];
  readonly outcomes: ObservedOutcomes;
  /**
   * One sentence when what stable serves has gone worse since the candidate began, though nothing was released: then it is not
   * the candidate that is to blame.
   */
  readonly environmentDrift?: string | undefined;
  /**
   * Of the present gate step, with the digest of the candidate; undefined until its Job was made. A gate that is resumed
   * is asked anew: what its run is called follows from the digest and `step.countsFrom`.
   */
  readonly gate: GateStatus | undefined;
  /** Undefined when nobody ever asked for anything. */
  readonly command: ReadRolloutCommand | undefined;
  /** To which version `rollback` goes: the previous stable one, or that with the digest of the command. Undefined when it cannot be served. */
  readonly rollbackTarget: Version | undefined;
  /** Revision of the document that is stored; a status that was lost must not make it begin anew. */
  readonly storedRevision: number;
  /** For the next candidate. */
  readonly freshSalt: string;
  readonly now: Date;
}

/** What the outcomes of the candidate say: of those that the ledger holds, as far as they were read. */
export interface ObservedOutcomes {
  /** Of the candidate that they are about (`status.exposure.salt`): those of an earlier one say nothing of this one. */
  readonly salt: string | undefined;
  /**
   * Counts, evidence and cursor, going on from `status.analysis` where it has begun (`hasBegun`), `since` the
   * `status.candidateSince` of the candidate: whoever reads begins anew when that changes. Undefined before the first
   * reading.
   */
  readonly analysis: AnalysisStatus | undefined;
  /** By the number of outcomes that `samplesWanted` says. */
  readonly verdict: JudgeVerdict;
  /** Why not all outcomes up to now could be read. While there is one nothing is passed. */
  readonly problem: string | undefined;
  /** When they are to be read again. */
  readonly recheckSeconds?: number;
}

export const NO_OUTCOMES: ObservedOutcomes = {
  salt: undefined,
  analysis: undefined,
  verdict: { kind: 'Undecided' },
  problem: undefined,
};

export interface RolloutDecision {
  readonly kind: RolloutDecisionKind;
  /** One word for machines. */
  readonly reason: string;
  /** With which numbers. */
  readonly message: string;
  readonly from?: Version;
  readonly to?: Version;
}

/** At most one decision: each is one write of the status, and so is never half done. */
export interface Transition {
  readonly progress: RolloutProgress;
  readonly decision?: RolloutDecision;
}
