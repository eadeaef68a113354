import {
  MAXIMUM_PROBLEMS,
  type PromptRepository,
  type PromptRepositoryConditionClaim,
  type PromptRepositoryStatus,
} from '#crds/prompt-repository.ts';
import type { Decision } from '../runtime/decision.ts';
import type { ObjectEvent } from '../runtime/event-recorder.ts';
import { type Outlook, READY, WAITING, statusOfClaims } from '../runtime/kind-status.ts';
import type { Sync, SyncResult } from './sync-result.ts';

export interface ObservedPromptRepository {
  readonly repository: PromptRepository;
  readonly sync: Sync;
  readonly nextSyncSeconds: number | undefined;
}

/** A status that says nothing new but the time is written this often. */
const LAST_SYNC_STEP_SECONDS = 600;
const MESSAGE_MAXIMUM_LENGTH = 1024;
const SHORT_COMMIT_LENGTH = 12;

export function decidePromptRepository(
  { repository, sync, nextSyncSeconds }: ObservedPromptRepository,
  now: Date,
): Decision<PromptRepositoryStatus> {
  const before = repository.status ?? {};
  const { result } = sync;
  const claims = claimsOf(repository, sync);
  const outlook = outlookOf(result, claims);
  const outcome = { ...kept(before), ...changed(result), ...reported(sync) };
  const base = { ...statusOfClaims(repository, claims, outlook, now), ...outcome };
  const event = eventOf(before, result);
  return {
    status: { ...base, ...lastSyncTime(before, base, result, now) },
    ...(event !== undefined && { events: [event] }),
    ...(nextSyncSeconds !== undefined && { recheckSeconds: nextSyncSeconds }),
  };
}

/**
 * A commit never changes: one that is wrong stays so until another is pushed. A server that is away may come
 * back, and a refused write may be let through.
 */
function outlookOf(result: SyncResult, claims: readonly PromptRepositoryConditionClaim[]): Outlook {
  if (result.kind === 'applied' || result.kind === 'suspended') return READY;
  const because = claims.find(({ type }) => type === 'Applied');
  const isFinal = result.kind === 'notApplied' && result.reason !== 'WriteRefused';
  return isFinal && because !== undefined ? { kind: 'stalled', because } : WAITING;
}

/** The last good commit stays wanted whatever happens after it. */
function kept(before: PromptRepositoryStatus): PromptRepositoryStatus {
  const {
    conditions: _c,
    observedGeneration: _g,
    lastSyncTime: _t,
    problems,
    problemCount,
    ...rest
  } = before;
  return {
    ...rest,
    ...(problems !== undefined && { problems }),
    ...(problemCount !== undefined && { problemCount }),
  };
}

function changed(result: SyncResult): Record<string, unknown> {
  switch (result.kind) {
    case 'suspended':
    case 'notFetched':
      return {};
    case 'notApplied':
      return {
        seenCommit: result.commit,
        problems: result.problems.slice(0, MAXIMUM_PROBLEMS).map(({ path, line, message }) => ({
          path: shortened(path),
          line,
          message: shortened(message),
        })),
        problemCount: result.problems.length,
      };
    case 'applied':
      return {
        seenCommit: result.commit,
        appliedCommit: result.commit,
        prompts: result.prompts,
        goldenSets: result.goldenSets,
        problems: undefined,
        problemCount: undefined,
      };
  }
  return result satisfies never;
}

/** Half a character at the end would come back as another one, and look like a change for ever. */
function shortened(text: string): string {
  return text.slice(0, MESSAGE_MAXIMUM_LENGTH).toWellFormed();
}

function reported({ report }: Sync): PromptRepositoryStatus {
  return report?.kind === 'reported' ? { reportedCommit: report.commit, reportedState: report.state } : {};
}

