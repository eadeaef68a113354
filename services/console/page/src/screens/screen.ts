import type { ComponentType } from 'preact';
import type { IconName } from '../parts/icon-names.ts';
import type { Word } from '../words/languages.ts';

/** One area of the console: what stands in the menu, and its views. */
export interface Screen {
  readonly title: Word;
  readonly icon: IconName;
  /** The right without which there is nothing to see, as the API server names it: `get agents/securityevents`. */
  readonly right?: string;
  /** Patterns of preact-iso; the first is where the menu leads. */
  readonly views: readonly [View, ...View[]];
}

export interface View {
  readonly path: string;
  readonly component: ComponentType;
}
