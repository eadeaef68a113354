import { SPRITE } from 'virtual:icon-sprite';
import type { IconName } from './icon-names.ts';

/** Says nothing by itself: words stand beside it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" aria-hidden="true" focusable="false">
      <use href={`${SPRITE}#${name}`} />
    </svg>
  );
}
