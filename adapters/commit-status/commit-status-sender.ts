/**
 * Commit statuses as GitHub, Gitea (also Forgejo) and GitLab take them:
 * https://docs.github.com/en/rest/commits/statuses, https://docs.gitea.com/api, https://docs.gitlab.com/api/commits.
 */
import { request } from 'undici';

export type CommitStatusApi = 'GitHub' | 'Gitea' | 'GitLab';

export interface CommitStatusTarget {
  readonly api: CommitStatusApi;
  /** Base URL of the API; follows from the repository's host when not given. */
  readonly endpoint?: string;
  readonly repositoryUrl: string;
  readonly token: string;
}

export interface CommitStatus {
  readonly commit: string;
  readonly state: 'Success' | 'Failure';
  /** By which it replaces an earlier one of ours. */
  readonly context: string;
  readonly description: string;
}

/** Resolves with the sentence why it was not taken. Never rejects, save when the signal aborts. */
export type CommitStatusSender = (
  target: CommitStatusTarget,
  status: CommitStatus,
  signal: AbortSignal,
) => Promise<string | undefined>;

const TIMEOUT_MILLISECONDS = 15_000;
/** GitHub takes 140 characters, GitLab 255. */
const DESCRIPTION_MAXIMUM_LENGTH = 140;

export const sendCommitStatus: CommitStatusSender = async (target, status, signal) => {
  // Only the host is told: what stands before an @ in a URL may be secret.
  let host = 'its endpoint';
  try {
    const { url, headers, body } = requestOf(target, status);
    ({ host } = new URL(url));
    const response = await request(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'capataz' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]),
    });
    await response.body.dump({ limit: 65_536 });
    const { statusCode } = response;
    const isTold = statusCode < 300;
    return isTold ? undefined : `${target.api} at ${host} answered the commit status with ${statusCode}.`;
  } catch (error) {
    signal.throwIfAborted();
    return `${target.api} at ${host} could not be told the commit status (${reasonOf(error)}).`;
  }
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MILLISECONDS / 1000} seconds`;
  return 'code' in error ? String(error.code) : 'it failed';
}

export function requestOf(
  { api, endpoint, repositoryUrl, token }: CommitStatusTarget,
  { commit, state, context, description }: CommitStatus,
): {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
} {
  const repository = new URL(repositoryUrl);
  const path = repository.pathname
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  const base = (endpoint ?? defaultEndpoint(api, repository)).replace(/\/+$/, '');
  const short = shortened(description);
  if (api === 'GitLab') {
    return {
      url: `${base}/projects/${encodeURIComponent(decoded(path))}/statuses/${commit}`,
      headers: { 'private-token': token },
      body: { state: state === 'Success' ? 'success' : 'failed', name: context, description: short },
    };
  }
  return {
    url: `${base}/repos/${path}/statuses/${commit}`,
    headers: {
      authorization: api === 'GitHub' ? `Bearer ${token}` : `token ${token}`,
      accept: api === 'GitHub' ? 'application/vnd.github+json' : 'application/json',
    },
    body: { state: state === 'Success' ? 'success' : 'failure', context, description: short },
  };
}

/** As it stands when it is not valid: what it names is the server's to say. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function defaultEndpoint(api: CommitStatusApi, { hostname }: URL): string {
  if (api === 'GitHub') {
    return hostname === 'github.com' ? 'https://api.github.com' : `https://${hostname}/api/v3`;
  }
  return `https://${hostname}/api/${api === 'Gitea' ? 'v1' : 'v4'}`;
}

function shortened(text: string): string {
  return text.length <= DESCRIPTION_MAXIMUM_LENGTH
    ? text
    : `${text.slice(0, DESCRIPTION_MAXIMUM_LENGTH - 3)}...`;
}
