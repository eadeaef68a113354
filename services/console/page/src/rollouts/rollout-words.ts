import type { RolloutPhase } from '#crds/rollout-progress.ts';
import type { JudgedMetric, StepKind } from '#crds/rollout-release.ts';
import type { RolloutVerb } from '#domain/rollout/rollout-command.ts';
import type { Word, Words } from '../words/languages.ts';

export const PHASES = {
  Idle: { en: 'idle', es: 'en reposo' },
  Progressing: { en: 'progressing', es: 'avanzando' },
  Paused: { en: 'paused', es: 'en pausa' },
  AwaitingApproval: { en: 'awaits approval', es: 'espera aprobación' },
  OutsideWindow: { en: 'waits for its window', es: 'espera su ventana' },
  RolledBack: { en: 'rolled back', es: 'revertido' },
  Refused: { en: 'refused', es: 'rechazado' },
} as const satisfies Record<RolloutPhase, Word>;

export const STEPS = {
  gate: { en: 'Gate', es: 'Puerta' },
  setExposure: { en: 'Expose', es: 'Exponer' },
  analyse: { en: 'Judge', es: 'Juzgar' },
  pause: { en: 'Pause', es: 'Pausa' },
  approve: { en: 'Approve', es: 'Aprobar' },
  bake: { en: 'Bake', es: 'Reposar' },
} as const satisfies Record<StepKind, Word>;

export const METRICS = {
  RunSucceeded: { en: 'Run succeeded', es: 'Ejecución con éxito' },
  SchemaValid: { en: 'First answer fits', es: 'La primera respuesta encaja' },
  ToolsSucceeded: { en: 'Tools succeeded', es: 'Herramientas con éxito' },
  NotRefused: { en: 'Not refused', es: 'Sin negativa' },
  WithinCost: { en: 'Within its cost', es: 'Dentro del coste' },
  WithinLatency: { en: 'Within its time', es: 'Dentro del tiempo' },
  Feedback: { en: 'Feedback', es: 'Opiniones' },
} as const satisfies Record<JudgedMetric, Word>;

export const METRIC_VERDICTS: Readonly<Record<string, Word>> = {
  Worse: { en: 'worse', es: 'peor' },
  NotWorse: { en: 'not worse', es: 'no es peor' },
  Undecided: { en: 'undecided', es: 'sin decidir' },
  EnvironmentDrift: { en: 'the environment drifted', es: 'derivó el entorno' },
};

export const VERBS = {
  promote: { en: 'Promote one step', es: 'Promover un paso' },
  promote_full: { en: 'Promote to 100 %', es: 'Promover al 100 %' },
  approve: { en: 'Approve', es: 'Aprobar' },
  abort: { en: 'Abort', es: 'Abortar' },
  rollback: { en: 'Roll back', es: 'Revertir' },
  retry: { en: 'Retry', es: 'Reintentar' },
  pause: { en: 'Pause', es: 'Pausar' },
  resume: { en: 'Resume', es: 'Reanudar' },
} as const satisfies Record<RolloutVerb | 'promote_full', Word>;

export const ROLLOUT = {
  title: { en: 'Rollouts', es: 'Despliegues' },
  exposed: { en: '{percent} exposed', es: '{percent} expuesto' },
  step: { en: 'step {index} of {count}', es: 'paso {index} de {count}' },
  none: { en: 'There is no rollout yet', es: 'Aún no hay despliegues' },
  noneHint: {
    en: 'A CanaryRollout says which version of a prompt is served; it appears here as soon as it exists.',
    es: 'Un CanaryRollout dice qué versión de un prompt se sirve; aparece aquí en cuanto existe.',
  },
  stable: { en: 'Stable', es: 'Estable' },
  candidate: { en: 'Candidate', es: 'Candidata' },
  noCandidate: { en: 'no candidate', es: 'sin candidata' },
  now: { en: 'How it stands', es: 'Cómo está' },
  way: { en: 'Its way', es: 'Su camino' },
  here: { en: 'here now', es: 'aquí ahora' },
  done: { en: 'done', es: 'hecho' },
  evidence: { en: 'Evidence', es: 'Pruebas' },
  evidenceHint: {
    en: 'Rates with their 95 % intervals. An e-value at its threshold decides, however often it is looked at.',
    es: 'Tasas con intervalos del 95 %. Un valor e en su umbral decide, por muchas veces que se mire.',
  },
  metric: { en: 'Metric', es: 'Métrica' },
  notWanted: { en: 'shown only', es: 'sólo informativa' },
  arms: { en: 'Good outcomes', es: 'Resultados buenos' },
  arm: {
    en: '{rate} ({low} to {high}), {good} of {outcomes}',
    es: '{rate} ({low} a {high}), {good} de {outcomes}',
  },
  noOutcomes: { en: 'no outcomes yet', es: 'aún sin resultados' },
  worse: { en: 'Is worse', es: 'Es peor' },
  notWorse: { en: 'Is not worse', es: 'No es peor' },
  eValue: { en: 'e = {value} of {threshold}', es: 'e = {value} de {threshold}' },
  needed: { en: 'Still needed', es: 'Faltan' },
  verdict: { en: 'Verdict', es: 'Veredicto' },
  noEvidence: { en: 'There is no candidate to be judged.', es: 'No hay candidata que juzgar.' },
  gate: { en: 'Gate', es: 'Puerta' },
  gateCases: { en: '{count} cases', es: '{count} casos' },
  history: { en: 'History', es: 'Historia' },
  actions: { en: 'What you can do', es: 'Qué puede hacer' },
  commandTitle: { en: '{verb}: {name}', es: '{verb}: {name}' },
  sent: {
    en: '"{verb}" is recorded and handed to the operator; what becomes of it is seen here.',
    es: '«{verb}» está registrado y en manos del operador; aquí se verá qué ocurre.',
  },
  who: { en: 'by {who}', es: 'por {who}' },
} as const satisfies Words;
