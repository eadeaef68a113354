import type { CanaryRolloutConditionClaim, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { type Advance, advanceRollout } from '#domain/rollout/advance-rollout.ts';
import type { RolloutDecision } from '#domain/rollout/rollout-observation.ts';
import { type Decision, NO_CHILDREN, type ObservedChildren } from '../runtime/decision.ts';
import type { ObjectEvent } from '../runtime/event-recorder.ts';
import { type Outlook, READY, RECONCILING, WAITING, statusOfClaims } from '../runtime/kind-status.ts';
import { lastConditionStatus } from '#adapters/kubernetes/read-kind.ts';
import {
  commandClaim,
  gateReferencesClaim,
  progressingClaim,
  promotedClaim,
  readyClaim,
  resolvedRefsClaim,
} from './conditions.ts';
import { decideGate } from './gate/decide-gate.ts';
import type { ObservedCanaryRollout } from './observe.ts';
import { rolloutDocumentChild, storedDocumentText, storedVersions } from './rollout-document-child.ts';
import { decisionRecord, refusalRecord } from './rollout-records.ts';

/** The next status. The document that agents follow is made of the status as it was written, never of this one. */
export function decideCanaryRollout(
  observed: ObservedCanaryRollout,
  now: Date,
  children: ObservedChildren = NO_CHILDREN,
): Decision<CanaryRolloutStatus> {
  const { rollout, wanted } = observed;
  const { conditions: _conditions, observedGeneration: _generation, ...before } = rollout.status ?? {};
  const resolvedRefs = resolvedRefsClaim(observed);
  const gate = decideGate(rollout, observed.gate, children, now);
  const advanced = advanceRollout({
    ...observed,
    gate: gate.status,
    spec: rollout.spec,
    before,
    wanted:
      resolvedRefs.status === 'True' && wanted !== undefined
        ? { name: wanted.metadata.name, digest: wanted.spec.digest }
        : undefined,
    now,
  });
  const ready = readyClaim(observed, resolvedRefs, advanced);
  const progressing = progressingClaim(advanced);
  const references = gateReferencesClaim(observed, advanced) ?? resolvedRefs;
  const claims = [
    references,
    ready,
    promotedClaim(observed, resolvedRefs, advanced),
    progressing,
    ...commandClaim(advanced.progress),
  ];
  const outlook =
    references === resolvedRefs
      ? outlookOf(observed, advanced, { resolvedRefs, ready, progressing })
      : WAITING;
  const { decision } = advanced;
  const refusal =
    outlook.kind === 'stalled' && advanced.progress.phase === 'Refused'
      ? refusalRecord(rollout, resolvedRefs, now)
      : undefined;
  const records = [
    ...(decision === undefined ? [] : [decisionRecord(rollout, decision, now)]),
    ...(refusal === undefined ? [] : [refusal]),
  ];
  return {
    status: { ...statusOfClaims(rollout, claims, outlook, now), ...toldReason(advanced, resolvedRefs) },
    // What the pod of a gate mounts comes before it.
    children: [
      ...rolloutDocumentChild(
        rollout,
        observed.served,
        storedVersions(children),
        storedDocumentText(children),
      ),
      ...gate.children,
    ],
    ...(gate.unwanted.length > 0 && { unwanted: gate.unwanted }),
    ...(decision !== undefined && { events: [eventOf(decision, advanced.progress.decision?.number)] }),
    ...(records.length > 0 && { records }),
    ...recheck(advanced.recheckSeconds, gate.recheckSeconds),
  };
}

/** Why the wanted version cannot be served is known here alone. */
function toldReason({ progress }: Advance, resolvedRefs: CanaryRolloutConditionClaim): Advance['progress'] {
  return progress.phase === 'Refused' ? { ...progress, reason: resolvedRefs.reason } : progress;
}

function recheck(...seconds: readonly (number | undefined)[]): { readonly recheckSeconds?: number } {
  const given = seconds.filter((one) => one !== undefined);
  return given.length === 0 ? {} : { recheckSeconds: Math.min(...given) };
}

interface Claims {
  readonly resolvedRefs: CanaryRolloutConditionClaim;
  readonly ready: CanaryRolloutConditionClaim;
  readonly progressing: CanaryRolloutConditionClaim;
}

function outlookOf(observed: ObservedCanaryRollout, advanced: Advance, claims: Claims): Outlook {
  switch (advanced.progress.phase) {
    case 'Idle':
      return READY;
    case 'RolledBack':
      return { kind: 'stalled', because: claims.ready };
    case 'Paused':
    case 'AwaitingApproval':
      return WAITING;
    case 'OutsideWindow':
      // A window that never opens is for a person to mend.
      return advanced.problem === undefined ? RECONCILING : { kind: 'stalled', because: claims.progressing };
    case 'Refused':
      return outlookOfRefused(observed, claims.resolvedRefs);
    case 'Progressing':
    case undefined:
      return RECONCILING;
  }
  return advanced.progress.phase satisfies never;
}

/** A version is immutable and so is its prompt: one that was refused is never right, one that is missing may come. */
function outlookOfRefused(
  { wanted }: ObservedCanaryRollout,
  resolvedRefs: CanaryRolloutConditionClaim,
): Outlook {
  if (wanted === undefined) return WAITING;
  const isUnchecked =
    resolvedRefs.reason === 'PromptVersionNotAccepted' &&
    lastConditionStatus(wanted, 'Accepted') === undefined;
  return isUnchecked ? RECONCILING : { kind: 'stalled', because: resolvedRefs };
}

const WARNINGS: ReadonlySet<RolloutDecision['kind']> = new Set(['RolledBack', 'Paused', 'CommandRefused']);

/** With its number, by which its record in the ledger is found, so that the same decision taken twice is told twice. */
function eventOf({ kind, message }: RolloutDecision, number: number | undefined): ObjectEvent {
  const note = `Decision ${number ?? 0}: ${message}`;
  return { type: WARNINGS.has(kind) ? 'Warning' : 'Normal', reason: kind, note };
}
