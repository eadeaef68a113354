import type { Words } from '../../words/languages.ts';

export const MODELS = {
  title: { en: 'Models', es: 'Modelos' },
  model: { en: 'Model', es: 'Modelo' },
  health: { en: 'Health', es: 'Salud' },
  ready: { en: 'ready', es: 'listo' },
  notReady: { en: 'not ready', es: 'no listo' },
  attempts: { en: 'Attempts / h', es: 'Intentos / h' },
  failed: { en: 'Failed', es: 'Fallidos' },
  latency: { en: 'Median / p95', es: 'Mediana / p95' },
  price: { en: 'In / out, a million', es: 'Entrada / salida, por millón' },
  key: { en: 'Key', es: 'Clave' },
  noKey: { en: 'needs none', es: 'no necesita' },
  served: { en: 'Answers as', es: 'Responde como' },
  provider: { en: 'Provider', es: 'Proveedor' },
  none: { en: 'There is no Model yet', es: 'Aún no hay ningún Model' },
  noneHint: {
    en: 'A Model says at which provider a model is reached, with which key and at which price.',
    es: 'Un Model dice en qué proveedor está un modelo, con qué clave y a qué precio.',
  },
} as const satisfies Words;
