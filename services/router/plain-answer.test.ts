import { describe, expect, it } from 'vitest';
import { dialectOf } from '#domain/model-providers/dialects.ts';
import { openAiAnswer } from '#test/fakes/scripted-provider.ts';
import { annotate, usageOfPlainAnswer } from './plain-answer.ts';

const CONTEXT = { id: 'own', createdSeconds: 1, model: 'own' };
const usage = (fields: object): Record<string, unknown> => ({ ...openAiAnswer(), usage: fields });

describe('usageOfPlainAnswer', () => {
  it.each([
    ['plain usage', openAiAnswer()],
    [
      'usage with cached tokens',
      usage({
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4 },
      }),
    ],
    [
      'usage with reasoning tokens',
      usage({
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        completion_tokens_details: { reasoning_tokens: 2 },
      }),
    ],
  ])(
    'finds in %s what the dialect finds, and the dialect would have changed nothing that matters',
    (_what, answer) => {
      const parsed = dialectOf('OpenAI').parseChatResponse(answer, CONTEXT);
      expect(parsed).toMatchObject({ ok: true, value: { usage: usageOfPlainAnswer(answer) } });
      expect(parsed).toMatchObject({
        ok: true,
        value: { completion: { id: answer['id'], choices: answer['choices'] } },
      });
    },
  );

  it.each([
    ['an error', { ...openAiAnswer(), error: { message: 'x' } }],
    ['an annotation of its own', { ...openAiAnswer(), capataz: {} }],
    ['no usage', { ...openAiAnswer(), usage: undefined }],
    ['usage that is no count', usage({ prompt_tokens: -1, completion_tokens: 5, total_tokens: 4 })],
    ['two choices', { ...openAiAnswer(), choices: [1, 2] }],
    [
      'no finish reason',
      { ...openAiAnswer(), choices: [{ index: 0, message: { role: 'assistant', content: 'x' } }] },
    ],
    [
      'a tool call',
      {
        ...openAiAnswer(),
        choices: [
          { index: 0, message: { role: 'assistant', content: 'x', tool_calls: [{}] }, finish_reason: 'stop' },
        ],
      },
    ],
    [
      'no content',
      {
        ...openAiAnswer(),
        choices: [{ index: 0, message: { role: 'assistant', content: null }, finish_reason: 'stop' }],
      },
    ],
    ['an empty id', { ...openAiAnswer(), id: '' }],
    ['a list', []],
    ['null', null],
  ])('leaves an answer with %s to the dialect', (_what, answer) => {
    expect(usageOfPlainAnswer(answer)).toBeUndefined();
  });
});

describe('annotate', () => {
  it('adds one field to the text and leaves the rest as it was', () => {
    const annotation = { requestId: 'r', model: 'm', attempts: 1, costNanoUsd: 2 };
    const text = `${JSON.stringify(openAiAnswer('a } and " and \\ in it'), null, 2)}\n`;
    expect(JSON.parse(annotate(text, annotation))).toEqual({
      ...openAiAnswer('a } and " and \\ in it'),
      capataz: annotation,
    });
  });
});
