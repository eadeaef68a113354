/** Writes what a commit holds: PromptVersions and golden sets, each once, for they never change. */
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import { type KubeObject, objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { DesiredObject, ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import type { ReadCommit } from '#domain/prompt-repository/read-commit.ts';
import { PROMPT_VERSIONS } from '../prompt-version/resources.ts';
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import { readableObject } from '#adapters/kubernetes/read-kind.ts';
import { GOLDEN_SET_CONFIG_MAPS, REPOSITORY_LABEL } from './resources.ts';

/** What the API server says when it takes no such object, whenever it is asked. */
const FINAL_STATUSES = new Set([400, 403, 413, 422]);

/** Resolves with a sentence when something cannot be written; rejects when it may be tried again. */
export async function writeCommit(
  { metadata: { namespace, name } }: PromptRepository,
  { prompts, goldenSets }: Pick<ReadCommit, 'prompts' | 'goldenSets'>,
  { view, writer }: { readonly view: ClusterView; readonly writer: ObjectWriter },
): Promise<string | undefined> {
  const labels = { 'app.kubernetes.io/managed-by': 'capataz', [REPOSITORY_LABEL]: name };
  for (const { configMapName, content } of goldenSets) {
    if (view.of(GOLDEN_SET_CONFIG_MAPS).get(objectKey({ namespace, name: configMapName })) !== undefined)
      continue;
    const object = { metadata: { namespace, name: configMapName, labels }, immutable: true, ...content };
    const problem = await create(writer, GOLDEN_SET_CONFIG_MAPS, object);
    if (problem !== undefined) return problem;
  }
  for (const { versionName, spec } of prompts) {
    const live = readableObject(view.of(PROMPT_VERSIONS).get(objectKey({ namespace, name: versionName })));
    if (live !== undefined) {
      if (live.spec.digest === spec.digest && live.spec.prompt === spec.prompt) continue;
      return `PromptVersion ${versionName} exists and holds another text: delete it.`;
    }
    const problem = await create(writer, PROMPT_VERSIONS, {
      metadata: { namespace, name: versionName, labels },
      spec,
    });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

async function create(
  writer: ObjectWriter,
  resource: ResourceKind,
  object: DesiredObject,
): Promise<string | undefined> {
  try {
    await writer.create(resource, object);
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error;
    // Made a moment ago, by us or by somebody else: the next look sees it.
    if (error.status === 409) return undefined;
    if (!FINAL_STATUSES.has(error.status)) throw error;
    return `The API server does not take ${resource.kind} ${object.metadata.name}: ${error.message}.`;
  }
}

/** One that is gone already, or was changed meanwhile, is left for the next look. */
export async function removeObject(
  writer: ObjectWriter,
  resource: ResourceKind,
  { metadata }: KubeObject,
): Promise<void> {
  try {
    await writer.remove(resource, { namespace: metadata.namespace ?? '', name: metadata.name }, metadata);
  } catch (error) {
    if (!(error instanceof KubeApiError && [404, 409].includes(error.status))) throw error;
  }
}
