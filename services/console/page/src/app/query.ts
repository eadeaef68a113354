/** Filters stand in the address: a view can be sent to somebody, and back goes back to it. */
import { useLocation } from 'preact-iso';
import { withQuery } from '../server/paths.ts';

export interface Query {
  readonly values: Readonly<Record<string, string>>;
  /** What is typed replaces the address; what is chosen is a step that back takes back. */
  readonly set: (changes: Readonly<Record<string, string | undefined>>, isStep?: boolean) => void;
}

export function useQuery(): Query {
  const { path, query, route } = useLocation();
  return {
    values: query,
    set: (changes, isStep = false) => {
      route(withQuery(path, { ...query, ...changes }), !isStep);
    },
  };
}
