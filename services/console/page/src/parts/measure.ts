/** How a measure lies beside its band, as places on one line. Pure. */
import type { FINDING_STATUSES } from '#domain/observation/agent-row.ts';
import type { JudgedMeasure, MEASURE_VERDICTS } from '#domain/observation/judged-measure.ts';

export type MeasureVerdict = (typeof MEASURE_VERDICTS)[number];
export type Status = (typeof FINDING_STATUSES)[number];

export interface BandPlaces {
  /** Percent of the whole line. */
  readonly low: number;
  readonly high: number;
  readonly median: number;
  readonly marker: number | undefined;
  /** The value lies beyond the end of the line, which is drawn for the band to be seen. */
  readonly isBeyond: boolean;
}

/** However large a value is, the band takes at least a fifth of the line. */
const SMALLEST_BAND_SHARE = 0.2;

/** What is held against the band: the hour as it will be, or as it is. */
export function judgedAmount(measure: JudgedMeasure): number | null {
  return measure.projected ?? measure.amount;
}

export function bandPlaces(measure: JudgedMeasure): BandPlaces | undefined {
  const { usual } = measure;
  if (usual === null || !(usual.high > 0)) return undefined;
  const value = judgedAmount(measure);
  const wanted = Math.max(usual.high * 1.3, (value ?? 0) * 1.08);
  const whole = Math.min(wanted, usual.high / SMALLEST_BAND_SHARE);
  const place = (amount: number): number => Math.min(100, Math.max(0, (amount / whole) * 100));
  return {
    low: place(usual.low),
    high: place(usual.high),
    median: place(usual.median),
    marker: value === null ? undefined : place(value),
    isBeyond: value !== null && value > whole,
  };
}
