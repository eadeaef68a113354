/**
 * The rights of people, asked of the API server (SubjectAccessReview) first for all namespaces and then for each that has
 * something of ours. An answer is good for some seconds; what cannot be asked is refused, never allowed.
 */
import type { AccessReviewer } from '#adapters/kubernetes/access-reviewer.ts';
import { RecentEntries } from '#adapters/kubernetes/recent-entries.ts';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import { RefusedError } from '../refused-error.ts';
import { REVIEW_UNAVAILABLE, type Right, notAllowed } from './rights.ts';

/** Namespaces in which a person has a right. */
export interface Scope {
  readonly isEverywhere: boolean;
  readonly includes: (namespace: string) => boolean;
}

export interface PeopleRights {
  /** All of these reject with a RefusedError when the API server does not answer. */
  readonly has: (user: UserInfo, right: Right, namespace: string | undefined) => Promise<boolean>;
  /** Rejects as well when the person lacks it. */
  readonly require: (user: UserInfo, right: Right, namespace: string | undefined) => Promise<void>;
  readonly scope: (user: UserInfo, right: Right) => Promise<Scope>;
}

/** With the reviewer's own ten seconds: a right that was taken away is good for 25 s at most. */
const SCOPE_MILLISECONDS = 15_000;
const MOST_SCOPES = 10_000;
/** Reviews that one question for a scope has under way. */
const REVIEWS_AT_ONCE = 8;

export function createPeopleRights({
  reviewer,
  namespaces,
  nowMilliseconds,
}: {
  readonly reviewer: AccessReviewer;
  /** Those that have anything of ours, now. */
  readonly namespaces: () => ReadonlySet<string>;
  readonly nowMilliseconds: () => number;
}): PeopleRights {
  const known = new RecentEntries<{ readonly scope: Promise<Scope>; readonly at: number }>(MOST_SCOPES);

  const has: PeopleRights['has'] = async (user, right, namespace) => {
    const answer = await reviewer.review(user, questionOf(right, namespace));
    if (answer === 'unavailable') throw new RefusedError(REVIEW_UNAVAILABLE);
    return answer === 'allowed';
  };

  const find = async (user: UserInfo, right: Right): Promise<Scope> => {
    if (await has(user, right, undefined)) return EVERYWHERE;
    const left = [...namespaces()];
    const allowed = new Set<string>();
    const work = async (): Promise<void> => {
      for (let namespace = left.pop(); namespace !== undefined; namespace = left.pop()) {
        if (await has(user, right, namespace)) allowed.add(namespace);
      }
    };
    await Promise.all(Array.from({ length: REVIEWS_AT_ONCE }, work));
    return { isEverywhere: false, includes: (namespace) => allowed.has(namespace) };
  };

  return {
    has,
    require: async (user, right, namespace) => {
      if (!(await has(user, right, namespace))) throw new RefusedError(notAllowed(right, namespace));
    },
    scope: async (user, right) => {
      const key = JSON.stringify([user, right]);
      const remembered = known.get(key);
      if (remembered !== undefined && nowMilliseconds() - remembered.at < SCOPE_MILLISECONDS) {
        return await remembered.scope;
      }
      const scope = find(user, right);
      known.set(key, { scope, at: nowMilliseconds() });
      // A question that could not be asked is asked again.
      scope.catch(() => known.delete(key));
      return await scope;
    },
  };
}

const EVERYWHERE: Scope = { isEverywhere: true, includes: () => true };

function questionOf(right: Right, namespace: string | undefined): Parameters<AccessReviewer['review']>[1] {
  const [verb = '', path = ''] = right.split(' ');
  const [resource = '', subresource = ''] = path.split('/');
  return {
    verb,
    group: 'capataz.dev',
    resource,
    subresource,
    ...(namespace === undefined ? {} : { namespace }),
  };
}
