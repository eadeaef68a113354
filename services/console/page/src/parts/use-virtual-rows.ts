import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualizerOptions,
  Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useReducer, useState } from 'preact/hooks';

const ROWS_BEYOND = 8;

export interface VirtualRows {
  /** Of the rows that stand in the document. */
  readonly indexes: readonly number[];
  /** Heights in pixels of what stands for the rows before and after them. */
  readonly before: number;
  readonly after: number;
}

type Options = VirtualizerOptions<HTMLElement, HTMLElement>;

/** Of any number of rows of one height only those in sight, and some around them, stand in the document. */
export function useVirtualRows(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowPixels: number,
): VirtualRows {
  const [, renderAgain] = useReducer((times: number) => times + 1, 0);
  const options: Options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPixels,
    overscan: ROWS_BEYOND,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    // Before the first measurement of the window.
    initialRect: { width: 1280, height: 640 },
    onChange: () => renderAgain(undefined),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  virtualizer.setOptions(options);
  useEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  const items = virtualizer.getVirtualItems();
  const [first, last] = [items[0], items.at(-1)];
  return {
    indexes: items.map(({ index }) => index),
    before: first?.start ?? 0,
    after: last === undefined ? 0 : virtualizer.getTotalSize() - last.end,
  };
}
