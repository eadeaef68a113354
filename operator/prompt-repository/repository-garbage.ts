/** Deletes what a repository made and nobody names any more. */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import { type MadeObject, garbageOf } from '#domain/prompt-repository/collect-garbage.ts';
import { goldenSetConfigMapName } from '#domain/prompt-repository/golden-set-object.ts';
import { AGENTS } from '../agent/resources.ts';
import { CANARY_ROLLOUTS } from '../canary-rollout/resources.ts';
import { PROMPT_VERSIONS } from '../prompt-version/resources.ts';
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import { type ReadObject, readableObject } from '#adapters/kubernetes/read-kind.ts';
import { removeObject } from './repository-objects.ts';
import { GOLDEN_SET_CONFIG_MAPS, PROMPT_REPOSITORIES, REPOSITORY_LABEL } from './resources.ts';

const KEEP_DEFAULT = 20;
const DIGEST_SUFFIX = /-[a-f0-9]{12}$/;

/** `wanted` are the names of the objects that the applied commit holds. */
export async function removeGarbage(
  repository: PromptRepository,
  wanted: ReadonlySet<string>,
  { view, writer }: { readonly view: ClusterView; readonly writer: ObjectWriter },
): Promise<void> {
  const { namespace, name } = repository.metadata;
  const keep = repository.spec.keepVersions ?? KEEP_DEFAULT;
  const isOurs = ({ metadata }: KubeObject): boolean =>
    metadata.namespace === namespace &&
    metadata.labels?.[REPOSITORY_LABEL] === name &&
    metadata.deletionTimestamp === undefined;
  const named = new Set([...wanted, ...namesIn(view, namespace)]);

  const versions = view.of(PROMPT_VERSIONS).list().filter(isOurs);
  const oldVersions = garbageOf(
    versions.map((version) => made(version, readableObject(version)?.spec.prompt ?? '')),
    named,
    keep,
  );
  for (const { object } of oldVersions) await removeObject(writer, PROMPT_VERSIONS, object);

  const gone = new Set(oldVersions.map((old) => old.name));
  for (const version of view.of(PROMPT_VERSIONS).list()) {
    const set = readableObject(version)?.spec.goldenSet;
    const isInUse = version.metadata.namespace === namespace && !gone.has(version.metadata.name);
    if (set !== undefined && isInUse) named.add(goldenSetConfigMapName(set.name, set.digest));
  }
  const sets = view.of(GOLDEN_SET_CONFIG_MAPS).list().filter(isOurs);
  const oldSets = garbageOf(
    sets.map((set) => made(set, set.metadata.name.replace(DIGEST_SUFFIX, ''))),
    named,
    keep,
  );
  for (const { object } of oldSets) await removeObject(writer, GOLDEN_SET_CONFIG_MAPS, object);
}

function made(object: KubeObject, group: string): MadeObject & { readonly object: KubeObject } {
  const { name, creationTimestamp = '' } = object.metadata;
  return { name, group, createdAt: creationTimestamp, object };
}

/** Everything in the namespace that an object refers to by name. */
function namesIn(view: ClusterView, namespace: string): ReadonlySet<string> {
  const readableHere = <Spec, Status>(objects: readonly ReadObject<Spec, Status>[]) =>
    objects
      .filter(({ metadata }) => metadata.namespace === namespace)
      .map(readableObject)
      .filter((object) => object !== undefined);
  const names = [
    ...readableHere(view.of(PROMPT_REPOSITORIES).list()).flatMap(namesInRepository),
    ...readableHere(view.of(CANARY_ROLLOUTS).list()).flatMap(namesInRollout),
    ...readableHere(view.of(AGENTS).list()).flatMap(({ spec, status }) => [
      spec.promptRef.version,
      status?.prompt?.version,
    ]),
  ];
  return new Set(names.filter((name) => name !== undefined));
}

function namesInRepository({ status }: PromptRepository): readonly string[] {
  return [
    ...(status?.prompts ?? []).map(({ version }) => version),
    ...(status?.goldenSets ?? []).map(({ configMap }) => configMap),
  ];
}

function namesInRollout({ spec, status }: CanaryRollout): readonly (string | undefined)[] {
  const served = [status?.stable, status?.previousStable, status?.candidate];
  const sets = (spec.steps ?? []).map(({ gate }) => gate?.goldenSetRef?.name);
  return [spec.versionRef?.name, ...served.map((version) => version?.name), ...sets];
}
