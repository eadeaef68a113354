/**
 * The ConfigMap `rollout-<name>` of a CanaryRollout: the RolloutDocument that its agents follow, from the status as it is
 * stored and the texts of the PromptVersions that it names. Status is written first and this follows in the next pass,
 * so that whoever is killed in between leaves nothing to be guessed: the same status always is the same document.
 */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { CanaryRollout, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { FIRST_CANDIDATE_KEY, type GateVersions } from '#domain/evaluation/gate-entry.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import {
  ROLLOUT_DOCUMENT_KEY,
  RolloutDocument,
  type ServedVersion,
  rolloutConfigMapName,
} from '#domain/rollout/rollout-document.ts';
import type { DesiredChild } from '../runtime/child-applier.ts';
import { controlledBy } from '../runtime/child-owner.ts';
import type { ObservedChildren } from '../runtime/decision.ts';
import { CANARY_ROLLOUTS, ROLLOUT_CONFIG_MAPS, ROLLOUT_DOCUMENT_LABELS } from './resources.ts';

/** The API server takes a ConfigMap of 1 MiB; what is not the document gets the rest. */
const LARGEST_DOCUMENT_BYTES = 1_000_000;

/** The PromptVersions that a status names, as far as they exist. */
export interface ServedVersions {
  readonly stable: PromptVersion | undefined;
  readonly candidate: PromptVersion | undefined;
}

type ReleaseStatus = Pick<CanaryRolloutStatus, 'stable' | 'candidate' | 'exposure' | 'revision'>;

/**
 * `stored` are the texts of the document as it is stored: a PromptVersion may have been deleted, and going back to it must
 * work all the same. Nothing while there is nothing to say, or a text is nowhere: then the ConfigMap stays as it is, and
 * its pods go on with what they have.
 */
export function rolloutDocumentChild(
  { metadata, spec, status }: CanaryRollout,
  versions: ServedVersions,
  stored: readonly ServedVersion[],
  storedText?: string,
): readonly DesiredChild[] {
  const content = contentOf({ metadata, spec }, status ?? {}, versions, stored);
  if (content === undefined) return [];
  const [key, text] = content;
  if (Buffer.byteLength(text) > LARGEST_DOCUMENT_BYTES) return [];
  const { namespace, name } = metadata;
  const object = {
    metadata: {
      name: rolloutConfigMapName(name),
      namespace,
      labels: ROLLOUT_DOCUMENT_LABELS,
      ownerReferences: controlledBy(CANARY_ROLLOUTS, metadata),
    },
    data: {
      // A status that was lost does not take from agents what they follow, nor from us its revision.
      ...(key !== ROLLOUT_DOCUMENT_KEY && storedText !== undefined && { [ROLLOUT_DOCUMENT_KEY]: storedText }),
      [key]: text,
    },
  };
  return [{ resource: ROLLOUT_CONFIG_MAPS, object }];
}

/** A key and its text. */
function contentOf(
  rollout: Pick<CanaryRollout, 'metadata' | 'spec'>,
  status: ReleaseStatus,
  versions: ServedVersions,
  stored: readonly ServedVersion[],
): readonly [string, string] | undefined {
  if (status.stable === undefined && status.candidate !== undefined) {
    // Nobody follows it yet: it is for the pod of its gate alone.
    const candidate = servedVersion(status.candidate, versions.candidate, []);
    if (candidate === undefined) return undefined;
    const only: GateVersions = { prompt: rollout.spec.prompt, candidate };
    return [FIRST_CANDIDATE_KEY, JSON.stringify(only)];
  }
  const document = documentOf(rollout, status, versions, stored);
  return document && [ROLLOUT_DOCUMENT_KEY, JSON.stringify(document)];
}

function documentOf(
  { metadata, spec }: Pick<CanaryRollout, 'metadata' | 'spec'>,
  { stable, candidate, exposure, revision }: ReleaseStatus,
  versions: ServedVersions,
  stored: readonly ServedVersion[],
): RolloutDocument | undefined {
  const served = servedVersion(stable, versions.stable, stored);
  if (served === undefined) return undefined;
  const isReleasing = candidate !== undefined && exposure !== undefined;
  const tried = servedVersion(candidate, versions.candidate, stored);
  if (isReleasing && tried === undefined) return undefined;
  const { namespace, name, uid } = metadata;
  // Whatever else stands in a status, also by the hand of somebody: pods are given only what they take.
  return RolloutDocument.safeParse({
    schemaVersion: 1,
    revision,
    rollout: { namespace, name, uid },
    prompt: spec.prompt,
    stable: served,
    ...(isReleasing && {
      candidate: tried,
      exposure: {
        unit: exposure.unit,
        basisPoints: exposure.basisPoints,
        salt: exposure.salt,
        ...(exposure.cutoff !== undefined && { cutoff: exposure.cutoff }),
      },
    }),
  }).data;
}

/** Undefined unless its text is there and still says what the status means by it. */
function servedVersion(
  named: CanaryRolloutStatus['stable'],
  version: PromptVersion | undefined,
  stored: readonly ServedVersion[],
): ServedVersion | undefined {
  if (named === undefined) return undefined;
  const text =
    version?.spec.digest === named.digest
      ? version.spec.text
      : stored.find(({ digest }) => digest === named.digest)?.text;
  return text === undefined ? undefined : { version: named.name, digest: named.digest, text };
}

/** Why these two versions cannot be told to agents together, as one sentence; undefined when they can. */
export function documentSizeProblem(
  stable: PromptVersion | undefined,
  candidate: PromptVersion | undefined,
): string | undefined {
  const versions = [stable, candidate].filter((version) => version !== undefined);
  const bytes = versions.reduce((sum, { spec }) => sum + Buffer.byteLength(JSON.stringify(spec.text)), 0);
  // Names, digests and exposure take less than the rest.
  if (bytes + 4_096 <= LARGEST_DOCUMENT_BYTES) return undefined;
  const names = versions.map(({ metadata }) => metadata.name).join(' and ');
  return `The text of PromptVersion ${names} takes ${bytes} bytes as JSON, and what agents are told has room for ${LARGEST_DOCUMENT_BYTES}: release a version that is shorter.`;
}

/** Of the document that is stored; 0 when there is none that can be read. */
export function storedRevision(children: ObservedChildren): number {
  const { revision } = (storedDocument(children) ?? {}) as { readonly revision?: unknown };
  return typeof revision === 'number' && Number.isSafeInteger(revision) && revision > 0 ? revision : 0;
}

/** Of the document that is stored, those whose text is what their digest says: anybody may have edited it. */
export function storedVersions(children: ObservedChildren): readonly ServedVersion[] {
  const { data } = RolloutDocument.safeParse(storedDocument(children));
  return [data?.stable, data?.candidate].filter(
    (version) => version !== undefined && promptDigest(version.text) === version.digest,
  ) as ServedVersion[];
}

/** As it is. */
export function storedDocumentText({ live }: ObservedChildren): string | undefined {
  const { data } = (live.get(ROLLOUT_CONFIG_MAPS.kind) ?? {}) as KubeObject & {
    readonly data?: Readonly<Record<string, string>>;
  };
  return data?.[ROLLOUT_DOCUMENT_KEY];
}

function storedDocument(children: ObservedChildren): unknown {
  try {
    return JSON.parse(storedDocumentText(children) ?? '{}');
  } catch {
    return undefined;
  }
}
