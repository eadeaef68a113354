import { describe, expect, it } from 'vitest';
import type { RolloutWindow } from '#crds/rollout-release.ts';
import { windowState } from './release-windows.ts';

const at = (text: string): Date => new Date(text);
const OFFICE: RolloutWindow = {
  days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'],
  start: '09:00',
  hours: 8,
  timeZone: 'Europe/Madrid',
};

describe('a window of release', () => {
  it('is always open when there is none', () => {
    expect(windowState(undefined, at('2026-01-05T03:00:00Z'))).toEqual({ isOpen: true });
    expect(windowState([], at('2026-01-05T03:00:00Z'))).toEqual({ isOpen: true });
  });

  it.each([
    ['at its first moment', '2026-01-05T08:00:00Z', true],
    ['one second before it', '2026-01-05T07:59:59Z', false],
    ['at its last moment', '2026-01-05T15:59:59Z', true],
    ['at its end', '2026-01-05T16:00:00Z', false],
    ['on a Sunday', '2026-01-04T10:00:00Z', false],
    ['in summer, an hour earlier by UTC', '2026-07-06T07:00:00Z', true],
    ['in summer, before it', '2026-07-06T06:59:59Z', false],
  ])('follows the clocks of its time zone: %s', (_name, time, isOpen) => {
    expect(windowState([OFFICE], at(time)).isOpen).toBe(isOpen);
  });

  it('says when it opens next, over a weekend', () => {
    expect(windowState([OFFICE], at('2026-01-09T17:00:00Z')).opensAt).toEqual(at('2026-01-12T08:00:00Z'));
  });

  it('stays open past midnight into a day that it does not name', () => {
    const night: RolloutWindow = { days: ['Sat'], start: '22:00', hours: 6 };
    expect(windowState([night], at('2026-01-11T03:59:59Z')).isOpen).toBe(true);
    expect(windowState([night], at('2026-01-11T04:00:00Z')).isOpen).toBe(false);
  });

  it('of a week that opens on one day never closes', () => {
    const always: RolloutWindow = { days: ['Wed'], start: '00:00', hours: 168 };
    for (let hour = 0; hour < 400; hour += 1) {
      expect(windowState([always], new Date(Date.UTC(2026, 0, 1, hour))).isOpen).toBe(true);
    }
  });

  it('opens an hour later where the clocks leave its time out, and once where it comes twice', () => {
    const early: RolloutWindow = { start: '02:30', hours: 1, timeZone: 'Europe/Madrid' };
    // 2026-03-29: 02:00 becomes 03:00. 2026-10-25: 03:00 becomes 02:00.
    expect(windowState([early], at('2026-03-29T00:00:00Z')).opensAt).toEqual(at('2026-03-29T01:30:00Z'));
    expect(windowState([early], at('2026-10-25T00:00:00Z')).opensAt).toEqual(at('2026-10-25T00:30:00Z'));
    expect(windowState([early], at('2026-10-25T01:45:00Z')).isOpen).toBe(false);
  });

  it('is open when one of several is', () => {
    const sunday: RolloutWindow = { days: ['Sun'], start: '10:00', hours: 1 };
    expect(windowState([OFFICE, sunday], at('2026-01-04T10:30:00Z')).isOpen).toBe(true);
  });

  it('of a time zone that nobody knows never opens, and says so', () => {
    const state = windowState([{ ...OFFICE, timeZone: 'Mars/Olympus' }], at('2026-01-05T12:00:00Z'));
    expect(state).toMatchObject({ isOpen: false, problem: expect.stringContaining('Mars/Olympus') });
    expect(state.opensAt).toBeUndefined();
  });
});
