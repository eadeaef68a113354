import { describe, expect, it } from 'vitest';
import { formatClock, formatInBothZones, formatRelative } from './times.ts';

const AT = Date.UTC(2026, 10, 26, 13, 5, 12);
const MICROSECONDS = AT * 1000;

describe('times', () => {
  it('are said as how long ago, and of what is to come as how long yet', () => {
    expect(formatRelative('en', MICROSECONDS, AT + 185_000)).toBe('3 min. ago');
    expect(formatRelative('es', MICROSECONDS, AT + 7_300_000)).toBe('hace 2 h');
    expect(formatRelative('en', MICROSECONDS, AT - 3 * 86_400_000)).toBe('in 3 days');
  });

  it('stand in the zone of the reader with UTC beside it, and once where that is the same', () => {
    expect(formatInBothZones('es', MICROSECONDS, 'Europe/Madrid')).toBe(
      '26 nov 2026, 14:05:12 (13:05:12 UTC)',
    );
    expect(formatInBothZones('en', MICROSECONDS, 'UTC')).toBe('Nov 26, 2026, 13:05:12 UTC');
    expect(formatInBothZones('en', MICROSECONDS, 'Pacific/Auckland')).toBe(
      'Nov 27, 2026, 02:05:12 (Nov 26, 2026, 13:05:12 UTC)',
    );
  });

  it('of another day have the day', () => {
    expect(formatClock('en', MICROSECONDS, AT + 3_600_000, 'UTC')).toBe('13:05');
    expect(formatClock('en', MICROSECONDS, AT + 40 * 3_600_000, 'UTC')).toBe('Nov 26, 13:05');
  });
});
