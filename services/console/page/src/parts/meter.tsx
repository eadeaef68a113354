/** How far something is on its way to a threshold. */
import type { Tone } from './tone.ts';

interface MeterProps {
  /** From 0 to 1 of the whole line. */
  readonly share: number | null;
  /** Where the threshold stands on the line, when it is not its end. */
  readonly thresholdShare?: number;
  readonly tone: Tone;
  /** Says the same in words. */
  readonly label: string;
}

export function Meter({ share, thresholdShare, tone, label }: MeterProps) {
  const percent = (value: number): string => `${Math.min(100, Math.max(0, value * 100))}%`;
  return (
    <svg class={`meter tone--${tone}`} role="img" aria-label={label}>
      <rect class="meter__line" width="100%" height="100%" rx="3" />
      {share === null ? null : <rect class="meter__value" width={percent(share)} height="100%" rx="3" />}
      {thresholdShare === undefined ? null : (
        <line
          class="meter__threshold"
          x1={percent(thresholdShare)}
          x2={percent(thresholdShare)}
          y1="-2"
          y2="12"
        />
      )}
    </svg>
  );
}
