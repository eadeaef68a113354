import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

interface SortHeadProps {
  /** Undefined: the table is sorted by something else. */
  readonly order: 'ascending' | 'descending' | undefined;
  readonly onSort: () => void;
  readonly isNumber?: boolean;
  readonly children: ComponentChildren;
}

/** The head of a column by which a table can be sorted. */
export function SortHead({ order, onSort, isNumber = false, children }: SortHeadProps) {
  return (
    <th scope="col" class={isNumber ? 'number' : undefined} aria-sort={order ?? 'none'}>
      <button type="button" class="table__sort" onClick={onSort}>
        {children}
        <Icon name={order === 'ascending' ? 'arrow-up' : 'arrow-down'} />
      </button>
    </th>
  );
}
