/** One look at a repository: fetch, judge, read, write. Everything that may be wrong with it is a result, not a failure. */
import { setImmediate } from 'node:timers/promises';
import type { GitRemote, GitSession } from '#adapters/git/git-cache.ts';
import { GitFailure } from '#adapters/git/git-failure.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import { printableProblem } from '#domain/prompt-repository/printable-problem.ts';
import { type ReadCommit, readCommit } from '#domain/prompt-repository/read-commit.ts';
import type { RepositoryFile, RepositoryFolders } from '#domain/prompt-repository/repository-file.ts';
import { selectEntries } from '#domain/prompt-repository/select-entries.ts';
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import { short } from './decide.ts';
import { removeGarbage } from './repository-garbage.ts';
import { writeCommit } from './repository-objects.ts';
import { SecretProblem, readCredentials, readSignatureKeys } from './repository-secrets.ts';
import type { SyncResult } from './sync-result.ts';

export interface SynchroniseContext {
  readonly kubeClient: Pick<KubeClient, 'request'>;
  readonly writer: ObjectWriter;
  readonly view: ClusterView;
  readonly openSession: (
    repository: PromptRepository,
    remote: GitRemote,
    signal: AbortSignal,
  ) => Promise<GitSession>;
}

const PROMPTS_FOLDER = 'prompts';
const GOLDEN_SETS_FOLDER = 'golden-sets';
const PROBLEMS_TOLD = 1;

export async function synchronise(
  repository: PromptRepository,
  context: SynchroniseContext,
  signal: AbortSignal,
): Promise<SyncResult> {
  if (repository.spec.suspend === true) return { kind: 'suspended' };
  try {
    const credentials = await readCredentials(context.kubeClient, repository);
    const keys = await readSignatureKeys(context.kubeClient, repository);
    const remote = {
      url: repository.spec.url,
      reference: referenceOf(repository),
      credentials,
      ...(keys === undefined ? {} : { keys }),
    };
    await using session = await context.openSession(repository, remote, signal);
    const commit = await session.fetch();
    return (
      (await objection(repository, session, commit)) ?? (await apply(repository, session, commit, context))
    );
  } catch (error) {
    if (error instanceof GitFailure || error instanceof SecretProblem) {
      return { kind: 'notFetched', reason: error.reason, message: error.message };
    }
    throw error;
  }
}

function referenceOf({ spec: { reference } }: PromptRepository): string {
  return reference?.tag === undefined
    ? `refs/heads/${reference?.branch ?? 'main'}`
    : `refs/tags/${reference.tag}`;
}

/** Why the commit may not be taken, whatever it holds. */
async function objection(
  { spec, status }: PromptRepository,
  session: GitSession,
  commit: string,
): Promise<SyncResult | undefined> {
  const refuse = (
    reason: 'SignatureMissing' | 'SignatureRefused' | 'HistoryRewritten',
    message: string,
  ): SyncResult => ({ kind: 'notApplied', commit, reason, message, problems: [] });
  if (spec.signatures?.policy === 'RequireGood') {
    const verdict = await session.signatureOf(commit);
    if (verdict.kind === 'missing') {
      return refuse(
        'SignatureMissing',
        `Commit ${short(commit)} is not signed, and spec.signatures asks for it.`,
      );
    }
    if (verdict.kind === 'refused') {
      return refuse('SignatureRefused', `The signature of commit ${short(commit)} ${verdict.because}.`);
    }
  }
  const applied = status?.appliedCommit;
  if (
    spec.onForcePush === 'Refuse' &&
    applied !== undefined &&
    !(await session.isAncestor(applied, commit))
  ) {
    return refuse(
      'HistoryRewritten',
      `Commit ${short(commit)} does not stand on the applied commit ${short(applied)}, and spec.onForcePush is Refuse.`,
    );
  }
  return undefined;
}

async function apply(
  repository: PromptRepository,
  session: GitSession,
  commit: string,
  context: SynchroniseContext,
): Promise<SyncResult> {
  const read = await readFrom(repository, session, commit);
  const problems = read.problems.map(printableProblem);
  const [first] = problems;
  if (first !== undefined) {
    const more = problems.length > PROBLEMS_TOLD ? ` (and ${problems.length - PROBLEMS_TOLD} more)` : '';
    const message = `Commit ${short(commit)} is not taken: ${first.path}:${first.line}: ${first.message}${more}.`;
    return { kind: 'notApplied', commit, reason: 'ProblemsFound', message, problems };
  }
  const refusal = await writeCommit(repository, read, context);
  if (refusal !== undefined) {
    return { kind: 'notApplied', commit, reason: 'WriteRefused', message: refusal, problems: [] };
  }
  const prompts = read.prompts.map(({ path, versionName, spec }) => ({
    prompt: spec.prompt,
    version: versionName,
    digest: spec.digest,
    path,
  }));
  const goldenSets = read.goldenSets.map(({ name, digest, configMapName }) => ({
    name,
    digest,
    configMap: configMapName,
  }));
  const wanted = new Set([
    ...prompts.map(({ version }) => version),
    ...goldenSets.map(({ configMap }) => configMap),
  ]);
  await removeGarbage(repository, wanted, context);
  return { kind: 'applied', commit, prompts, goldenSets };
}

async function readFrom(
  { spec }: PromptRepository,
  session: GitSession,
  commit: string,
): Promise<ReadCommit> {
  const folders: RepositoryFolders = {
    prompts: folderOf(spec.path ?? PROMPTS_FOLDER),
    goldenSets: folderOf(spec.goldenSetsPath ?? GOLDEN_SETS_FOLDER),
  };
  const paths = folders.prompts === '' ? [] : [folders.prompts, folders.goldenSets];
  const entries = await session.list(
    commit,
    paths.filter((path) => path !== ''),
  );
  const selected = selectEntries(entries, folders);
  const nothing = { prompts: [], goldenSets: [] };
  // Nothing of a commit is read when its names and sizes tell that it is not taken.
  if (selected.problems.length > 0) return { ...nothing, problems: selected.problems };
  if (selected.prompts.length === 0) {
    const path = folders.prompts === '' ? '.' : folders.prompts;
    const message = 'there is no file called <name>.prompt in this folder (spec.path)';
    return { ...nothing, problems: [{ path, line: 1, message }] };
  }
  const contents = async (list: typeof selected.prompts): Promise<readonly RepositoryFile[]> => {
    const files: RepositoryFile[] = [];
    for (const entry of list) files.push({ ...entry, bytes: await session.read(entry.object) });
    return files;
  };
  const files = {
    prompts: await contents(selected.prompts),
    partials: await contents(selected.partials),
    goldenSets: await contents(selected.goldenSets),
  };
  return readCommit(files, { commit, author: await session.authorOf(commit) }, folders, setImmediate);
}

/** Without "./" and slashes at the ends; empty for the whole repository. */
function folderOf(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
