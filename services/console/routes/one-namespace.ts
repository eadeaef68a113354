/** The ledger is asked about one namespace, or about all of them at once by whoever may see all. */
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { RefusedError } from '../refused-error.ts';
import type { Right } from '../rights/rights.ts';

/** Undefined: all of them. Rejects with a RefusedError where the person may not, or must name one. */
export async function oneNamespace(
  { rights, namespaces }: Pick<ConsoleParts, 'rights' | 'namespaces'>,
  user: UserInfo,
  right: Right,
  wanted: string | undefined,
): Promise<string | undefined> {
  if (wanted !== undefined) {
    await rights.require(user, 'get agents', wanted);
    await rights.require(user, right, wanted);
    return wanted;
  }
  const [agents, scope] = await Promise.all([rights.scope(user, 'get agents'), rights.scope(user, right)]);
  if (agents.isEverywhere && scope.isEverywhere) return undefined;
  const own = [...namespaces()].filter((each) => agents.includes(each) && scope.includes(each));
  const [only] = own;
  if (own.length === 1) return only;
  throw new RefusedError({
    code: 'not_allowed',
    message:
      own.length === 0
        ? `You lack the right "${right}" of group capataz.dev in every namespace that has agents.`
        : 'You may look into several namespaces, but not into all of them: choose one (namespace=NAME).',
    param: 'namespace',
  });
}
