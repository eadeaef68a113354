/** What the person may do, as the server asked the API server. */
import type { RightsAnswer } from '#services/console/api/answers.ts';
import { withQuery } from '../server/paths.ts';
import { useAnswer } from '../server/use-answer.ts';

const GROUP = 'capataz.dev';

/** Undefined while it is not known. Without a namespace: in any that the person may see. */
export function useRight(right: string, namespace?: string): boolean | undefined {
  return useRights(namespace)?.[right];
}

export function useRights(namespace?: string): RightsAnswer['rights'] | undefined {
  return useAnswer<RightsAnswer>(withQuery('/v1/rights', { namespace })).value?.rights;
}

/** `update canaryrollouts/promote` as the line with which anybody sees whether they have it. */
export function canILine(right: string, namespace?: string): string {
  const [verb = '', resource = ''] = right.split(' ');
  const [plural = '', subresource] = resource.split('/');
  return [
    'kubectl auth can-i',
    verb,
    `${plural}.${GROUP}`,
    ...(subresource === undefined ? [] : [`--subresource=${subresource}`]),
    ...(namespace === undefined ? ['--all-namespaces'] : [`--namespace=${namespace}`]),
  ].join(' ');
}
