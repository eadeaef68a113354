/**
 * The name of a data key: `NAMESPACE/MONTH/EXPIRY/RANDOM`, months as `2026-11`. All texts of a namespace that arrive in one
 * month and expire in one month share keys, so a key is of no use any more when its expiry month is over: nobody has to
 * count what it still opens, and a namespace's month is erased by dropping the keys below `NAMESPACE/MONTH/`.
 */

export interface DataKeyScope {
  readonly namespace: string;
  readonly month: string;
  readonly expiryMonth: string;
}

const MICROSECONDS_PER_DAY = 86_400_000_000;
const NAME = /^([a-z0-9-]{1,63})\/(\d{4}-\d{2})\/(\d{4}-\d{2})\/[0-9a-f]{16}$/;
export const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

export function scopeOf(
  namespace: string,
  receivedAtMicroseconds: number,
  expiresAtMicroseconds: number,
): DataKeyScope {
  return {
    namespace,
    month: monthOf(receivedAtMicroseconds),
    expiryMonth: monthOf(expiresAtMicroseconds),
  };
}

export function prefixOf({ namespace, month, expiryMonth }: DataKeyScope): string {
  return `${namespace}/${month}/${expiryMonth}/`;
}

/** Undefined: nothing that we named. */
export function parseDataKeyName(name: string): DataKeyScope | undefined {
  const [, namespace, month, expiryMonth] = NAME.exec(name) ?? [];
  return namespace === undefined || month === undefined || expiryMonth === undefined
    ? undefined
    : { namespace, month, expiryMonth };
}

/** Whether everything that it could open has expired. */
export function isSpent({ expiryMonth }: DataKeyScope, nowMicroseconds: number): boolean {
  return expiryMonth < monthOf(nowMicroseconds);
}

export function expiryOf(receivedAtMicroseconds: number, retentionDays: number): number {
  return receivedAtMicroseconds + retentionDays * MICROSECONDS_PER_DAY;
}

/** In UTC. */
export function monthOf(microseconds: number): string {
  return new Date(Math.floor(microseconds / 1000)).toISOString().slice(0, 7);
}
