/** A run for somebody who has a right on the runs of its namespace. Whoever has not is not told that there is such a run. */
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import { Identifier } from '#domain/ledger/record-fields.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { type Read, invalidRequest } from './replies.ts';
import { REVIEW_UNAVAILABLE, type Right, askRight } from './rights.ts';
import type { RunRow } from './store/ledger-queries.ts';

/**
 * Ids of runs are unique within their namespace; anybody may have taken the same one in his. Beyond these a run is found by
 * naming its namespace, which hides it from nobody: the answer says so to all.
 */
const MOST_NAMESAKES = 16;

export async function runFor(
  { store, access }: Pick<LedgerParts, 'store' | 'access'>,
  user: UserInfo,
  { id, namespace }: { readonly id: string; readonly namespace?: string | undefined },
  right: Right,
): Promise<Read<RunRow>> {
  const named = Identifier.safeParse(id).success ? await store.runsOfId(id) : [];
  const runs = named
    .filter((run) => namespace === undefined || run.namespace === namespace)
    .slice(0, MOST_NAMESAKES);
  // Asked at once, and one question whether or not there is a run: how long it takes tells a stranger nothing.
  const questions = new Set([namespace, ...runs.map((run) => run.namespace)]);
  const answers = new Map(
    await Promise.all(
      [...questions].map(async (each) => [each, await askRight(access, user, right, each)] as const),
    ),
  );
  if ([...answers.values()].includes('unavailable')) return { ok: false, refusal: REVIEW_UNAVAILABLE };
  const allowed = runs.filter((run) => answers.get(run.namespace) === 'allowed');
  const [run, another] = allowed;
  if (run === undefined) return notFound(right);
  if (another === undefined) return { ok: true, value: run };
  const where = allowed.map((each) => each.namespace).join(', ');
  return {
    ok: false,
    refusal: invalidRequest(
      `There is a run of this id in ${where}: say which with namespace=NAME.`,
      'namespace',
    ),
  };
}

function notFound(right: Right): Read<never> {
  const message = `The ledger has no run of this id in a namespace in which you have the right "${right}" of group capataz.dev; of an id that many namespaces use, say which with namespace=NAME.`;
  return { ok: false, refusal: { code: 'run_not_found', message } };
}