function lastSyncTime(
  { lastSyncTime: last, ...before }: PromptRepositoryStatus,
  after: PromptRepositoryStatus,
  result: SyncResult,
  now: Date,
): PromptRepositoryStatus {
  const isSynced = result.kind === 'applied' || result.kind === 'notApplied';
  const isOld = last === undefined || now.getTime() - Date.parse(last) >= LAST_SYNC_STEP_SECONDS * 1000;
  const isNew =
    JSON.stringify([before.seenCommit, before.appliedCommit]) !==
    JSON.stringify([after.seenCommit, after.appliedCommit]);
  if (isSynced && (isOld || isNew)) return { lastSyncTime: now.toISOString().replace(/\.\d+Z$/, 'Z') };
  return last === undefined ? {} : { lastSyncTime: last };
}

function claimsOf(
  { spec, status }: PromptRepository,
  { result, report }: Sync,
): readonly PromptRepositoryConditionClaim[] {
  const applied = status?.appliedCommit;
  const serving =
    applied === undefined ? 'Nothing was applied yet.' : `Commit ${short(applied)} stays wanted.`;
  const reportClaim: readonly PromptRepositoryConditionClaim[] =
    spec.commitStatus === undefined ? [] : claimOfReport(report, status);
  switch (result.kind) {
    case 'suspended': {
      const message = `spec.suspend is true: nothing is fetched. ${serving}`;
      const last = status?.conditions?.find(({ type }) => type === 'Applied');
      return [
        { type: 'Fetched', status: 'Unknown', reason: 'Suspended', message },
        ...(applied === undefined || last === undefined
          ? [nothingFetched()]
          : [last as PromptRepositoryConditionClaim]),
        { type: 'Ready', status: 'True', reason: 'Suspended', message },
      ];
    }
    case 'notFetched': {
      const { reason, message } = result;
      return [
        { type: 'Fetched', status: 'False', reason, message },
        applied === undefined ? nothingFetched() : appliedClaim(applied),
        { type: 'Ready', status: 'False', reason: 'NotFetched', message: `${message} ${serving}` },
        ...reportClaim,
      ];
    }
    case 'notApplied': {
      const { reason, message, commit } = result;
      return [
        fetchedClaim(commit),
        { type: 'Applied', status: 'False', reason, message },
        { type: 'Ready', status: 'False', reason: 'NotApplied', message: `${message} ${serving}` },
        ...reportClaim,
      ];
    }
    case 'applied': {
      const claim = appliedClaim(result.commit);
      return [
        fetchedClaim(result.commit),
        claim,
        { type: 'Ready', status: 'True', reason: 'Synced', message: claim.message },
        ...reportClaim,
      ];
    }
  }
  return result satisfies never;
}

function nothingFetched(): PromptRepositoryConditionClaim {
  return {
    type: 'Applied',
    status: 'False',
    reason: 'NothingFetched',
    message: 'No commit was fetched yet.',
  };
}

function fetchedClaim(commit: string): PromptRepositoryConditionClaim {
  return {
    type: 'Fetched',
    status: 'True',
    reason: 'Fetched',
    message: `Commit ${short(commit)} was fetched.`,
  };
}

function appliedClaim(commit: string): PromptRepositoryConditionClaim {
  return {
    type: 'Applied',
    status: 'True',
    reason: 'Applied',
    message: `Commit ${short(commit)} is applied.`,
  };
}

function claimOfReport(
  report: Sync['report'],
  status: PromptRepositoryStatus | undefined,
): readonly PromptRepositoryConditionClaim[] {
  if (report?.kind === 'notReported') {
    return [{ type: 'Reported', status: 'False', reason: 'NotReported', message: report.message }];
  }
  const commit = report?.commit ?? status?.reportedCommit;
  if (commit === undefined) return [];
  const message = `The server was told of commit ${short(commit)}.`;
  return [{ type: 'Reported', status: 'True', reason: 'Reported', message }];
}

function eventOf(before: PromptRepositoryStatus, result: SyncResult): ObjectEvent | undefined {
  if (result.kind === 'applied' && result.commit !== before.appliedCommit) {
    return { type: 'Normal', reason: 'CommitApplied', note: `Commit ${short(result.commit)} is applied.` };
  }
  if (result.kind === 'notApplied' && result.commit !== before.seenCommit) {
    return { type: 'Warning', reason: 'CommitRefused', note: result.message };
  }
  return undefined;
}

export function short(commit: string): string {
  return commit.slice(0, SHORT_COMMIT_LENGTH);
}
