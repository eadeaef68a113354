import type { RolloutPhase } from '#crds/rollout-progress.ts';
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

export const ROLLOUT = {
  exposed: { en: '{percent} exposed', es: '{percent} expuesto' },
  step: { en: 'step {index} of {count}', es: 'paso {index} de {count}' },
} as const satisfies Words;
