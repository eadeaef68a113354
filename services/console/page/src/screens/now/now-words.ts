import type { Words } from '../../words/languages.ts';

export const NOW = {
  title: { en: 'Now', es: 'Ahora' },
  needsYou: { en: 'What needs you', es: 'Lo que le necesita' },
  nothing: { en: 'Nothing needs you', es: 'Nada le necesita' },
  nothingHint: {
    en: 'Cost, latency, quality, security and rollouts are as they usually are, as far as it is known.',
    es: 'Coste, latencia, calidad, seguridad y despliegues están como de costumbre, hasta donde se sabe.',
  },
  thisHour: { en: 'Cost of this hour, at this rate', es: 'Coste de esta hora, a este ritmo' },
  soFar: { en: '{amount} so far', es: '{amount} hasta ahora' },
  median: { en: 'middle {amount}', es: 'mediana {amount}' },
  monthToDate: { en: 'Month so far', es: 'Mes hasta hoy' },
  monthEnd: { en: 'Month end, at this rate', es: 'Fin de mes, a este ritmo' },
  runsLastHour: { en: 'Runs, last hour', es: 'Ejecuciones, última hora' },
  failedLastHour: { en: 'of them failed', es: 'de ellas fallidas' },
  agentsReady: { en: 'Agents ready', es: 'Agentes listos' },
  ofAll: { en: '{ready} of {all}', es: '{ready} de {all}' },
  rollouts: { en: 'Running rollouts', es: 'Despliegues en curso' },
  noRollouts: { en: 'No release is on its way.', es: 'No hay ninguna versión en camino.' },
  namespaces: { en: 'By namespace', es: 'Por espacio de nombres' },
  cost: { en: 'Cost, this hour', es: 'Coste, esta hora' },
  against: { en: 'Against usual', es: 'Frente a lo habitual' },
  agents: { en: 'Agents', es: 'Agentes' },
  failed: { en: 'Failed', es: 'Fallidas' },
  exposure: { en: '{percent} exposed', es: '{percent} expuesto' },
  step: { en: 'step {index} of {count}', es: 'paso {index} de {count}' },
} as const satisfies Words;
