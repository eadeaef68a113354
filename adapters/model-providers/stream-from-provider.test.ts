/** However a listener fails and whenever an exchange ends: whoever waits for its end hears of it, exactly once. */
import { afterEach, describe, expect, it } from 'vitest';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import { type ScriptedProvider, startScriptedProvider } from '#test/fakes/scripted-provider.ts';
import { ProviderConnections } from './provider-connections.ts';
import { type EventStreamListener, streamFromProvider } from './stream-from-provider.ts';

const LIMITS = {
  connectMilliseconds: 5_000,
  firstByteMilliseconds: 30_000,
  idleMilliseconds: 30_000,
  totalMilliseconds: 30_000,
  deadlineMilliseconds: 30_000,
};

const connections = new ProviderConnections({ allowLoopback: true });
const providers: ScriptedProvider[] = [];
afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.close()));
});

async function providerThatAnswers(status: number, body: string): Promise<ScriptedProvider> {
  const provider = await startScriptedProvider((_call, response) => {
    response.writeHead(status, { 'content-type': 'text/event-stream' });
    response.end(body);
  });
  providers.push(provider);
  return provider;
}

function failureOf(
  url: string,
  listener: Partial<EventStreamListener>,
  headers: Readonly<Record<string, string>> = {},
): Promise<AttemptFailure | undefined> {
  return new Promise((resolve) => {
    const nothing = (): void => undefined;
    streamFromProvider(connections, { method: 'POST', url, headers, body: '{}' }, LIMITS, {
      onSent: nothing,
      onEvent: nothing,
      onBatchEnd: nothing,
      onClose: () => resolve(undefined),
      onRefusal: () => resolve(undefined),
      ...listener,
      onFailure: resolve,
    });
  });
}

const slip = (): never => {
  throw new TypeError('a slip of the codec');
};

describe('a stream from a provider', () => {
  it.each([
    ['onSent', 200, 'data: 1\n\n'],
    ['onEvent', 200, 'data: 1\n\n'],
    ['onBatchEnd', 200, 'data: 1\n\n'],
    ['onClose', 200, 'data: 1\n\n'],
    ['onRefusal', 500, 'short'],
    ['onRefusal', 500, 'x'.repeat(100_000)],
  ] as const)('whose listener throws in %s (status %i) ends with a failure', async (name, status, body) => {
    const { url } = await providerThatAnswers(status, body);
    // On the connection that this one leaves, the next request is sent before the exchange is there.
    expect(await failureOf(url, {})).toBeUndefined();
    expect(await failureOf(url, { [name]: slip })).toMatchObject({
      code: 'internal_error',
      cause: expect.any(TypeError) as TypeError,
    });
  });

  it.each([
    ['with a header that HTTP forbids', 'http://127.0.0.1:9/', { 'x-key': 'a\nb' }, 'UND_ERR_INVALID_ARG'],
    ['to an address that is blocked', 'http://169.254.169.254/', {}, 'BLOCKED_ADDRESS'],
    ['to nowhere', 'no url', {}, 'ERR_INVALID_URL'],
  ])('%s ends with a failure although it never began', async (_name, url, headers, code) => {
    expect(await failureOf(url, {}, headers)).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(code) as string,
    });
  });
});
