import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  formatMoney,
  formatMoneyExactly,
  formatRatio,
  formatScore,
  formatShare,
  formatShortCount,
  formatSignedMoney,
} from './amounts.ts';

describe('money', () => {
  it('of a few cents or dollars has cents, of thousands none', () => {
    expect(formatMoney('en', 482_100_000_000)).toBe('$482.10');
    expect(formatMoney('en', 12_345_678_900_000)).toBe('$12,346');
    expect(formatMoney('es', 482_100_000_000)).toBe('482,10\u00a0$');
  });

  it('below a cent keeps the digits that say something: it is not shown as nothing', () => {
    expect(formatMoney('en', 12_300)).toBe('$0.000012');
    expect(formatMoney('en', 1)).toBe('$0.000000001');
    expect(formatMoney('en', 0)).toBe('$0.00');
  });

  it('to the last billionth adds up before the eyes', () => {
    expect(formatMoneyExactly('en', 1_234_567_891_234)).toBe('+$1,234.567891234');
    expect(formatMoneyExactly('en', -1)).toBe('\u2212$0.000000001');
    expect(formatMoneyExactly('es', 1_500_000_000)).toBe('+$1,500000000');
  });

  it('of a change has its sign, and nothing has none', () => {
    expect(formatSignedMoney('en', 190_000_000_000)).toBe('+$190.00');
    expect(formatSignedMoney('en', -190_000_000_000)).toBe('\u2212$190.00');
    expect(formatSignedMoney('en', 0)).toBe('$0.00');
  });
});

describe('shares', () => {
  it('that are not quite nothing or all are not said to be so', () => {
    expect(formatShare('en', 0)).toBe('0%');
    expect(formatShare('en', 0.00001)).toBe('0.1%');
    expect(formatShare('en', 0.9999)).toBe('99.9%');
    expect(formatShare('en', 1)).toBe('100%');
    expect(formatShare('en', 0.256)).toBe('26%');
  });
});

describe('other amounts', () => {
  it('have the unit in which people say them', () => {
    expect(formatDuration('en', 512_000)).toBe('512 ms');
    expect(formatDuration('en', 3_140_000)).toBe('3.1 sec');
    expect(formatDuration('en', 125_000_000)).toBe('2 min 5 sec');
    expect(formatDuration('en', 7_200_000_000)).toBe('2 hr');
    expect(formatDuration('en', 90_000_000_000)).toBe('1 day 1 hr');
  });

  it('are as short as they can be without being untrue', () => {
    expect(formatRatio('en', 3)).toBe('\u00d73.0');
    expect(formatRatio('en', 31.4)).toBe('\u00d731');
    expect(formatRatio('es', 1.85)).toBe('\u00d71,9');
    expect(formatShortCount('en', 12_400)).toBe('12.4K');
    expect(formatScore('en', 14.234)).toBe('14.2');
    expect(formatScore('en', 0.0312)).toBe('0.0312');
    expect(formatScore('en', 3_456_789)).toBe('3.5E6');
  });
});
