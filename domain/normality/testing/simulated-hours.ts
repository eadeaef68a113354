/** Hours of an agent that does nothing unusual: a curve of the day, quiet weekends, noise that hangs together. */
import type { HourlyAmount } from '../hour-of-week.ts';

export interface SimulatedAgent {
  readonly weeks: number;
  /** Of the logarithms. */
  readonly deviation: number;
  readonly correlation: number;
}

/** `draw`: from 0 up to 1, not included. */
export function simulatedHours(
  { weeks, deviation, correlation }: SimulatedAgent,
  draw: () => number,
): readonly HourlyAmount[] {
  const scale = Math.exp(normal(draw));
  let noise = normal(draw);
  return Array.from({ length: weeks * 168 }, (_, hour) => {
    noise = correlation * noise + Math.sqrt(1 - correlation ** 2) * normal(draw);
    const day = 1 + 0.8 * Math.sin((2 * Math.PI * ((hour % 24) - 8)) / 24);
    // 1970 began on a Thursday: two workdays, then a weekend.
    const isWeekend = (hour + 72) % 168 >= 120;
    return { hour, amount: 5 * scale * day * (isWeekend ? 0.4 : 1) * Math.exp(deviation * noise) };
  });
}

function normal(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}
