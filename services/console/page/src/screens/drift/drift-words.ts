import type { Words } from '../../words/languages.ts';

export const DRIFT = {
  title: { en: 'Drift', es: 'Deriva' },
  explain: {
    en: 'Quality that changes though nothing of yours did. Each signal of each agent adds up its surplus of bad runs; at the threshold it is an alarm.',
    es: 'Calidad que cambia aunque nada suyo lo haya hecho. Cada señal de cada agente acumula su exceso de ejecuciones malas; al llegar al umbral es una alarma.',
  },
  falseAlarms: { en: 'Budget of false alarms', es: 'Presupuesto de falsas alarmas' },
  atMost: { en: '{count} a week', es: '{count} por semana' },
  watching: { en: 'Watched', es: 'Vigilados' },
  learning: { en: 'Learning', es: 'Aprendiendo' },
  unknown: { en: 'Unknown', es: 'Desconocidos' },
  drifted: { en: 'Drifted', es: 'Con deriva' },
  drift: { en: 'Drift', es: 'Deriva' },
  closest: { en: 'Closest signal', es: 'Señal más cercana' },
  why: { en: 'Why', es: 'Por qué' },
  probes: { en: 'Probes', es: 'Sondas' },
  probesPass: { en: 'pass', es: 'pasan' },
  probesFail: { en: 'fail', es: 'fallan' },
  signals: { en: 'Signals of {name}', es: 'Señales de {name}' },
  show: { en: 'Show its signals', es: 'Ver sus señales' },
  none: { en: 'No agent is watched yet', es: 'Aún no se vigila ningún agente' },
  noneHint: {
    en: 'An agent is watched once it has had enough runs to know what is usual for it.',
    es: 'Un agente se vigila cuando ha tenido bastantes ejecuciones para saber qué es habitual en él.',
  },
} as const satisfies Words;
