/** CanaryRollouts and their PromptVersions, as a person's rights let them be read and annotated. */
import { z } from 'zod';
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import { CONTENT_TYPES, type KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { objectPath } from '#adapters/kubernetes/resource-kind.ts';
import { CANARY_ROLLOUT, CanaryRolloutSpec, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';
import { PROMPT_VERSION, PromptVersionSpec } from '#crds/prompt-version.ts';
import { ROLLOUT_COMMAND_ANNOTATION, type RolloutCommand } from '#domain/rollout/rollout-command.ts';
import type { ClusterAccess } from '../connection/cluster.ts';
import { CommandError } from '../exit-codes.ts';

const ROLLOUTS = { ...CANARY_ROLLOUT, groupVersion: API_GROUP_VERSION };
const PROMPT_VERSIONS = { ...PROMPT_VERSION, groupVersion: API_GROUP_VERSION };

const Metadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  generation: z.int().default(0),
  annotations: z.record(z.string(), z.string()).default({}),
});

const Counts = z.object({ good: z.number(), bad: z.number() });

/** What a person is shown of it; the state of the judge beside that is the operator's own. */
const Analysis = z.object({
  metrics: z.array(
    z.object({
      metric: z.string(),
      stable: Counts,
      candidate: Counts,
      worseMicroNats: z.number(),
      notWorseMicroNats: z.number(),
      verdict: z.string(),
    }),
  ),
  missingSamples: z.number().optional(),
  missingSeconds: z.number().optional(),
  problem: z.string().optional(),
});
export type MetricOfRollout = z.infer<typeof Analysis>['metrics'][number];

/** A newer operator may say more in a status than this program knows. */
const Rollout = z.object({
  metadata: Metadata,
  spec: z.object({ ...CanaryRolloutSpec.shape }),
  status: z.object({ ...CanaryRolloutStatus.shape, analysis: Analysis.optional() }).default({}),
});
export type Rollout = z.infer<typeof Rollout>;

const Version = z.object({ metadata: Metadata, spec: z.object({ ...PromptVersionSpec.shape }) });
export type Version = z.infer<typeof Version>;

export async function getRollout({ kubeClient, namespace }: ClusterAccess, name: string): Promise<Rollout> {
  return await get(kubeClient, Rollout, ROLLOUTS, namespace, name);
}

export async function getVersion({ kubeClient, namespace }: ClusterAccess, name: string): Promise<Version> {
  return await get(kubeClient, Version, PROMPT_VERSIONS, namespace, name);
}

export async function annotateCommand(
  { kubeClient, namespace }: ClusterAccess,
  name: string,
  command: RolloutCommand,
): Promise<void> {
  const annotations = { [ROLLOUT_COMMAND_ANNOTATION]: JSON.stringify(command) };
  await named(name, namespace, CANARY_ROLLOUT.kind, () =>
    kubeClient.request({
      method: 'PATCH',
      path: objectPath(ROLLOUTS, namespace, name),
      query: { fieldManager: 'capataz' },
      contentType: CONTENT_TYPES.mergePatch,
      body: { metadata: { annotations } },
    }),
  );
}

async function get<Read>(
  kubeClient: KubeClient,
  schema: z.ZodType<Read>,
  resource: typeof ROLLOUTS | typeof PROMPT_VERSIONS,
  namespace: string,
  name: string,
): Promise<Read> {
  const answer = await named(name, namespace, resource.kind, () =>
    kubeClient.request({ method: 'GET', path: objectPath(resource, namespace, name) }),
  );
  const read = schema.safeParse(answer);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new CommandError(
    'malformed',
    `${resource.kind} ${namespace}/${name} is not as this version of capataz knows it: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`,
  );
}

/** What else stood in the path of a request could lead to another object. */
const OBJECT_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

async function named<Answer>(
  name: string,
  namespace: string,
  kind: string,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  for (const given of [name, namespace]) {
    if (OBJECT_NAME.test(given)) continue;
    throw new CommandError(
      'usage',
      `"${given}" is no name: it has a-z, 0-9, "-" and ".", and begins and ends with one of the first two.`,
    );
  }
  try {
    return await ask();
  } catch (error) {
    if (error instanceof KubeApiError && error.status === 404) {
      throw new CommandError('notFound', `There is no ${kind} ${name} in namespace ${namespace}.`);
    }
    throw error;
  }
}
