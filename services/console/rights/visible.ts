/** What one person may see, asked once for an answer: every row, item and sum is cut to it. */
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { PeopleRights, Scope } from './people-rights.ts';

export interface Visible {
  readonly agents: Scope;
  readonly costs: Scope;
  readonly runs: Scope;
  readonly securityEvents: Scope;
  readonly rollouts: Scope;
  readonly models: Scope;
}

/** Rejects with a RefusedError when the API server does not answer. */
export async function visibleTo(rights: Pick<PeopleRights, 'scope'>, user: UserInfo): Promise<Visible> {
  const agents = await rights.scope(user, 'get agents');
  const [costs, runs, securityEvents, rollouts, models] = await Promise.all(
    (
      [
        'get agents/costs',
        'get agents/runs',
        'get agents/securityevents',
        'get canaryrollouts',
        'get models',
      ] as const
    ).map(async (right) => within(await rights.scope(user, right), agents)),
  );
  return {
    agents,
    costs: costs ?? NOWHERE,
    runs: runs ?? NOWHERE,
    securityEvents: securityEvents ?? NOWHERE,
    rollouts: rollouts ?? NOWHERE,
    models: models ?? NOWHERE,
  };
}

/** Whoever may not see a namespace at all sees nothing of it. */
function within(scope: Scope, agents: Scope): Scope {
  return {
    isEverywhere: scope.isEverywhere && agents.isEverywhere,
    includes: (namespace) => agents.includes(namespace) && scope.includes(namespace),
  };
}

const NOWHERE: Scope = { isEverywhere: false, includes: () => false };
