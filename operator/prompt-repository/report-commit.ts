/** Tells the server of the repository, at the commit, whether it was taken. */
import type { CommitStatus, CommitStatusSender } from '#adapters/commit-status/commit-status-sender.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import { SecretProblem, readSecret } from './repository-secrets.ts';
import type { ReportResult, SyncResult } from './sync-result.ts';

/** Undefined when there is nothing to tell. */
export type ReportCommit = (
  repository: PromptRepository,
  result: SyncResult,
  signal: AbortSignal,
) => Promise<ReportResult | undefined>;

export function createReportCommit(
  kubeClient: Pick<KubeClient, 'request'>,
  send: CommitStatusSender,
): ReportCommit {
  async function tell(
    { metadata: { namespace, name }, spec: { url } }: PromptRepository,
    to: NonNullable<PromptRepository['spec']['commitStatus']>,
    { commit, state, description }: Pick<CommitStatus, 'commit' | 'state' | 'description'>,
    signal: AbortSignal,
  ): Promise<ReportResult> {
    const token = (await readSecret(kubeClient, namespace, to.secretRef.name)).get('token')?.trim() ?? '';
    if (token === '') {
      return { kind: 'notReported', message: `Secret ${to.secretRef.name} has no key token.` };
    }
    const problem = await send(
      {
        api: to.api,
        ...(to.endpoint === undefined ? {} : { endpoint: to.endpoint }),
        repositoryUrl: url,
        token,
      },
      { commit, state, description, context: `capataz/${namespace}/${name}` },
      signal,
    );
    return problem === undefined
      ? { kind: 'reported', commit, state }
      : { kind: 'notReported', message: problem };
  }

  return async (repository, result, signal) => {
    const { spec, status } = repository;
    if (spec.commitStatus === undefined) return undefined;
    if (result.kind !== 'applied' && result.kind !== 'notApplied') return undefined;
    const { commit } = result;
    const state = result.kind === 'applied' ? 'Success' : 'Failure';
    if (status?.reportedCommit === commit && status.reportedState === state) return undefined;
    const description = result.kind === 'applied' ? 'Prompts and golden sets are applied.' : result.message;
    try {
      return await tell(repository, spec.commitStatus, { commit, state, description }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SecretProblem) return { kind: 'notReported', message: error.message };
      // What came of the look is not lost because of this.
      const message = `Secret ${spec.commitStatus.secretRef.name} could not be read now.`;
      return { kind: 'notReported', message };
    }
  };
}
