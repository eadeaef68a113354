/** The dialects at the servers' strict side, and conversations that change the provider between a tool call and its result. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AssistantMessage, ChatRequest, ToolCall } from '#domain/chat/chat-request.ts';
import type { ProviderRequest } from '#domain/dialects/dialect.ts';
import { providerDialectOf } from '#domain/dialects/dialects.ts';
import { readStream, tell } from '#domain/dialects/wire-fixtures/server-sent-events.ts';
import { DEFAULT_KEYS, type FakeProviders, startFakeProviders } from './fake-providers.ts';
import { FAKE_PROVIDERS, type FakeProvider } from './scenario.ts';

let fakes: FakeProviders;
beforeAll(async () => {
  fakes = await startFakeProviders();
});
afterEach(() => fakes.clear());
afterAll(() => fakes.close());

const MODELS: Readonly<Record<FakeProvider, string>> = {
  OpenAI: 'gpt-5',
  Anthropic: 'claude-sonnet-4-6',
  Gemini: 'gemini-3.1-pro-preview',
};
const USAGE = { inputTokens: 10, cachedInputTokens: 20, cacheWriteTokens: 0, outputTokens: 7 };
const CALLS = [
  { name: 'weather', arguments: { city: 'Köln' } },
  { name: 'now', arguments: {} },
];
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const REQUEST: ChatRequest = {
  model: 'auto',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Weather?' },
  ],
  maximumOutputTokens: 100,
  sampling: {},
  tools: [{ name: 'weather', parameters: schema }, { name: 'now' }],
};

const target = (provider: FakeProvider, apiKey: string = DEFAULT_KEYS[provider]) => ({
  endpoint: fakes.endpoints[provider],
  model: MODELS[provider],
  apiKey,
});

function send({ url, method, headers, body }: ProviderRequest): Promise<Response> {
  return fetch(url, { method, headers, ...(body !== undefined && { body }) });
}

async function chat(provider: FakeProvider, request: ChatRequest) {
  const dialect = providerDialectOf(provider);
  const written = dialect.writeChatRequest(request, target(provider));
  if (!written.ok) throw new Error(written.problem);
  const response = await send(written.value);
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  if (request.stream === undefined) {
    const answer = dialect.readChatAnswer(text, request);
    if (!answer.ok) throw new Error(answer.failure.message);
    const [choice] = answer.value.choices;
    return { message: messageOf(choice?.text ?? null, choice?.toolCalls ?? []), usage: answer.value.usage };
  }
  const told = tell(readStream(dialect.createStreamReader(request), text));
  if (!told.ended) throw new Error('the stream has no end');
  const toolCalls = told.toolCalls.map(({ arguments: argumentsText, ...call }) => ({
    ...call,
    argumentsText,
  }));
  return { message: messageOf(told.text, toolCalls), usage: told.usages.at(-1) };
}

function messageOf(content: string | null, toolCalls: readonly ToolCall[]): AssistantMessage {
  return { role: 'assistant', content, ...(toolCalls.length > 0 && { toolCalls }) };
}

const streamed = (isStreamed: boolean): Pick<ChatRequest, 'stream'> =>
  isStreamed ? { stream: { includesUsage: true } } : {};

describe.each(FAKE_PROVIDERS)('%s', (provider) => {
  it.each([false, true])('is billed by us as it bills, with stream %s', async (stream) => {
    fakes.addAnswer({ answer: { text: 'Rain, señor 👩‍🚀', usage: USAGE } });
    const { message, usage } = await chat(provider, { ...REQUEST, ...streamed(stream) });
    expect(message.content).toBe('Rain, señor 👩‍🚀');
    expect(usage).toMatchObject(fakes.journal()[0]?.usage ?? {});
    expect(usage).toMatchObject(USAGE);
  });

  it('follows a schema', async () => {
    const { message } = await chat(provider, {
      ...REQUEST,
      tools: [],
      format: { kind: 'jsonSchema', name: 'place', schema: { ...schema, additionalProperties: false } },
    });
    expect(message.content).toBe('{"city":""}');
  });

  it('tells a probe whether the key is taken', async () => {
    const dialect = providerDialectOf(provider);
    const good = await send(dialect.writeProbeRequest(target(provider)));
    expect(good.status).toBe(200);
    const bad = await send(dialect.writeProbeRequest(target(provider, 'wrong')));
    const failure = dialect.readFailure(bad.status, Object.fromEntries(bad.headers), await bad.text());
    expect(failure.code).toBe('key_refused');
    expect(failure.message).not.toContain('wrong');
  });
});

describe.each(FAKE_PROVIDERS.flatMap((first) => FAKE_PROVIDERS.map((second) => [first, second] as const)))(
  'a conversation that begins at %s and goes on at %s',
  (first, second) => {
    it.each([false, true])('keeps its parallel tool calls, with stream %s', async (stream) => {
      fakes.addAnswer({ afterToolResult: false, answer: { text: 'I look.', toolCalls: CALLS } });
      const { message } = await chat(first, { ...REQUEST, ...streamed(stream) });
      expect(message.toolCalls?.map(({ argumentsText }) => JSON.parse(argumentsText))).toEqual([
        { city: 'Köln' },
        {},
      ]);
      const results = (message.toolCalls ?? []).map(({ id }) => ({
        role: 'tool' as const,
        toolCallId: id,
        content: 'rain',
      }));
      const { message: final } = await chat(second, {
        ...REQUEST,
        ...streamed(stream),
        messages: [...REQUEST.messages, message, ...results],
      });
      expect(final.content).toBe('You said: Weather?');
    });
  },
);
