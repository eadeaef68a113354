import type { AgentHistory } from '#domain/observation/agent-history.ts';
import { GENERAL } from '../words/general-words.ts';
import type { Word, Words } from '../words/languages.ts';
import { say, sayCode } from '../words/say.ts';
import { Count, sayScore, Share } from './amounts.tsx';
import { Badge } from './badge.tsx';
import { DataTable } from './data-table.tsx';
import { Meter } from './meter.tsx';
import type { Tone } from './tone.ts';

type Signal = AgentHistory['signals'][number];

const WORDS = {
  signal: { en: 'Signal', es: 'Señal' },
  state: { en: 'State', es: 'Estado' },
  usual: { en: 'Usual', es: 'Habitual' },
  recent: { en: 'Recent', es: 'Reciente' },
  score: { en: 'Score, to its threshold', es: 'Puntuación hasta su umbral' },
  runs: { en: 'Runs', es: 'Ejecuciones' },
  scoreOf: { en: '{score} of {threshold}', es: '{score} de {threshold}' },
  none: { en: 'No signal is watched yet.', es: 'Aún no se vigila ninguna señal.' },
} as const satisfies Words;

const PHASES = {
  learning: { en: 'learning', es: 'aprendiendo' },
  watching: { en: 'steady', es: 'estable' },
  drifted: { en: 'drifted', es: 'deriva' },
  unknown: { en: 'unknown', es: 'desconocido' },
} as const satisfies Record<Signal['phase'], Word>;

const PHASE_TONES: Readonly<Record<Signal['phase'], Tone>> = {
  learning: 'info',
  watching: 'good',
  drifted: 'bad',
  unknown: 'quiet',
};

const SIGNALS: Readonly<Record<string, Word>> = {
  invalid_first_answer: { en: 'First answer does not fit', es: 'La primera respuesta no encaja' },
  repairs: { en: 'Repairs', es: 'Reparaciones' },
  refusal: { en: 'Refusals', es: 'Negativas' },
  truncation: { en: 'Answers cut short', es: 'Respuestas cortadas' },
  tool_errors: { en: 'Tool errors', es: 'Errores de herramientas' },
  steps: { en: 'Unusual number of steps', es: 'Número de pasos inusual' },
  length: { en: 'Unusual length', es: 'Longitud inusual' },
  failed: { en: 'Failed runs', es: 'Ejecuciones fallidas' },
};

export function SignalsTable({ signals }: { readonly signals: readonly Signal[] }) {
  if (signals.length === 0) return <p class="panel__body soft">{say(WORDS.none)}</p>;
  return (
    <DataTable
      label={say(WORDS.signal)}
      rows={signals.toSorted((a, b) => closeness(b) - closeness(a))}
      keyOf={({ signal }) => signal}
      columns={[
        { title: say(WORDS.signal), cell: ({ signal }) => sayCode(SIGNALS, signal) },
        {
          title: say(WORDS.state),
          cell: ({ phase }) => <Badge tone={PHASE_TONES[phase]}>{say(PHASES[phase])}</Badge>,
        },
        { title: say(WORDS.usual), isNumber: true, cell: ({ usualShare }) => <Share value={usualShare} /> },
        {
          title: say(WORDS.recent),
          isNumber: true,
          cell: ({ recentShare }) => <Share value={recentShare} />,
        },
        { title: say(WORDS.score), cell: (signal) => <ScoreMeter {...signal} /> },
        { title: say(WORDS.runs), isNumber: true, cell: ({ runs }) => <Count value={runs} /> },
      ]}
    />
  );
}

/** How close the score is to its threshold. */
export function closeness({ score, threshold }: Pick<Signal, 'score' | 'threshold'>): number {
  return score === null || threshold === null || threshold <= 0 ? -1 : score / threshold;
}

/** The threshold stands at two thirds of the line, so that what is beyond it is seen to be. */
export function ScoreMeter({ score, threshold, phase }: Pick<Signal, 'score' | 'threshold' | 'phase'>) {
  if (score === null) return <span class="unknown">{say(GENERAL.unknown)}</span>;
  const text = say(WORDS.scoreOf, { score: sayScore(score), threshold: sayScore(threshold) });
  const share = closeness({ score, threshold });
  return (
    <span class="score">
      <Meter
        share={share < 0 ? null : (share * 2) / 3}
        thresholdShare={2 / 3}
        tone={phase === 'drifted' ? 'bad' : share > 0.7 ? 'warn' : 'info'}
        label={text}
      />
      <span class="small faint" aria-hidden="true">
        {text}
      </span>
    </span>
  );
}
