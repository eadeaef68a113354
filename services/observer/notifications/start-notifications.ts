/**
 * Tells receivers of what needs somebody. Each has a loop of its own, so that one that hangs holds up no other. Whoever leads
 * starts it and closes it when it no longer does: two that tell at once tell twice.
 */
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import { type NamedReceiver, type Picture, type TellingMeans, tellReceiver } from './tell-receiver.ts';

export interface Notifications {
  /**
   * All that needs somebody now, as often as it changes. Only a whole picture: what is missing from it is over. Until it is first called
   * nothing is told.
   */
  readonly tell: (items: readonly AttentionItem[]) => void;
  /** Gives up what is under way; it is told again by whoever leads next. Never rejects. */
  readonly close: () => Promise<void>;
}

export function startNotifications({
  receivers,
  ...means
}: TellingMeans & { readonly receivers: readonly NamedReceiver[] }): Notifications {
  const controller = new AbortController();
  const pictures = receivers.map((): Picture => ({
    items: undefined,
    changed: new AbortController(),
  }));
  const loops = receivers.map(async (named, index) => {
    const picture = pictures[index];
    if (picture !== undefined) await tellReceiver(named, picture, means, controller.signal);
  });
  return {
    tell: (items) => {
      for (const picture of pictures) {
        picture.items = items;
        picture.changed.abort();
      }
    },
    close: async () => {
      controller.abort();
      for (const { changed } of pictures) changed.abort();
      await Promise.allSettled(loops);
    },
  };
}
