/** What the person may do, as the server asked the API server. */
import type { RightsAnswer } from '#services/console/api/answers.ts';
import { withQuery } from '../server/paths.ts';
import { useAnswer } from '../server/use-answer.ts';

/** Undefined while it is not known. Without a namespace: in any that the person may see. */
export function useRights(namespace?: string): RightsAnswer['rights'] | undefined {
  return useAnswer<RightsAnswer>(withQuery('/v1/rights', { namespace })).value?.rights;
}
