/** Money, time and counts as a person reads them. */

const NANO = 1_000_000_000n;

/** What is not nothing is never shown as nothing: three digits that count below one dollar. */
export function dollars(nanoUsd: number | bigint): string {
  const nano = BigInt(nanoUsd);
  if (nano < 0n) return `-${dollars(-nano)}`;
  if (nano === 0n) return '$0';
  if (nano >= NANO) {
    const cents = (nano + NANO / 200n) / (NANO / 100n);
    return `$${grouped(cents / 100n)}.${String(cents % 100n).padStart(2, '0')}`;
  }
  const digits = String(nano).padStart(9, '0');
  const first = digits.search(/[1-9]/);
  const unit = 10n ** BigInt(Math.max(0, 9 - (first + 3)));
  const rounded = ((nano + unit / 2n) / unit) * unit;
  if (rounded >= NANO) return '$1.00';
  const text = String(rounded).padStart(9, '0');
  return `$0.${text.slice(0, Math.max(2, first + 3)).replace(/(\d\d)0+$/, '$1')}`;
}

/** `340 ms`, `1.2 s`, `3m05s`, `2h10m`, `4d3h`. */
export function duration(microseconds: number): string {
  const seconds = microseconds / 1e6;
  if (seconds < 0.001) return '<1 ms';
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
  return `${Math.floor(minutes / 1440)}d${Math.floor((minutes % 1440) / 60)}h`;
}

/** As kubectl says how old things are. */
export function age(fromMicroseconds: number, nowMilliseconds: number): string {
  const seconds = Math.max(0, Math.floor(nowMilliseconds / 1000 - fromMicroseconds / 1e6));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** `(+1.2 s)` after the run's begin. */
export function since(atMicroseconds: number, beganAtMicroseconds: number): string {
  const late = atMicroseconds - beganAtMicroseconds;
  return late < 0 ? `(${duration(-late)} before the run)` : `(+${duration(late)})`;
}

export function count(value: number | bigint): string {
  return grouped(BigInt(value));
}

/** `1 step`, `2 steps`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `2026-11-25 21:14:03 UTC`. */
export function instant(microseconds: number): string {
  return `${new Date(microseconds / 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function grouped(value: bigint): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
