/** All agents. Sorted, filtered and cut into pages by the server; of the rows only those in sight stand in the document. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { AgentSort } from '#services/console/api/answers.ts';
import { type Query, useQuery } from '../../app/query.ts';
import { useTitle } from '../../app/title.ts';
import { sayCountOf } from '../../parts/amounts.tsx';
import { Empty, ProblemNote, Skeleton } from '../../parts/answered.tsx';
import { SortHead } from '../../parts/sort-head.tsx';
import { useVirtualRows } from '../../parts/use-virtual-rows.ts';
import { askAgain } from '../../server/answers.ts';
import type { Word } from '../../words/languages.ts';
import { say } from '../../words/say.ts';
import { FleetFilters } from './fleet-filters.tsx';
import { type FleetQuery, fleetPath, nextOrder, readFleetQuery } from './fleet-query.ts';
import { FleetRow, WaitingRow } from './fleet-row.tsx';
import { FLEET } from './fleet-words.ts';
import { type FleetPages, useFleetPages } from './use-fleet-pages.ts';

/** The same as in screens.css. */
const ROW_PIXELS = 44;

interface Column {
  readonly title: Word;
  readonly sort?: AgentSort;
  readonly isNumber?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: FLEET.table, sort: 'name' },
  { title: FLEET.state },
  { title: FLEET.cost, sort: 'cost', isNumber: true },
  { title: FLEET.against, sort: 'cost_ratio' },
  { title: FLEET.latency, sort: 'latency', isNumber: true },
  { title: FLEET.latencyRatio, sort: 'latency_ratio' },
  { title: FLEET.failed, sort: 'failed', isNumber: true },
  { title: FLEET.valid, sort: 'unfitting', isNumber: true },
  { title: FLEET.drift },
  { title: FLEET.security, sort: 'security', isNumber: true },
  { title: FLEET.prompt },
  { title: FLEET.trend },
];

export function FleetView() {
  useTitle(say(FLEET.title));
  const query = useQuery();
  const fleet = readFleetQuery(query.values);
  const scroller = useRef<HTMLDivElement>(null);
  const [total, setTotal] = useState(0);
  const rows = useVirtualRows(scroller, total, ROW_PIXELS);
  const pages = useFleetPages(fleet, rows.indexes[0] ?? 0, rows.indexes.at(-1) ?? 0);
  const { first, problem } = pages;
  useLayoutEffect(() => setTotal(first?.total ?? 0), [first?.total]);
  const asked = fleetPath(fleet);
  useLayoutEffect(() => scroller.current?.scrollTo(0, 0), [asked]);
  return (
    <div class="fleet">
      <FleetFilters fleet={fleet} query={query} />
      {problem === undefined ? null : (
        <ProblemNote problem={problem} onRetry={() => askAgain(fleetPath(fleet))} />
      )}
      <p class="fleet__count small soft" role="status">
        {first === undefined
          ? null
          : say(FLEET.shown, { shown: sayCountOf(first.total), all: sayCountOf(first.totalUnfiltered) })}
      </p>
      <div
        ref={scroller}
        class={`panel scroller fleet__scroller ${pages.isCurrent ? '' : 'fleet__scroller--waiting'}`}
        role="region"
        aria-label={say(FLEET.table)}
        aria-busy={!pages.isCurrent}
        tabIndex={0}
      >
        {first === undefined ? (
          problem === undefined ? (
            <Skeleton lines={14} />
          ) : null
        ) : first.total === 0 ? (
          <Nothing isFiltered={first.totalUnfiltered > 0} onClear={() => query.set(CLEARED, true)} />
        ) : (
          <FleetTable pages={pages} rows={rows} fleet={fleet} query={query} />
        )}
      </div>
    </div>
  );
}

const CLEARED = { namespace: undefined, search: undefined, state: undefined, verdict: undefined };

interface FleetTableProps {
  readonly pages: FleetPages;
  readonly rows: ReturnType<typeof useVirtualRows>;
  readonly fleet: FleetQuery;
  readonly query: Query;
}

function FleetTable({ pages, rows, fleet, query }: FleetTableProps) {
  return (
    <table class="table fleet__table" aria-rowcount={(pages.first?.total ?? 0) + 1}>
      <thead>
        <tr aria-rowindex={1}>
          {COLUMNS.map(({ title, sort, isNumber = false }) =>
            sort === undefined ? (
              <th key={title.en} scope="col">
                {say(title)}
              </th>
            ) : (
              <SortHead
                key={title.en}
                isNumber={isNumber}
                order={fleet.sort === sort ? fleet.order : undefined}
                onSort={() => query.set(nextOrder(fleet, sort), true)}
              >
                {say(title)}
              </SortHead>
            ),
          )}
        </tr>
      </thead>
      <tbody>
        <Gap pixels={rows.before} />
        {rows.indexes.map((index) => {
          const row = pages.rowAt(index);
          return row === undefined ? (
            <WaitingRow key={index} rowIndex={index + 2} columns={COLUMNS.length} />
          ) : (
            <FleetRow key={`${row.namespace}/${row.name}`} row={row} rowIndex={index + 2} />
          );
        })}
        <Gap pixels={rows.after} />
      </tbody>
    </table>
  );
}

/** Stands for the rows that are out of sight. */
function Gap({ pixels }: { readonly pixels: number }) {
  if (pixels <= 0) return null;
  return (
    <tr class="fleet__gap" aria-hidden="true">
      <td colSpan={COLUMNS.length} style={{ height: `${pixels}px` }} />
    </tr>
  );
}

function Nothing({ isFiltered, onClear }: { readonly isFiltered: boolean; readonly onClear: () => void }) {
  if (!isFiltered) {
    return (
      <Empty icon="bot" title={say(FLEET.empty)}>
        {say(FLEET.emptyHint)}
      </Empty>
    );
  }
  return (
    <Empty icon="search" title={say(FLEET.noMatch)}>
      <button type="button" class="button" onClick={onClear}>
        {say(FLEET.clear)}
      </button>
    </Empty>
  );
}
