/** Bodies as Gemini writes them, made up by hand after its reference; the official client reads them in the tests. */
import { dataEvents } from './server-sent-events.ts';

const common = { modelVersion: 'gemini-3.1-pro-preview', responseId: 'mK8RacmbGPu5mtkP' };

export const GEMINI_ANSWER = {
  candidates: [
    {
      content: {
        parts: [{ text: 'Nasáu — ' }, { text: '🌴 ok', thoughtSignature: 'EhkKFwEBDXqv' }],
        role: 'model',
      },
      finishReason: 'STOP',
      index: 0,
    },
  ],
  usageMetadata: {
    promptTokenCount: 1200,
    cachedContentTokenCount: 1024,
    candidatesTokenCount: 50,
    thoughtsTokenCount: 300,
    totalTokenCount: 1550,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1200 }],
    cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 1024 }],
  },
  ...common,
};

export const GEMINI_TOOL_ANSWER = {
  candidates: [
    {
      content: {
        parts: [
          { text: 'Two things to look up.', thought: true },
          {
            functionCall: { name: 'weather', args: { city: 'Köln' }, id: 'fc_1' },
            thoughtSignature: 'Eq0KCqoKAb4+9vtA',
          },
          { functionCall: { name: 'now', args: {}, id: 'fc_2' } },
        ],
        role: 'model',
      },
      finishReason: 'STOP',
      index: 0,
      finishMessage: 'Model generated function call(s).',
    },
  ],
  usageMetadata: {
    promptTokenCount: 80,
    candidatesTokenCount: 30,
    thoughtsTokenCount: 64,
    totalTokenCount: 174,
  },
  ...common,
};

const event = (parts: readonly object[], candidatesTokenCount: number, finishReason?: string): object => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...(finishReason && { finishReason }) }],
  usageMetadata: {
    promptTokenCount: 30,
    cachedContentTokenCount: 20,
    ...(candidatesTokenCount > 0 && { candidatesTokenCount }),
    thoughtsTokenCount: 5,
    totalTokenCount: 35 + candidatesTokenCount,
  },
  ...common,
});

export const GEMINI_TEXT_EVENTS: readonly unknown[] = [
  event([{ text: 'Thinking of a greeting.', thought: true }], 0),
  event([{ text: 'Hola, ' }], 3),
  event([{ text: 'señor 👩‍🚀' }], 7),
  event([{ text: '', thoughtSignature: 'EhkKFwEBDXqv' }], 7, 'STOP'),
];
export const GEMINI_TEXT_STREAM = dataEvents(GEMINI_TEXT_EVENTS);

export const GEMINI_TOOL_EVENTS: readonly unknown[] = [
  event(
    [
      {
        functionCall: { name: 'weather', args: { city: 'Köln' }, id: 'fc_1' },
        thoughtSignature: 'Eq0KCqoKAb4+9vtA',
      },
    ],
    4,
  ),
  event([{ functionCall: { name: 'now', args: {}, id: 'fc_2' } }], 7),
  event([{ text: '' }], 7, 'STOP'),
];
export const GEMINI_TOOL_STREAM = dataEvents(GEMINI_TOOL_EVENTS);

export const GEMINI_EMBEDDINGS = {
  embeddings: [{ values: [0.5, -0.25, 1] }, { values: [0, 0.125, -1] }],
  usageMetadata: { promptTokenCount: 8, promptTokenDetails: [{ modality: 'TEXT', tokenCount: 8 }] },
};
