import { describe, expect, it } from 'vitest';
import { refusesInWords } from './refusal-in-words.ts';

describe('an answer is a refusal by its words', () => {
  it.each([
    "I'm sorry, but I can't help with that.",
    'I’m sorry, I cannot assist with this request.',
    'Sorry, I am unable to share that.',
    'As an AI language model, I cannot provide medical advice.',
    'I cannot help you with that.',
    "I won't do that.",
    '  I apologize, but I am not able to do this. ',
    'Unfortunately, I must decline.',
  ])('when it begins with %j', (answer) => expect(refusesInWords(answer)).toBe(true));

  it.each([
    '',
    '{"category":"refund"}',
    "The customer writes: I'm sorry, but I can't help with that.",
    'I cannot find an order number in this mail, so I filed it as a question.',
    'Sorry for the delay! Here is what I found.',
    'I can help with that.',
  ])('and not when it is %j', (answer) => expect(refusesInWords(answer)).toBe(false));

  it('in bounded time, whatever it is', () => {
    expect(refusesInWords('i am very '.repeat(1_000_000))).toBe(false);
  });
});
