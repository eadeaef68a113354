/** One status means many things: what a provider says decides whom it blames, whichever provider says it. */
import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '#crds/model.ts';
import { providerDialectOf } from './dialects.ts';
import { fixturesOf } from './wire-fixtures/provider-fixtures.ts';

describe.each(PROVIDERS)('a refusal of %s', (provider) => {
  const codeOf = (status: number, body: string): string =>
    providerDialectOf(provider).readFailure(status, {}, body).code;

  it.each([
    [403, 'Incorrect API key provided', 'key_refused'],
    [403, 'You do not have access to the model big-1', 'model_not_found'],
    [403, 'You do not have permission to access tuned model 7', 'model_not_found'],
    [403, 'The model big-1 is blocked at the organization level', 'model_not_found'],
    [403, 'big-1 requires moderation and your input was flagged', 'content_refused'],
    [403, 'Your team has used all available credits or reached its monthly spending limit', 'rate_limited'],
    [403, 'This service is not available in your region', 'unavailable'],
    [400, 'User location is not supported for the API use.', 'unavailable'],
    [400, 'Your credit balance is too low to access the API', 'rate_limited'],
    [
      400,
      'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000',
      'context_length_exceeded',
    ],
    [
      400,
      "This model's maximum prompt length is 131072 but the request contains 140000 tokens",
      'context_length_exceeded',
    ],
    [400, '`inputs` tokens + `max_new_tokens` must be <= 4096', 'context_length_exceeded'],
    [400, 'Invalid model: big-1', 'model_not_found'],
    [400, 'temperature must be a number', 'request_refused'],
  ])('with status %i and the words %j is %s', (status, message, code) => {
    expect(codeOf(status, JSON.stringify(fixturesOf(provider).refusal(message, status)))).toBe(code);
  });

  it.each([
    [498, 'overloaded'],
    [499, 'unavailable'],
    [451, 'unavailable'],
    [424, 'unavailable'],
    [503, 'unavailable'],
    [401, 'key_refused'],
  ])('with status %i and no words is %s', (status, code) => {
    expect(codeOf(status, '')).toBe(code);
  });

  it('that is a page for people says nothing about the key: it comes from what stands before the provider', () => {
    expect(codeOf(403, '\n<!DOCTYPE html><html><body>Just a moment...</body></html>')).toBe('unavailable');
    expect(codeOf(502, '<html><body>Bad Gateway</body></html>')).toBe('unavailable');
  });

  it('waits as long as the header says, and takes an empty header for none', () => {
    const read = (headers: Record<string, string>): number | undefined =>
      providerDialectOf(provider).readFailure(429, headers, '').retryAfterSeconds;
    expect(read({ 'retry-after-ms': '', 'retry-after': '20' })).toBe(20);
    expect(read({ 'retry-after-ms': '1500', 'retry-after': '20' })).toBe(1.5);
    expect(read({ 'retry-after': 'soon' })).toBeUndefined();
    expect(
      read({ 'retry-after': 'Wed, 21 Oct 2026 07:28:10 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }),
    ).toBe(10);
  });
});

describe('a server of the format of OpenAI', () => {
  it.each([
    ['tool_use_failed', 'answer_malformed'],
    ['json_validate_failed', 'answer_malformed'],
    ['model_decommissioned', 'model_not_found'],
    ['Arrearage', 'rate_limited'],
    ['data_inspection_failed', 'content_refused'],
  ])('that refuses with the code %s means %s', (code, expected) => {
    const body = JSON.stringify({ error: { message: 'No.', type: 'invalid_request_error', code } });
    expect(providerDialectOf('OpenAICompatible').readFailure(400, {}, body).code).toBe(expected);
  });

  it('that takes fewer tokens than were asked for cannot do this request, and another Model may', () => {
    const message = 'max_tokens is too large: 100000. This model supports at most 16384 completion tokens.';
    const body = JSON.stringify({ error: { message, type: 'invalid_request_error', code: 'invalid_value' } });
    expect(providerDialectOf('OpenAI').readFailure(400, {}, body).code).toBe('unsupported');
  });
});
