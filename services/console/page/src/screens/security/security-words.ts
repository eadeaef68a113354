import type { SEVERITIES } from '#domain/ledger/ledger-record.ts';
import type { Word, Words } from '../../words/languages.ts';

export const SECURITY = {
  title: { en: 'Security', es: 'Seguridad' },
  attempts: { en: 'Attempts', es: 'Intentos' },
  blocked: { en: 'Blocked', es: 'Bloqueados' },
  passed: { en: 'Not blocked', es: 'Sin bloquear' },
  hourly: { en: 'By hour', es: 'Por hora' },
  hourlySummary: {
    en: '{count} hours, at most {most} attempts in one; {passed} in all were not blocked. The table has every hour.',
    es: '{count} horas, como mucho {most} intentos en una; {passed} en total sin bloquear. La tabla tiene cada hora.',
  },
  bySource: { en: 'By source', es: 'Por origen' },
  byAgent: { en: 'By agent', es: 'Por agente' },
  byEvent: { en: 'By kind', es: 'Por tipo' },
  source: { en: 'Source', es: 'Origen' },
  event: { en: 'Kind', es: 'Tipo' },
  severity: { en: 'Severity', es: 'Gravedad' },
  owasp: { en: 'OWASP', es: 'OWASP' },
  guards: { en: 'Guards', es: 'Guardas' },
  guardsHint: {
    en: 'What stops attempts, and whether it works.',
    es: 'Lo que detiene los intentos, y si funciona.',
  },
  guardUp: { en: 'works', es: 'funciona' },
  guardDown: { en: 'does not work', es: 'no funciona' },
  events: { en: 'Latest events', es: 'Últimos eventos' },
  period: { en: 'Period', es: 'Periodo' },
  hours: { en: ['Last hour', 'Last {count} hours'], es: ['Última hora', 'Últimas {count} horas'] },
  days: { en: ['Last day', 'Last {count} days'], es: ['Último día', 'Últimos {count} días'] },
  nothing: { en: 'Nothing was attempted in this time', es: 'Nada se intentó en este tiempo' },
  nothingHint: {
    en: 'As far as the ledger knows: refused schemas, unknown tools and blocked addresses are counted as well.',
    es: 'Hasta donde sabe el registro: también cuentan esquemas rechazados, herramientas desconocidas y direcciones bloqueadas.',
  },
} as const satisfies Words;

export const SEVERITY_WORDS = {
  informational: { en: 'informational', es: 'informativa' },
  low: { en: 'low', es: 'baja' },
  medium: { en: 'medium', es: 'media' },
  high: { en: 'high', es: 'alta' },
  critical: { en: 'critical', es: 'crítica' },
} as const satisfies Record<(typeof SEVERITIES)[number], Word>;
