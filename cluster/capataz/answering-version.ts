/** Which version of the sample's prompt may have failed: a node that serves what somebody pushed is as well as any other. */
import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';
import type { FirstAnswer } from './first-question.ts';
import { readManifests } from './made-by-up.ts';
import { SAMPLE_AGENT, SAMPLE_NAMESPACE } from './samples.ts';

/** What an agent answers with when the variables are not those of its prompt; it does not say of which version then. */
const VARIABLES_DO_NOT_FIT = 400;

/** A version other than that of this checkout, if such a one failed. Pure. */
export function findOtherVersion(
  { status, answer }: FirstAnswer,
  own: string,
  served: readonly string[],
): string | undefined {
  const told = (answer as { readonly prompt?: { readonly version?: unknown } } | null)?.prompt?.version;
  const suspects = status === VARIABLES_DO_NOT_FIT ? served : [];
  return (typeof told === 'string' ? [told] : suspects).find((version) => version !== own);
}

/** Name of the PromptVersion with which the samples of this checkout begin. */
export async function readOwnVersion(checkout: string): Promise<string> {
  const samples = await readManifests(checkout, 'samples/*.yaml');
  const rollout = samples.find(({ kind }) => kind === 'CanaryRollout');
  return (rollout as unknown as { readonly spec: { readonly versionRef: { readonly name: string } } }).spec
    .versionRef.name;
}

/** Names of the stable version and of the candidate. */
export async function readServedVersions(access: ClusterAccess): Promise<readonly string[]> {
  const names = await access.kubectl([
    'get',
    'canaryrollouts.capataz.dev',
    SAMPLE_AGENT,
    '--namespace',
    SAMPLE_NAMESPACE,
    '--ignore-not-found',
    '--output=jsonpath={.status.stable.name} {.status.candidate.name}',
  ]);
  return names.split(' ').filter((name) => name !== '');
}
