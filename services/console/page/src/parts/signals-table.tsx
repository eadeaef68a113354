import type { AgentHistory } from '#domain/observation/agent-history.ts';
import type { Signal } from '#domain/watching/signals.ts';
import { GENERAL } from '../words/general-words.ts';
import type { Word, Words } from '../words/languages.ts';
import { say, sayCode } from '../words/say.ts';
import { Count, sayScore, Share } from './amounts.tsx';
import { Badge } from './badge.tsx';
import { DataTable } from './data-table.tsx';
import { Meter } from './meter.tsx';
import type { Tone } from './tone.ts';

type WatchedSignal = AgentHistory['signals'][number];

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
} as const satisfies Record<WatchedSignal['phase'], Word>;

const PHASE_TONES: Readonly<Record<WatchedSignal['phase'], Tone>> = {
  learning: 'info',
  watching: 'good',
  drifted: 'bad',
  unknown: 'quiet',
};

/** `slow` is watched by the same rule (domain/watching/latency-watch.ts). */
const SIGNALS: Readonly<Record<Signal | 'slow', Word>> = {
  failed: { en: 'Failed runs', es: 'Ejecuciones fallidas' },
  stopped: { en: 'Stopped by a limit', es: 'Detenidas por un límite' },
  unfitting: { en: 'First answer does not fit', es: 'La primera respuesta no encaja' },
  repaired: { en: 'Answer repaired', es: 'Respuesta reparada' },
  refused: { en: 'Refusals', es: 'Negativas' },
  tool_errors: { en: 'Tool errors', es: 'Errores de herramientas' },
  many_steps: { en: 'Unusually many steps', es: 'Más pasos de lo habitual' },
  long_answers: { en: 'Unusually long answers', es: 'Respuestas más largas de lo habitual' },
  short_answers: { en: 'Unusually short answers', es: 'Respuestas más cortas de lo habitual' },
  truncated: { en: 'Answers cut short', es: 'Respuestas cortadas' },
  failed_attempts: { en: 'Failed attempts', es: 'Intentos fallidos' },
  bad_feedback: { en: 'Bad feedback', es: 'Opiniones malas' },
  bad_outcomes: { en: 'Bad outcomes', es: 'Resultados malos' },
  slow: { en: 'Unusually slow runs', es: 'Ejecuciones más lentas de lo habitual' },
};

export function SignalsTable({ signals }: { readonly signals: readonly WatchedSignal[] }) {
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
export function closeness({ score, threshold }: Pick<WatchedSignal, 'score' | 'threshold'>): number {
  return score === null || threshold === null || threshold <= 0 ? -1 : score / threshold;
}

/** The threshold stands at two thirds of the line, so that what is beyond it is seen to be. */
export function ScoreMeter({
  score,
  threshold,
  phase,
}: Pick<WatchedSignal, 'score' | 'threshold' | 'phase'>) {
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
