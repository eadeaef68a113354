/** What a pass decided about a rollout, for the ledger. Once for each generation, and nothing while nothing changes. */
import type {
  CanaryRollout,
  CanaryRolloutConditionClaim,
  CanaryRolloutStatus,
} from '#crds/canary-rollout.ts';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';

type RolloutDraft = Omit<RecordOf<'rollout_decision'>, 'source'>;
type Version = NonNullable<CanaryRolloutStatus['stable']>;

const DIGEST = /^[0-9a-f]{64}$/;
const DIGEST_CHARACTERS_IN_ID = 16;

export function releaseRecord(
  rollout: CanaryRollout,
  from: Version | undefined,
  to: Version,
  now: Date,
): RolloutDraft {
  return {
    ...envelopeOf(rollout, `released:${to.digest.slice(0, DIGEST_CHARACTERS_IN_ID)}`, now),
    decision: 'released',
    reason: 'version_accepted',
    ...(from !== undefined && { from: promptOf(rollout, from) }),
    to: promptOf(rollout, to),
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
  const code = reason.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  return {
    ...envelopeOf(rollout, `refused:${code}`, now),
    decision: 'refused',
    reason: code,
    ...(stable !== undefined && { from: promptOf(rollout, stable) }),
    to: { name: rollout.metadata.name, version: rollout.spec.versionRef.name },
  };
}

/** The id follows from what was decided on, not from when or by whom. */
function envelopeOf(
  { metadata }: CanaryRollout,
  decision: string,
  now: Date,
): Pick<RolloutDraft, 'id' | 'type' | 'namespace' | 'atMicroseconds' | 'rollout'> {
  return {
    id: `rollout:${metadata.uid}:${metadata.generation}:${decision}`,
    type: 'rollout_decision',
    namespace: metadata.namespace,
    atMicroseconds: now.getTime() * 1000,
    rollout: metadata.name,
  };
}

function promptOf({ metadata }: CanaryRollout, { name, digest }: Version): NonNullable<RolloutDraft['to']> {
  return { name: metadata.name, version: name, ...(DIGEST.test(digest) && { digest }) };
}
