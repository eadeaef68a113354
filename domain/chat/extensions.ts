import type { Provider } from '#crds/model.ts';

/**
 * What a dialect says beyond the neutral words, as it came from the wire and under its own names. It belongs to that
 * dialect: a codec of the same dialect writes it out again, every other one ignores what has no effect on the answer and
 * refuses the rest by name. Never read by anything but a codec.
 */
export interface Extensions {
  readonly dialect: DialectName;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A dialect is called after the provider whose format it is. */
export type DialectName = Lowercase<Provider>;
