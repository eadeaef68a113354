/** The title of the view, in the bar on top and in the tab. */
import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';

export interface Crumb {
  readonly title: string;
  readonly path: string;
}

export const title = signal<{ readonly text: string; readonly crumbs: readonly Crumb[] }>({
  text: 'Capataz',
  crumbs: [],
});

export function useTitle(text: string, crumbs: readonly Crumb[] = []): void {
  const key = JSON.stringify(crumbs);
  useLayoutEffect(() => {
    title.value = { text, crumbs: JSON.parse(key) as readonly Crumb[] };
  }, [text, key]);
}
