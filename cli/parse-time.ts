/** Times of the command line: how long ago (`90s`, `15m`, `1h30m`, `2d`), a day, or an instant. */
import { CommandError } from './exit-codes.ts';

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
const AGO = /^(?:\d{1,9}[smhdw])+$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Microseconds since 1970. A time without a zone is in UTC. */
export function parseTime(text: string, flag: string, nowMilliseconds: number): number {
  if (AGO.test(text)) {
    const seconds = [...text.matchAll(/(\d+)([smhdw])/g)].reduce(
      (sum, [, number, unit]) => sum + Number(number) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS],
      0,
    );
    return Math.max(0, Math.round((nowMilliseconds - seconds * 1000) * 1000));
  }
  if (INSTANT.test(text)) {
    const hasZone = /(Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
    const time = text.length > 10 ? text.replace(' ', 'T') + (hasZone ? '' : 'Z') : text;
    const milliseconds = Date.parse(time);
    if (!Number.isNaN(milliseconds) && milliseconds >= 0) return milliseconds * 1000;
  }
  throw new CommandError(
    'usage',
    `${flag} takes how long ago (30m, 1h, 2d12h) or an instant (2026-11-25, 2026-11-25T21:00Z), not "${text}".`,
  );
}
