/** What a pass decided about a rollout, for the ledger. Once for each generation, and nothing while nothing changes. */
import type {
  CanaryRollout,
  CanaryRolloutConditionClaim,
  CanaryRolloutStatus,
} from '#crds/canary-rollout.ts';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import type { RolloutDecision } from '#domain/rollout/rollout-observation.ts';
import { wantedName } from '#domain/rollout/wanted-version.ts';

type RolloutDraft = Omit<RecordOf<'rollout_decision'>, 'source'>;
type Version = NonNullable<CanaryRolloutStatus['stable']>;

const DIGEST = /^[0-9a-f]{64}$/;
const DIGEST_CHARACTERS_IN_ID = 16;
const SENTENCE_MAXIMUM_LENGTH = 2048;

/** The same decision on the same status has the same id, however often it is made. */
export function decisionRecord(
  rollout: CanaryRollout,
  { kind, reason, message, from, to }: RolloutDecision,
  now: Date,
): RolloutDraft {
  const number = (rollout.status?.decision?.number ?? 0) + 1;
  const about = (to ?? from)?.digest.slice(0, DIGEST_CHARACTERS_IN_ID) ?? '';
  const decision = codeOf(kind);
  return {
    ...envelopeOf(rollout, `${number}:${decision}:${about}`, now),
    decision,
    reason: codeOf(reason),
    sentence: message.slice(0, SENTENCE_MAXIMUM_LENGTH),
    ...(from !== undefined && { from: promptOf(rollout, from) }),
    ...(to !== undefined && { to: promptOf(rollout, to) }),
  };
}

/** Undefined when the status tells of this refusal already. */
export function refusalRecord(
  rollout: CanaryRollout,
  { reason }: CanaryRolloutConditionClaim,
  now: Date,
): RolloutDraft | undefined {
  const last = rollout.status?.conditions?.find(({ type }) => type === 'ResolvedRefs');
  if (last?.reason === reason && last.observedGeneration === rollout.metadata.generation) return undefined;
  const { stable } = rollout.status ?? {};
  const code = codeOf(reason);
  return {
    ...envelopeOf(rollout, `${rollout.metadata.generation}:refused:${code}`, now),
    decision: 'refused',
    reason: code,
    ...(stable !== undefined && { from: promptOf(rollout, stable) }),
    to: { name: rollout.metadata.name, version: wantedName(rollout.spec) },
  };
}

/** The id follows from what was decided on, not from when or by whom. */
function envelopeOf(
  { metadata }: CanaryRollout,
  decision: string,
  now: Date,
): Pick<RolloutDraft, 'id' | 'type' | 'namespace' | 'atMicroseconds' | 'rollout'> {
  return {
    id: `rollout:${metadata.uid}:${decision}`,
    type: 'rollout_decision',
    namespace: metadata.namespace,
    atMicroseconds: now.getTime() * 1000,
    rollout: metadata.name,
  };
}

function codeOf(word: string): string {
  return word.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

function promptOf({ metadata }: CanaryRollout, { name, digest }: Version): NonNullable<RolloutDraft['to']> {
  return { name: metadata.name, version: name, ...(DIGEST.test(digest) && { digest }) };
}
