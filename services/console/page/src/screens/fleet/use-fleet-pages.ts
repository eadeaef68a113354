import { useEffect, useRef } from 'preact/hooks';
import type { AgentsAnswer, ShownRow } from '#services/console/api/answers.ts';
import { answerOf, follow } from '../../server/answers.ts';
import type { RequestProblem } from '../../server/request-problem.ts';
import { type FleetQuery, fleetPath } from './fleet-query.ts';

/** A page is some 60 kB: whoever looks at a list need not see it move more often. */
const PAUSE_MILLISECONDS = 3000;

export interface FleetPages {
  /** Of the last query that was answered. */
  readonly first: AgentsAnswer | undefined;
  readonly isCurrent: boolean;
  readonly problem: RequestProblem | undefined;
  readonly rowAt: (index: number) => ShownRow | undefined;
}

interface Shown {
  readonly first: AgentsAnswer;
  readonly pages: readonly WantedPage[];
}

/**
 * The pages up to the last row that is shown. Each knows the cursor of the next one; those that are in sight are kept current. While
 * another query is answered the rows of the last one stay.
 */
export function useFleetPages(query: FleetQuery, firstRow: number, lastRow: number): FleetPages {
  const shown = useRef<Shown | undefined>(undefined);
  const wanted = pagesOf(query, lastRow);
  const followed = wanted
    .filter(({ answer, begin }) => answer === undefined || begin + answer.rows.length > firstRow)
    .map(({ path }) => path)
    .join('\n');
  useEffect(() => {
    const ends = followed.split('\n').map((path) => follow(path, ['agents'], PAUSE_MILLISECONDS));
    return () => {
      for (const end of ends) end();
    };
  }, [followed]);
  const first = wanted[0]?.answer;
  if (first !== undefined) shown.current = { first, pages: wanted };
  return {
    first: shown.current?.first,
    isCurrent: first !== undefined,
    problem: wanted.find(({ problem }) => problem !== undefined)?.problem,
    rowAt: (index) => {
      const page = shown.current?.pages.findLast(({ begin }) => begin <= index);
      return page?.answer?.rows[index - page.begin];
    },
  };
}

interface WantedPage {
  readonly path: string;
  /** Index of its first row: the server cuts a page sooner when its rows are long. */
  readonly begin: number;
  readonly answer: AgentsAnswer | undefined;
  readonly problem: RequestProblem | undefined;
}

function pagesOf(query: FleetQuery, lastRow: number): readonly WantedPage[] {
  const pages: WantedPage[] = [];
  let cursor: string | undefined;
  for (let begin = 0; begin <= lastRow;) {
    const path = fleetPath(query, cursor);
    const { value, problem } = answerOf<AgentsAnswer>(path).value;
    pages.push({ path, begin, answer: value, problem });
    if (value === undefined || value.nextCursor === null) break;
    cursor = value.nextCursor;
    begin += value.rows.length;
  }
  return pages;
}
