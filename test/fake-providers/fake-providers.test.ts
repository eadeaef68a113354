import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_KEYS, type FakeProviders, startFakeProviders } from './fake-providers.ts';
import type { FakeProvider } from './scenario.ts';

let fakes: FakeProviders;
beforeAll(async () => {
  fakes = await startFakeProviders();
});
afterEach(() => {
  fakes.clear();
  for (const provider of Object.keys(DEFAULT_KEYS) as FakeProvider[]) {
    fakes.setKeys(provider, [DEFAULT_KEYS[provider]]);
  }
});
afterAll(() => fakes.close());

const openai = (apiKey: string = DEFAULT_KEYS.OpenAI): OpenAI =>
  new OpenAI({ baseURL: fakes.endpoints.OpenAI, apiKey, maxRetries: 0 });
const anthropic = (apiKey: string = DEFAULT_KEYS.Anthropic): Anthropic =>
  new Anthropic({ baseURL: `${fakes.url}/anthropic`, apiKey, maxRetries: 0 });
const gemini = (apiKey: string = DEFAULT_KEYS.Gemini): GoogleGenAI =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${fakes.url}/gemini` } });

const WEATHER = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const CALLS = [
  { name: 'weather', arguments: { city: 'Köln' } },
  { name: 'now', arguments: {} },
];
const USAGE = { inputTokens: 10, cachedInputTokens: 20, cacheWriteTokens: 5, outputTokens: 7 };

describe('the fake OpenAI, to the official client', () => {
  const chat = (content: string) => ({ model: 'gpt-5', messages: [{ role: 'user' as const, content }] });

  it('answers a chat and bills it', async () => {
    fakes.addAnswer({ answer: { text: 'Guten Tag, Köln 👩‍🚀', usage: USAGE } });
    const completion = await openai().chat.completions.create(chat('Hello'));
    expect(completion.choices[0]?.message.content).toBe('Guten Tag, Köln 👩‍🚀');
    expect(completion.usage).toMatchObject({
      prompt_tokens: 35,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 5 },
    });
    expect(fakes.journal()).toMatchObject([{ provider: 'OpenAI', status: 200, usage: USAGE }]);
  });

  it('streams text and parallel tool calls that its stream helper puts together', async () => {
    fakes.addAnswer({ answer: { text: 'One moment.', toolCalls: CALLS, usage: USAGE } });
    const stream = openai().chat.completions.stream({
      ...chat('Weather?'),
      tools: [{ type: 'function', function: { name: 'weather', parameters: WEATHER } }],
    });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
    expect(completion.choices[0]?.message.content).toBe('One moment.');
    expect(
      completion.choices[0]?.message.tool_calls?.map(
        (call) => call.type === 'function' && call.function.arguments,
      ),
    ).toEqual(['{"city":"Köln"}', '{}']);
    expect(completion.usage?.completion_tokens).toBe(7);
  });

  it('gives embeddings, equal ones for equal texts', async () => {
    const { data } = await openai().embeddings.create({
      model: 'text-embedding-3-small',
      input: ['a', 'b', 'a'],
    });
    expect(data[0]?.embedding).toEqual(data[2]?.embedding);
    expect(data[0]?.embedding).not.toEqual(data[1]?.embedding);
  });

  it('refuses a wrong key, an unknown path and max_tokens, as OpenAI does', async () => {
    await expect(openai('wrong').chat.completions.create(chat('x'))).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
    await expect(openai().get('/nowhere')).rejects.toMatchObject({ status: 404 });
    await expect(openai().chat.completions.create({ ...chat('x'), max_tokens: 5 })).rejects.toMatchObject({
      status: 400,
    });
    expect((await openai().models.list()).data.map(({ id }) => id)).toEqual(['fake-model']);
  });
});

describe('the fake Anthropic, to the official client', () => {
  const message = (content: string) => ({
    model: 'claude-sonnet-5',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content }],
  });

  it('answers a message and bills it', async () => {
    fakes.addAnswer({ answer: { text: 'Guten Tag, Köln 👩‍🚀', usage: USAGE } });
    const answer = await anthropic().messages.create(message('Hello'));
    expect(answer.content).toMatchObject([{ type: 'text', text: 'Guten Tag, Köln 👩‍🚀' }]);
    expect(answer.usage).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 5,
      output_tokens: 7,
    });
    expect(fakes.journal()).toMatchObject([{ provider: 'Anthropic', status: 200, usage: USAGE }]);
  });

  it('streams text and parallel tool calls that its stream helper puts together', async () => {
    fakes.addAnswer({ answer: { text: 'One moment.', toolCalls: CALLS, usage: USAGE } });
    const stream = anthropic().messages.stream({
      ...message('Weather?'),
      tools: [{ name: 'weather', input_schema: WEATHER }],
    });
    const answer = await stream.finalMessage();
    expect(answer.stop_reason).toBe('tool_use');
    expect(answer.content).toMatchObject([
      { type: 'text', text: 'One moment.' },
      { type: 'tool_use', name: 'weather', input: { city: 'Köln' } },
      { type: 'tool_use', name: 'now', input: {} },
    ]);
    expect(answer.usage.output_tokens).toBe(7);
  });

  it('refuses a wrong key, and turns whose tool calls have no results', async () => {
    await expect(anthropic('wrong').messages.create(message('x'))).rejects.toMatchObject({ status: 401 });
    const dangling = {
      ...message('x'),
      messages: [
        { role: 'user' as const, content: 'x' },
        {
          role: 'assistant' as const,
          content: [{ type: 'tool_use' as const, id: 't', name: 'now', input: {} }],
        },
        { role: 'user' as const, content: 'y' },
      ],
    };
    await expect(anthropic().messages.create(dangling)).rejects.toMatchObject({ status: 400 });
  });

  it('takes sampling parameters by the old version of the API alone', async () => {
    const body = { ...message('x'), temperature: 1 };
    await expect(anthropic().post('/v1/messages', { body })).rejects.toMatchObject({ status: 400 });
    const headers = { 'anthropic-version': '2023-06-01' };
    await expect(anthropic().post('/v1/messages', { body, headers })).resolves.toMatchObject({
      type: 'message',
    });
  });
});

describe('the fake Gemini, to the official client', () => {
  const tools = [
    { functionDeclarations: [{ name: 'weather', parametersJsonSchema: WEATHER }, { name: 'now' }] },
  ];
  const model = 'gemini-3.1-pro-preview';

  it('answers a prompt and bills it', async () => {
    fakes.addAnswer({ answer: { text: 'Guten Tag, Köln 👩‍🚀', usage: USAGE } });
    const answer = await gemini().models.generateContent({ model, contents: 'Hello' });
    expect(answer.text).toBe('Guten Tag, Köln 👩‍🚀');
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: 35,
      cachedContentTokenCount: 20,
      candidatesTokenCount: 7,
    });
    expect(fakes.journal()).toMatchObject([{ provider: 'Gemini', status: 200, usage: USAGE }]);
  });

  it('streams text', async () => {
    fakes.addAnswer({ answer: { text: 'Uno dos tres' } });
    const stream = await gemini().models.generateContentStream({ model, contents: 'Count' });
    const texts: string[] = [];
    for await (const chunk of stream) texts.push(chunk.text ?? '');
    expect(texts.join('')).toBe('Uno dos tres');
  });

  it('insists on its signatures through a conversation with tools', async () => {
    fakes.addAnswer({ afterToolResult: false, answer: { toolCalls: CALLS } });
    const call = await gemini().models.generateContent({ model, contents: 'Weather?', config: { tools } });
    expect(call.functionCalls).toMatchObject([{ name: 'weather', args: { city: 'Köln' } }, { name: 'now' }]);
    const history = (signed: boolean) => [
      { role: 'user', parts: [{ text: 'Weather?' }] },
      {
        role: 'model',
        parts: (call.candidates?.[0]?.content?.parts ?? []).map((part) =>
          signed || part.functionCall === undefined ? part : { functionCall: part.functionCall },
        ),
      },
      {
        role: 'user',
        parts: (call.functionCalls ?? []).map(({ id = '', name = '' }) => ({
          functionResponse: { id, name, response: { output: 'ok' } },
        })),
      },
    ];
    const answer = await gemini().models.generateContent({
      model,
      contents: history(true),
      config: { tools },
    });
    expect(answer.text).toBe('You said: Weather?');
    await expect(
      gemini().models.generateContent({ model, contents: history(false), config: { tools } }),
    ).rejects.toThrow('thought_signature');
  });

  it('gives embeddings and refuses a wrong key as a bad request', async () => {
    const { embeddings } = await gemini().models.embedContent({
      model: 'gemini-embedding-001',
      contents: ['a', 'b'],
    });
    expect(embeddings?.map(({ values }) => values?.length)).toEqual([8, 8]);
    await expect(gemini('wrong').models.generateContent({ model, contents: 'x' })).rejects.toMatchObject({
      status: 400,
    });
  });
});

describe('the scenario', () => {
  const ask = (body: object = {}, key: string = DEFAULT_KEYS.OpenAI): Promise<Response> =>
    fetch(`${fakes.endpoints.OpenAI}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hi' }], ...body }),
    });

  it('obeys a schema and a forced tool without being told how', async () => {
    const schema = {
      type: 'object',
      properties: { score: { type: 'integer', minimum: 1 }, mood: { enum: ['good', 'bad'] } },
      required: ['score', 'mood'],
    };
    const format = { type: 'json_schema', json_schema: { name: 's', schema } };
    const answered = await (await ask({ response_format: format })).json();
    expect(answered).toMatchObject({ choices: [{ message: { content: '{"score":1,"mood":"good"}' } }] });
    const tool = { type: 'function', function: { name: 'weather', parameters: WEATHER } };
    const called = await (await ask({ tools: [tool], tool_choice: 'required' })).json();
    expect(called).toMatchObject({
      choices: [{ message: { tool_calls: [{ function: { name: 'weather', arguments: '{"city":""}' } }] } }],
    });
  });

  it('plays each fault as often as it was told, and then answers again', async () => {
    fakes.addFault({ provider: 'OpenAI', status: 429, headers: { 'retry-after': '3' }, times: 2 });
    fakes.addFault({ provider: 'Anthropic', status: 500 });
    const first = await ask();
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '3']);
    expect((await ask()).status).toBe(429);
    expect((await ask()).status).toBe(200);
  });

  it('resets, talks garbage, and breaks off streams in each way', async () => {
    fakes.addFault({ reset: true, times: 1 });
    await expect(ask()).rejects.toThrow('fetch failed');
    fakes.addFault({ garbage: true, times: 1 });
    expect(await (await ask()).text()).toContain('<html>');
    fakes.addFault({ after: { events: 2, ending: 'reset' }, times: 2 });
    const cut = await ask({ stream: true });
    await expect(cut.text()).rejects.toThrow('terminated');
    const half = await ask();
    await expect(half.text()).rejects.toThrow('terminated');
    fakes.addFault({ after: { events: 2, ending: 'end' }, times: 1 });
    expect(await (await ask({ stream: true })).text()).not.toContain('[DONE]');
    fakes.addFault({ after: { events: 1, ending: 'error' }, times: 1 });
    expect(await (await ask({ stream: true })).text()).toContain('"error"');
    fakes.addFault({ after: { events: 1, ending: 'garbage' }, times: 1 });
    expect(await (await ask({ stream: true })).text()).toContain('{"half": \n');
  });

  it('stalls until the client gives up, and writes that down', async () => {
    fakes.addFault({ after: { events: 1, ending: 'stall' }, times: 1 });
    const controller = new AbortController();
    const response = await fetch(`${fakes.endpoints.OpenAI}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${DEFAULT_KEYS.OpenAI}` },
      body: JSON.stringify({ model: 'gpt-5', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
      signal: controller.signal,
    });
    expect(response.status).toBe(200);
    controller.abort();
    await expect.poll(() => fakes.journal()).toMatchObject([{ eventsSent: 1, aborted: true }]);
  });

  it('changes keys while it runs', async () => {
    fakes.setKeys('OpenAI', ['new']);
    expect((await ask()).status).toBe(401);
    expect((await ask({}, 'new')).status).toBe(200);
  });

  it('is told and read over HTTP as well', async () => {
    const control = (path: string, body: object): Promise<Response> =>
      fetch(`${fakes.url}/control/${path}`, { method: 'POST', body: JSON.stringify(body) });
    expect((await control('answers', { userSays: 'Hi', answer: { text: 'by wire' } })).status).toBe(200);
    expect((await control('faults', { status: 503, times: 1 })).status).toBe(200);
    expect((await control('keys', { provider: 'OpenAI', keys: ['k'] })).status).toBe(200);
    expect((await control('faults', { statuses: 503 })).status).toBe(400);
    expect((await ask({}, 'k')).status).toBe(503);
    expect(await (await ask({}, 'k')).json()).toMatchObject({
      choices: [{ message: { content: 'by wire' } }],
    });
    const journal = await (await fetch(`${fakes.url}/control/journal`)).json();
    expect(journal).toMatchObject([{ status: 503 }, { status: 200, model: 'gpt-5' }]);
    await control('clear', {});
    expect(fakes.journal()).toEqual([]);
  });
});
