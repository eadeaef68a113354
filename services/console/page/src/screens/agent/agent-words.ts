import type { CHANGE_KINDS } from '#domain/observation/agent-history.ts';
import type { CostCause } from '#domain/normality/cost-change.ts';
import type { Word, Words } from '../../words/languages.ts';

export const AGENT = {
  cost: { en: 'Cost', es: 'Coste' },
  latency: { en: 'Latency (p95)', es: 'Latencia (p95)' },
  costChart: { en: 'Cost by hour, 14 days', es: 'Coste por hora, 14 días' },
  latencyChart: { en: 'Latency p95 by hour, 14 days', es: 'Latencia p95 por hora, 14 días' },
  attention: { en: 'What needs somebody', es: 'Lo que necesita a alguien' },
  whatChanged: { en: 'What made the cost change', es: 'Qué hizo cambiar el coste' },
  whatChangedHint: {
    en: 'The last 24 hours against the same hours a week before, or the day before where no more is known. The parts add up exactly.',
    es: 'Las últimas 24 horas frente a las mismas de hace una semana, o del día anterior si no se sabe más. Las partes suman exactamente.',
  },
  noChange: {
    en: 'Not known yet: there is nothing to compare with.',
    es: 'Aún no se sabe: no hay con qué comparar.',
  },
  cause: { en: 'Cause', es: 'Causa' },
  part: { en: 'Part', es: 'Parte' },
  exactly: { en: 'Exactly', es: 'Exacto' },
  before: { en: 'Before', es: 'Antes' },
  after: { en: 'Last 24 hours', es: 'Últimas 24 horas' },
  together: { en: 'Together', es: 'En total' },
  changes: { en: 'Change log', es: 'Historial de cambios' },
  noChanges: { en: 'Nothing was changed that is known.', es: 'No consta ningún cambio.' },
  quality: { en: 'Quality signals', es: 'Señales de calidad' },
  qualityHint: {
    en: 'Share of bad runs: usual against recent, with the score that raises an alarm at its threshold.',
    es: 'Proporción de ejecuciones malas: habitual frente a reciente, con la puntuación que da la alarma al llegar a su umbral.',
  },
  conditions: { en: 'Conditions', es: 'Condiciones' },
  condition: { en: 'Condition', es: 'Condición' },
  message: { en: 'Message', es: 'Mensaje' },
  runs: { en: 'Latest runs', es: 'Últimas ejecuciones' },
  allRuns: { en: 'All runs of it', es: 'Todas sus ejecuciones' },
  prompt: { en: 'Prompt', es: 'Prompt' },
  models: { en: 'Models', es: 'Modelos' },
  lastRun: { en: 'Last run', es: 'Última ejecución' },
  month: { en: 'Month so far', es: 'Mes hasta hoy' },
  monthEnd: { en: 'Month end, at this rate', es: 'Fin de mes, a este ritmo' },
  runsHour: { en: 'Runs, last hour', es: 'Ejecuciones, última hora' },
  noHistory: {
    en: 'Its history is not known: the observer has not told it.',
    es: 'No se conoce su historia: el observador no la ha contado.',
  },
} as const satisfies Words;

export const COST_CAUSES = {
  calls: { en: 'More or fewer calls', es: 'Más o menos llamadas' },
  models: { en: 'Other models', es: 'Otros modelos' },
  retries: { en: 'Retries', es: 'Reintentos' },
  tokens: { en: 'Tokens a call', es: 'Tokens por llamada' },
  answers: { en: 'Length of answers', es: 'Longitud de las respuestas' },
  cache: { en: 'Share read from the cache', es: 'Parte leída de la caché' },
  price: { en: 'Price', es: 'Precio' },
} as const satisfies Record<CostCause, Word>;

export const CHANGES = {
  prompt: { en: 'Prompt', es: 'Prompt' },
  model: { en: 'Model', es: 'Modelo' },
  tools: { en: 'Tools', es: 'Herramientas' },
  price: { en: 'Price', es: 'Precio' },
  agent: { en: 'Agent', es: 'Agente' },
  knowledge: { en: 'Knowledge', es: 'Conocimiento' },
} as const satisfies Record<(typeof CHANGE_KINDS)[number], Word>;
