/** A measure beside what is usual for it: the band as a bar, the value as a mark on it. */
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';
import { GENERAL, VERDICTS } from '../words/general-words.ts';
import { say } from '../words/say.ts';
import { bandPlaces, judgedAmount } from './measure.ts';
import { VERDICT_TONES } from './tone.ts';

interface BandBarProps {
  readonly measure: JudgedMeasure;
  readonly sayAmount: (amount: number | null) => string;
  readonly isLarge?: boolean;
}

export function BandBar({ measure, sayAmount, isLarge = false }: BandBarProps) {
  const places = bandPlaces(measure);
  const { usual, verdict } = measure;
  const size = isLarge ? 'band--large' : 'band--small';
  if (places === undefined || usual === null) {
    return <span class={`band ${size} band--empty`} aria-hidden="true" />;
  }
  const range = say(GENERAL.usualRange, { low: sayAmount(usual.low), high: sayAmount(usual.high) });
  const label = `${sayAmount(judgedAmount(measure))}, ${range}, ${say(VERDICTS[verdict])}`;
  return (
    <svg class={`band ${size} tone--${VERDICT_TONES[verdict]}`} role="img" aria-label={label}>
      <rect class="band__line" x="0" y="38%" width="100%" height="24%" rx="2" />
      <rect
        class="band__usual"
        x={`${places.low}%`}
        y="20%"
        width={`${Math.max(1, places.high - places.low)}%`}
        height="60%"
        rx="2"
      />
      <line class="band__median" x1={`${places.median}%`} x2={`${places.median}%`} y1="20%" y2="80%" />
      {places.marker === undefined ? null : (
        <line class="band__marker" x1={`${places.marker}%`} x2={`${places.marker}%`} y1="4%" y2="96%" />
      )}
    </svg>
  );
}
