import type { ATTENTION_KINDS } from '#domain/observation/attention-item.ts';
import type { Word, Words } from '../words/languages.ts';

export const KIND_WORDS = {
  cost: { en: 'Cost', es: 'Coste' },
  latency: { en: 'Latency', es: 'Latencia' },
  drift: { en: 'Drift', es: 'Deriva' },
  failures: { en: 'Failures', es: 'Fallos' },
  security: { en: 'Security', es: 'Seguridad' },
  rollout: { en: 'Rollout', es: 'Despliegue' },
  probe: { en: 'Probe', es: 'Sonda' },
  agent: { en: 'Agent', es: 'Agente' },
  model: { en: 'Model', es: 'Modelo' },
  ledger: { en: 'Ledger', es: 'Registro' },
} as const satisfies Record<(typeof ATTENTION_KINDS)[number], Word>;

export const ATTENTION = {
  causes: { en: 'Most likely causes', es: 'Causas más probables' },
  platform: { en: 'the platform', es: 'la plataforma' },
  someRuns: { en: 'Some of its runs:', es: 'Algunas ejecuciones:' },
  showAgents: { en: 'Show all {count} agents', es: 'Ver los {count} agentes' },
  mute: { en: 'Mute', es: 'Silenciar' },
  expect: { en: 'Expected', es: 'Es lo esperado' },
  muted: { en: 'Muted', es: 'Silenciado' },
  expected: { en: 'Expected', es: 'Esperado' },
  endSilence: { en: 'End it', es: 'Terminar' },
  silencedBy: { en: 'by {who}: {reason}', es: 'por {who}: {reason}' },
  muteTitle: { en: 'Mute: {title}', es: 'Silenciar: {title}' },
  expectTitle: { en: 'This is expected: {title}', es: 'Esto es lo esperado: {title}' },
  muteMeaning: {
    en: 'Nobody is told of it until then. It stays in this list, and ends by itself.',
    es: 'Nadie recibe avisos hasta entonces. Sigue en esta lista y termina por sí solo.',
  },
  expectMeaning: {
    en: 'It counts as normal until then: for a campaign, a migration, a planned change.',
    es: 'Cuenta como normal hasta entonces: por una campaña, una migración, un cambio planificado.',
  },
  forHowLong: { en: 'For how long', es: 'Durante cuánto tiempo' },
  hours: { en: ['{count} hour', '{count} hours'], es: ['{count} hora', '{count} horas'] },
  days: { en: ['{count} day', '{count} days'], es: ['{count} día', '{count} días'] },
} as const satisfies Words;
