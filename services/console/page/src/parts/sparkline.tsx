import type { Words } from '../words/languages.ts';
import { say } from '../words/say.ts';
import { sparklinePath } from './sparkline-path.ts';

const SIZE = { width: 56, height: 22 };

const WORDS = {
  label: {
    en: 'Last {count} hours: least {least}, most {most}, now {last}',
    es: 'Últimas {count} horas: mínimo {least}, máximo {most}, ahora {last}',
  },
  empty: { en: 'Nothing known of the last hours', es: 'Nada conocido de las últimas horas' },
} as const satisfies Words;

interface SparklineProps {
  readonly values: readonly (number | null)[];
  readonly sayAmount: (amount: number | null) => string;
}

export function Sparkline({ values, sayAmount }: SparklineProps) {
  const known = values.filter((value) => value !== null);
  const label: string =
    known.length === 0
      ? say(WORDS.empty)
      : say(WORDS.label, {
          count: values.length,
          least: sayAmount(Math.min(...known)),
          most: sayAmount(Math.max(...known)),
          last: sayAmount(values.at(-1) ?? null),
        });
  return (
    <svg
      class="sparkline"
      role="img"
      aria-label={label}
      width={SIZE.width}
      height={SIZE.height}
      viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
    >
      <path d={sparklinePath(values, SIZE)} />
    </svg>
  );
}
