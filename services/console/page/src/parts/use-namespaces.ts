import type { NowAnswer } from '#services/console/api/answers.ts';
import { useAnswer } from '../server/use-answer.ts';
import { session } from '../session/session-state.ts';

/** Of which a person may choose one: their own, or where they may see all, those in which something is. */
export function useNamespaces(): readonly string[] {
  const { value } = useAnswer<NowAnswer>('/v1/now', [], 60_000);
  const state = session.value;
  if (state.kind === 'in' && state.session.namespaces !== 'all') return state.session.namespaces;
  return (value?.namespaces ?? []).map(({ namespace }) => namespace).toSorted();
}
