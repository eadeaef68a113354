/** The dialects at the servers' strict side, and conversations that change the provider between a tool call and its result. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProviderRequest, StreamPart } from '#domain/model-providers/dialect.ts';
import { dialectOf } from '#domain/model-providers/dialects.ts';
import type { ChatMessage, ChatRequest } from '#domain/model-providers/openai-chat.ts';
import { eventsOf, tell } from '#domain/model-providers/wire-fixtures/server-sent-events.ts';
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
  max_tokens: 100,
  tools: [
    { type: 'function', function: { name: 'weather', parameters: schema } },
    { type: 'function', function: { name: 'now' } },
  ],
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
  const dialect = dialectOf(provider);
  const built = dialect.chatRequest(request, target(provider));
  if (!built.ok) throw new Error(built.problem);
  const response = await send(built.value);
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  const context = { id: `run-${provider}`, createdSeconds: 0, model: MODELS[provider] };
  if (request.stream !== true) {
    const answer = dialect.parseChatResponse(JSON.parse(text), context);
    if (!answer.ok) throw new Error(answer.problem);
    return { message: answer.value.completion.choices[0]?.message as ChatMessage, usage: answer.value.usage };
  }
  const translator = dialect.createStreamTranslator(context);
  const parts: readonly StreamPart[] = [
    ...eventsOf(text).flatMap((event) => translator.push(event)),
    ...translator.close(),
  ];
  const told = tell(parts);
  if (!told.ended) throw new Error('the stream has no end');
  const usages = parts.flatMap((part) => (part.kind === 'usage' ? [part.usage] : []));
  const toolCalls = told.toolCalls.map(({ id, name, arguments: text, signature }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: text },
    ...(signature !== undefined && { extra_content: { google: { thought_signature: signature } } }),
  }));
  const message: ChatMessage = {
    role: 'assistant',
    content: told.content,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return { message, usage: usages.at(-1) };
}

describe.each(FAKE_PROVIDERS)('%s', (provider) => {
  it.each([false, true])('is billed by us as it bills, with stream %s', async (stream) => {
    fakes.addAnswer({ answer: { text: 'Rain, señor 👩‍🚀', usage: USAGE } });
    const { message, usage } = await chat(provider, { ...REQUEST, stream });
    expect(message.content).toBe('Rain, señor 👩‍🚀');
    expect(usage).toEqual(fakes.journal()[0]?.usage);
    expect(usage).toEqual(USAGE);
  });

  it('follows a schema', async () => {
    const json = { name: 'place', schema: { ...schema, additionalProperties: false } };
    const { message } = await chat(provider, {
      ...REQUEST,
      tools: [],
      response_format: { type: 'json_schema', json_schema: json },
    });
    expect(message.content).toBe('{"city":""}');
  });

  it('tells a probe whether the key is taken', async () => {
    const dialect = dialectOf(provider);
    const good = await send(dialect.probeRequest(target(provider)));
    expect(good.status).toBe(200);
    const bad = await send(dialect.probeRequest(target(provider, 'wrong')));
    const failure = dialect.parseFailure(bad.status, Object.fromEntries(bad.headers), await bad.text());
    expect(failure.kind).toBe('keyRefused');
    expect(failure.message).not.toContain('wrong');
  });
});

describe.each(FAKE_PROVIDERS.flatMap((first) => FAKE_PROVIDERS.map((second) => [first, second] as const)))(
  'a conversation that begins at %s and goes on at %s',
  (first, second) => {
    it.each([false, true])('keeps its parallel tool calls, with stream %s', async (stream) => {
      fakes.addAnswer({ afterToolResult: false, answer: { text: 'I look.', toolCalls: CALLS } });
      const { message } = await chat(first, { ...REQUEST, stream });
      expect(message.tool_calls?.map(({ function: called }) => JSON.parse(called.arguments))).toEqual([
        { city: 'Köln' },
        {},
      ]);
      const results = (message.tool_calls ?? []).map(({ id }) => ({
        role: 'tool' as const,
        tool_call_id: id,
        content: 'rain',
      }));
      const { message: final } = await chat(second, {
        ...REQUEST,
        stream,
        messages: [...REQUEST.messages, message, ...results],
      });
      expect(final.content).toBe('You said: Weather?');
    });
  },
);
