import { describe, expect, it } from 'vitest';
import { readOpenAiFailure } from './read-failure.ts';

const read = (status: number, body: unknown, headers = {}) =>
  readOpenAiFailure(status, headers, typeof body === 'string' ? body : JSON.stringify(body));
const error = (message: string, code: string | null = null, type = 'invalid_request_error') => ({
  error: { message, type, param: null, code },
});

describe('a refusal of OpenAI', () => {
  it.each([
    [400, error('temperature must be at most 2'), 'request_refused'],
    [
      400,
      error('This model’s maximum context length is 128000 tokens', 'context_length_exceeded'),
      'context_length_exceeded',
    ],
    [400, error('Unsupported parameter', 'unsupported_parameter'), 'unsupported'],
    // As a server of ours writes them.
    [400, error('This model cannot call tools', 'unsupported'), 'unsupported'],
    [400, error('temperature must be from 0 to 2', 'invalid_request'), 'request_refused'],
    [429, error('All places are taken', 'queue_full', 'rate_limit_error'), 'rate_limited'],
    [503, error('The server is stopping', 'shutting_down', 'api_error'), 'unavailable'],
    [400, error("Invalid schema for function 'x'", 'invalid_function_parameters'), 'unsupported'],
    [400, error('flagged', 'content_policy_violation'), 'content_refused'],
    [400, error('invalid model ID'), 'model_not_found'],
    [401, error('Incorrect API key provided', 'invalid_api_key'), 'key_refused'],
    [401, error('You must be a member of an organization to use the API'), 'key_refused'],
    [
      403,
      error('The model `gpt-5` does not exist or you do not have access to it.', 'model_not_found'),
      'model_not_found',
    ],
    [403, error('Project `p` does not have access to model `gpt-5`', 'model_not_found'), 'model_not_found'],
    [403, error('You are not allowed to sample from this model'), 'model_not_found'],
    [
      403,
      error('Country, region, or territory not supported', 'unsupported_country_region_territory'),
      'unavailable',
    ],
    [
      403,
      error('You have insufficient permissions for this operation. Missing scopes: model.request'),
      'key_refused',
    ],
    [403, '<html>Access denied</html>', 'unavailable'],
    [404, error('The model `x` does not exist', 'model_not_found'), 'model_not_found'],
    [
      429,
      error('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'),
      'rate_limited',
    ],
    [429, error('Your account is not active', 'billing_not_active'), 'rate_limited'],
    [402, error('Insufficient balance'), 'rate_limited'],
    [403, error('Your account is not active', 'billing_not_active'), 'rate_limited'],
    [413, error('too large'), 'context_length_exceeded'],
    [422, { detail: [{ msg: 'field required' }] }, 'request_refused'],
    [500, error('The server had an error', null, 'server_error'), 'unavailable'],
    [503, error('That model is currently overloaded'), 'overloaded'],
    [529, '', 'overloaded'],
  ])('with status %i and %j means %s', (status, body, code) => {
    expect(read(status, body).code).toBe(code);
  });

  it.each([
    [{ error: { message: 'told' } }, 'told'],
    [{ error: 'told' }, 'told'],
    [{ message: 'told' }, 'told'],
    [{ detail: 'told' }, 'told'],
    [{ detail: [{ msg: 'told' }] }, 'told'],
    ['no JSON', 'The provider answered status 400.'],
    ['', 'The provider answered status 400.'],
  ])('%j is told in the words of the provider', (body, message) => {
    expect(read(400, body).message).toBe(message);
  });

  it('loses its key, and keeps the time to wait', () => {
    const failure = read(429, error('Incorrect API key provided: sk-proj-Ab12Cd34Ef56Gh78'), {
      'retry-after': '30',
    });
    expect(failure.message).not.toContain('Ab12');
    expect(failure.retryAfterSeconds).toBe(30);
  });
});
