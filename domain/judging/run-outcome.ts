/** What the judge of a canary learns of one run, in the order of the ledger. */
import type { RolloutArm } from '../rollout/rollout-document.ts';

interface OutcomeOfRun {
  /** Where it stands in the ledger; what is read later is higher. */
  readonly position: number;
  readonly atMicroseconds: number;
  readonly runId: string;
  /** By the clock of its pod; undefined where the ledger does not say it. */
  readonly runBeganAtMicroseconds?: number;
  readonly agentUid: string;
  /** A digest of the caller's session; absent: the run is a session of its own. */
  readonly session?: string;
  readonly arm: RolloutArm;
  /** Of the prompt version that the run began with. */
  readonly digest: string;
}

export interface RunOutcome extends OutcomeOfRun {
  readonly kind: 'run';
  readonly hasSucceeded: boolean;
  /** Undefined where the answer has no schema or there was no answer. */
  readonly isSchemaValid?: boolean;
  /** Undefined where no tool was called. */
  readonly haveToolsSucceeded?: boolean;
  readonly isRefusal?: boolean;
  readonly costNanoUsd?: number;
  readonly durationMicroseconds: number;
}

export interface FeedbackOutcome extends OutcomeOfRun {
  readonly kind: 'feedback';
  /** `helpful` or a word of the user's. */
  readonly metric: string;
  readonly isGood: boolean;
}

export interface SafetyOutcome extends OutcomeOfRun {
  readonly kind: 'safety';
  /** From SECURITY_EVENTS. */
  readonly event: string;
}

export type JudgedOutcome = RunOutcome | FeedbackOutcome | SafetyOutcome;

/** What an outcome stands for: outcomes of one session hang together, so that the first one stands for all. */
export function sessionOf({ session, runId }: JudgedOutcome): string {
  return session ?? runId;
}
