/** Words that are said in more than one place. */
import type { AGENT_STATES, FINDING_STATUSES } from '#domain/observation/agent-row.ts';
import type { URGENCIES } from '#domain/observation/attention-item.ts';
import type { MEASURE_VERDICTS } from '#domain/observation/judged-measure.ts';
import type { Word, Words } from './languages.ts';

export const GENERAL = {
  unknown: { en: 'unknown', es: 'desconocido' },
  none: { en: 'none', es: 'ninguno' },
  agent: { en: 'Agent', es: 'Agente' },
  agents: { en: ['{count} agent', '{count} agents'], es: ['{count} agente', '{count} agentes'] },
  runs: { en: ['{count} run', '{count} runs'], es: ['{count} ejecución', '{count} ejecuciones'] },
  more: { en: 'and {count} more', es: 'y {count} más' },
  namespace: { en: 'Namespace', es: 'Espacio de nombres' },
  all: { en: 'All', es: 'Todos' },
  state: { en: 'State', es: 'Estado' },
  since: { en: 'since {time}', es: 'desde {time}' },
  until: { en: 'until {time}', es: 'hasta {time}' },
  cancel: { en: 'Cancel', es: 'Cancelar' },
  close: { en: 'Close', es: 'Cerrar' },
  copy: { en: 'Copy', es: 'Copiar' },
  copied: { en: 'Copied', es: 'Copiado' },
  retry: { en: 'Try again', es: 'Reintentar' },
  search: { en: 'Search', es: 'Buscar' },
  time: { en: 'Time', es: 'Hora' },
  reason: { en: 'Reason', es: 'Motivo' },
  reasonHint: {
    en: 'It is written to the ledger with your name, before anything is done.',
    es: 'Se escribe en el registro con su nombre, antes de hacer nada.',
  },
  reasonMissing: { en: 'Say why: a reason is needed.', es: 'Diga por qué: hace falta un motivo.' },
  loading: { en: 'Loading', es: 'Cargando' },
  showTable: { en: 'Show as a table', es: 'Ver como tabla' },
  showChart: { en: 'Show as a chart', es: 'Ver como gráfico' },
  usual: { en: 'usual', es: 'habitual' },
  usualRange: { en: 'usual {low} to {high}', es: 'habitual de {low} a {high}' },
  perHour: { en: '/h', es: '/h' },
  missingRight: { en: 'You lack the right: {right}', es: 'Le falta el permiso: {right}' },
  askForRight: {
    en: 'Whoever administers the cluster can grant it. To check:',
    es: 'Quien administra el clúster puede concederlo. Para comprobarlo:',
  },
  noAnswer: {
    en: 'The console does not answer. Check your connection; it is tried again by itself.',
    es: 'La consola no responde. Revise su conexión; se reintenta automáticamente.',
  },
  lateAnswer: {
    en: 'The console did not answer in time. Try again; if it stays so, look at its log.',
    es: 'La consola no respondió a tiempo. Reintente; si continúa, mire su registro.',
  },
  badAnswer: {
    en: 'The console answered something that this page does not understand. Reload the page: it may be of an older version.',
    es: 'La consola respondió algo que esta página no entiende. Recárguela: puede ser de una versión anterior.',
  },
  notFound: {
    en: 'There is nothing here, or you may not see it.',
    es: 'Aquí no hay nada, o usted no puede verlo.',
  },
  refused: { en: 'The console refused this ({code}).', es: 'La consola lo rechazó ({code}).' },
  ascending: { en: 'ascending', es: 'ascendente' },
  descending: { en: 'descending', es: 'descendente' },
  loadMore: { en: 'Show more', es: 'Mostrar más' },
  records: { en: 'Records', es: 'Registros' },
  notCurrent: { en: 'Not current', es: 'No actualizado' },
} as const satisfies Words;

export const VERDICTS = {
  normal: { en: 'normal', es: 'normal' },
  abnormal: { en: 'not normal', es: 'anormal' },
  expected: { en: 'expected', es: 'esperado' },
  learning: { en: 'learning', es: 'aprendiendo' },
  unknown: { en: 'unknown', es: 'desconocido' },
} as const satisfies Record<(typeof MEASURE_VERDICTS)[number], Word>;

export const STATES = {
  ready: { en: 'ready', es: 'listo' },
  progressing: { en: 'progressing', es: 'en curso' },
  stalled: { en: 'stalled', es: 'detenido' },
  unknown: { en: 'unknown', es: 'desconocido' },
} as const satisfies Record<(typeof AGENT_STATES)[number], Word>;

export const STATUSES = {
  True: { en: 'yes', es: 'sí' },
  False: { en: 'no', es: 'no' },
  Unknown: { en: 'unknown', es: 'desconocido' },
} as const satisfies Record<(typeof FINDING_STATUSES)[number], Word>;

export const URGENCY_WORDS = {
  page: { en: 'urgent', es: 'urgente' },
  ticket: { en: 'today', es: 'hoy' },
  notice: { en: 'notice', es: 'aviso' },
} as const satisfies Record<(typeof URGENCIES)[number], Word>;

export const FRAME = {
  skip: { en: 'Skip to content', es: 'Ir al contenido' },
  navigation: { en: 'Areas', es: 'Áreas' },
  trail: { en: 'Where you are', es: 'Dónde está' },
  menu: { en: 'Menu', es: 'Menú' },
  language: { en: 'Language', es: 'Idioma' },
  theme: { en: 'Theme', es: 'Tema' },
  system: { en: 'As the system', es: 'Como el sistema' },
  light: { en: 'Light', es: 'Claro' },
  dark: { en: 'Dark', es: 'Oscuro' },
  logOut: { en: 'Log out', es: 'Cerrar sesión' },
  sessionEnds: { en: 'Session ends {time}', es: 'La sesión termina {time}' },
  live: { en: 'Live', es: 'En vivo' },
  connecting: { en: 'Connecting', es: 'Conectando' },
  stale: { en: 'Stale', es: 'Desactualizado' },
  staleSince: {
    en: 'Nothing was heard since {time}. What is shown is of then; the connection is tried again by itself.',
    es: 'No se recibe nada desde {time}. Lo que se muestra es de entonces; la conexión se reintenta automáticamente.',
  },
  unknownPage: { en: 'There is no such page', es: 'No existe esta página' },
  unknownPageHint: {
    en: 'The address may be mistyped, or of another version. All areas stand in the menu.',
    es: 'La dirección puede estar mal escrita o ser de otra versión. Todas las áreas están en el menú.',
  },
  failed: { en: 'This view failed', es: 'Esta vista falló' },
  failedHint: {
    en: 'It is a mistake of the page, not yours. Reload it; if it comes again, tell whoever runs the console.',
    es: 'Es un error de la página, no suyo. Recárguela; si vuelve a ocurrir, avise a quien opera la consola.',
  },
} as const satisfies Words;
