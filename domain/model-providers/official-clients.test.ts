/**
 * The official clients as judges: our fixtures are the true wire format when the clients read them, and our requests
 * are right when the clients send the same for the same content.
 */
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { FunctionCallingConfigMode, GoogleGenAI, ThinkingLevel } from '@google/genai';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dialectOf } from './dialects.ts';
import type { ChatRequest } from './openai-chat.ts';
import {
  ANTHROPIC_MESSAGE,
  ANTHROPIC_OVERLOADED_EVENT,
  ANTHROPIC_TEXT_EVENTS,
  ANTHROPIC_TEXT_STREAM,
  ANTHROPIC_TOOL_MESSAGE,
  ANTHROPIC_TOOL_STREAM,
} from './wire-fixtures/anthropic.ts';
import {
  GEMINI_ANSWER,
  GEMINI_EMBEDDINGS,
  GEMINI_TEXT_STREAM,
  GEMINI_TOOL_ANSWER,
  GEMINI_TOOL_STREAM,
} from './wire-fixtures/gemini.ts';
import {
  OPENAI_COMPLETION,
  OPENAI_EMBEDDINGS,
  OPENAI_TEXT_STREAM,
  OPENAI_TOOL_COMPLETION,
  OPENAI_TOOL_STREAM,
} from './wire-fixtures/openai.ts';
import { dataEvents, namedEvents, translateStream } from './wire-fixtures/server-sent-events.ts';

interface Recorded {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

let server: Server;
let origin: string;
let recorded: Recorded[];
/** An event stream when it is text. */
let reply: object | string;

beforeEach(async () => {
  recorded = [];
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
      recorded.push({ url: request.url ?? '', headers: request.headers, body });
      const type = typeof reply === 'string' ? 'text/event-stream' : 'application/json';
      response.writeHead(200, { 'content-type': type });
      response.end(typeof reply === 'string' ? reply : JSON.stringify(reply));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});

const openai = (): OpenAI => new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'key', maxRetries: 0 });
const anthropic = (): Anthropic => new Anthropic({ baseURL: origin, apiKey: 'key', maxRetries: 0 });
const gemini = (): GoogleGenAI =>
  new GoogleGenAI({ apiKey: 'key', apiVersion: 'v1beta', httpOptions: { baseUrl: origin } });

function ours(
  provider: 'OpenAI' | 'Anthropic' | 'Gemini',
  model: string,
  request: ChatRequest,
): { readonly url: string; readonly body: unknown } {
  const version = provider === 'Gemini' ? 'v1beta' : 'v1';
  const built = dialectOf(provider).chatRequest(request, { endpoint: `/${version}`, model, apiKey: 'key' });
  if (!built.ok) throw new Error(built.problem);
  return { url: built.value.url, body: JSON.parse(built.value.body ?? '') };
}

function theirs(): { readonly url: string; readonly body: unknown } {
  const { url = '', body } = recorded[0] ?? {};
  return { url, body };
}

const SCHEMA = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const IMAGE = 'iVBORw0KGgo=';
/** A conversation with all that every provider can express. */
const CONVERSATION: ChatRequest = {
  model: 'auto',
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Where is this, and how is the weather? 🌦️' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${IMAGE}` } },
      ],
    },
    {
      role: 'assistant',
      content: 'I look.',
      tool_calls: [
        {
          id: 'call_1',
          type: 'function',
          function: { name: 'weather', arguments: '{"city":"Köln"}' },
          extra_content: { google: { thought_signature: 'Eq0KCqoKAb4+9vtA' } },
        },
        { id: 'call_2', type: 'function', function: { name: 'now', arguments: '{}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: '{"sky":"rain"}' },
    { role: 'tool', tool_call_id: 'call_2', content: 'noon' },
  ],
  max_completion_tokens: 500,
  temperature: 0.5,
  stop: ['END'],
  tools: [
    {
      type: 'function',
      function: { name: 'weather', description: 'Weather of a city.', parameters: SCHEMA },
    },
    { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } },
  ],
  tool_choice: { type: 'function', function: { name: 'weather' } },
  response_format: { type: 'json_schema', json_schema: { name: 'place', schema: SCHEMA } },
};

describe('a request in our words and in those of the official client', () => {
  it('is the same to OpenAI', async () => {
    reply = OPENAI_COMPLETION;
    const { messages, ...rest } = CONVERSATION;
    const withoutSignature = JSON.parse(
      JSON.stringify(messages, (key, value: unknown) => (key === 'extra_content' ? undefined : value)),
    );
    await openai().chat.completions.create({ ...rest, model: 'gpt-5', messages: withoutSignature } as never);
    expect(ours('OpenAI', 'gpt-5', CONVERSATION)).toEqual(theirs());
    expect(recorded[0]?.headers['authorization']).toBe('Bearer key');
  });

  it('is the same to Anthropic', async () => {
    reply = ANTHROPIC_MESSAGE;
    const params: Anthropic.MessageCreateParamsNonStreaming = {
      model: 'claude-sonnet-4-6',
      max_tokens: 500,
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Where is this, and how is the weather? 🌦️' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: IMAGE } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Köln' } },
            { type: 'tool_use', id: 'call_2', name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'call_1',
              content: [{ type: 'text', text: '{"sky":"rain"}' }],
            },
            { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'noon' }] },
          ],
        },
      ],
      stop_sequences: ['END'],
      output_config: { format: { type: 'json_schema', schema: SCHEMA } },
      tools: [
        { name: 'weather', description: 'Weather of a city.', input_schema: SCHEMA },
        { name: 'now', input_schema: { type: 'object', properties: {} } },
      ],
      tool_choice: { type: 'tool', name: 'weather' },
    };
    await anthropic().messages.create(params);
    // The newest client knows no temperature; under the version that we pin it is a field of the same request.
    const expected = theirs();
    expect(ours('Anthropic', 'claude-sonnet-4-6', CONVERSATION)).toEqual({
      ...expected,
      body: { ...(expected.body as object), temperature: 0.5 },
    });
  });

  it('is the same to Gemini', async () => {
    reply = GEMINI_ANSWER;
    await gemini().models.generateContent({
      model: 'gemini-3.1-pro-preview',
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'Where is this, and how is the weather? 🌦️' },
            { inlineData: { mimeType: 'image/png', data: IMAGE } },
          ],
        },
        {
          role: 'model',
          parts: [
            { text: 'I look.' },
            {
              functionCall: { id: 'call_1', name: 'weather', args: { city: 'Köln' } },
              thoughtSignature: 'Eq0KCqoKAb4+9vtA',
            },
            { functionCall: { id: 'call_2', name: 'now', args: {} } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { id: 'call_1', name: 'weather', response: { sky: 'rain' } } },
            { functionResponse: { id: 'call_2', name: 'now', response: { output: 'noon' } } },
          ],
        },
      ],
      config: {
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
        maxOutputTokens: 500,
        temperature: 0.5,
        stopSequences: ['END'],
        responseMimeType: 'application/json',
        responseJsonSchema: SCHEMA,
        thinkingConfig: { thinkingLevel: ThinkingLevel.LOW },
        tools: [
          {
            functionDeclarations: [
              { name: 'weather', description: 'Weather of a city.', parametersJsonSchema: SCHEMA },
              { name: 'now', parametersJsonSchema: { type: 'object', properties: {} } },
            ],
          },
        ],
        toolConfig: {
          functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['weather'] },
        },
      },
    });
    expect(ours('Gemini', 'gemini-3.1-pro-preview', { ...CONVERSATION, reasoning_effort: 'low' })).toEqual(
      theirs(),
    );
    expect(recorded[0]?.headers['x-goog-api-key']).toBe('key');
  });

  it('goes to the same URL of Gemini for streams and for embeddings', async () => {
    reply = GEMINI_TEXT_STREAM;
    const model = 'gemini-3.1-pro-preview';
    const stream = await gemini().models.generateContentStream({ model, contents: 'Hello' });
    for await (const chunk of stream) expect(chunk).toBeDefined();
    const hello: ChatRequest = {
      model: 'auto',
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
    };
    expect(ours('Gemini', model, hello)).toEqual(theirs());
    recorded = [];
    reply = GEMINI_EMBEDDINGS;
    const answer = await gemini().models.embedContent({
      model: 'gemini-embedding-001',
      contents: ['a', 'b'],
      config: { outputDimensionality: 3 },
    });
    expect(answer.embeddings).toEqual(GEMINI_EMBEDDINGS.embeddings);
    const built = dialectOf('Gemini').embeddingsRequest(
      { model: 'auto', input: ['a', 'b'], dimensions: 3 },
      { endpoint: '/v1beta', model: 'gemini-embedding-001' },
    );
    if (!built.ok) throw new Error(built.problem);
    const sent = theirs();
    expect(built.value.url).toBe(sent.url);
    expect(withoutRoles(JSON.parse(built.value.body ?? ''))).toEqual(withoutRoles(sent.body));
  });
});

/** The client names the role of a text to embed, which the reference leaves open. */
function withoutRoles(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body, (key, value: unknown) => (key === 'role' ? undefined : value)));
}

describe('a fixture of OpenAI, to the official client', () => {
  const chat = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'x' }] };

  it('is a completion', async () => {
    reply = OPENAI_COMPLETION;
    expect(await openai().chat.completions.create(chat)).toMatchObject(OPENAI_COMPLETION);
    reply = OPENAI_TOOL_COMPLETION;
    expect((await openai().chat.completions.create(chat)).choices[0]?.message.tool_calls?.length).toBe(2);
  });

  it('is a stream', async () => {
    reply = OPENAI_TEXT_STREAM;
    expect(await openai().chat.completions.stream(chat).finalContent()).toBe('Hola, señor 👩‍🚀');
    reply = OPENAI_TOOL_STREAM;
    const completion = await openai().chat.completions.stream(chat).finalChatCompletion();
    expect(completion.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_a1', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
      { id: 'call_a2', function: { name: 'now', arguments: '{}' } },
    ]);
    expect(completion.usage?.completion_tokens).toBe(12);
  });

  it('is a list of embeddings', async () => {
    reply = OPENAI_EMBEDDINGS;
    const params = { model: 'm', input: ['a', 'b'], encoding_format: 'float' as const };
    expect((await openai().embeddings.create(params)).data[1]?.embedding).toEqual([0, 0.125, -1]);
  });
});

describe('a fixture of Anthropic, to the official client', () => {
  const message = {
    model: 'claude-sonnet-5',
    max_tokens: 9,
    messages: [{ role: 'user' as const, content: 'x' }],
  };

  it('is a message', async () => {
    reply = ANTHROPIC_MESSAGE;
    expect(await anthropic().messages.create(message)).toMatchObject(ANTHROPIC_MESSAGE);
    reply = ANTHROPIC_TOOL_MESSAGE;
    expect(await anthropic().messages.create(message)).toMatchObject(ANTHROPIC_TOOL_MESSAGE);
  });

  it('is a stream', async () => {
    reply = ANTHROPIC_TEXT_STREAM;
    expect(await anthropic().messages.stream(message).finalText()).toBe('Hola, señor 👩‍🚀');
    reply = ANTHROPIC_TOOL_STREAM;
    const answer = await anthropic().messages.stream(message).finalMessage();
    expect(answer.content).toMatchObject([
      { type: 'thinking', signature: 'EqQBCgIYAhIM1gbc' },
      { type: 'tool_use', name: 'weather', input: { city: 'Köln' } },
      { type: 'tool_use', name: 'now', input: {} },
    ]);
    // The client, too, takes the count of message_delta for the whole.
    expect(answer.usage).toMatchObject({
      input_tokens: 12,
      cache_read_input_tokens: 100_000,
      output_tokens: 89,
    });
  });

  it('is an error in the middle of a stream', async () => {
    reply = namedEvents([...ANTHROPIC_TEXT_EVENTS.slice(0, 4), ANTHROPIC_OVERLOADED_EVENT]);
    await expect(anthropic().messages.stream(message).finalText()).rejects.toThrow('Overloaded');
  });
});

describe('a fixture of Gemini, to the official client', () => {
  const prompt = { model: 'gemini-3.1-pro-preview', contents: 'x' };

  it('is an answer', async () => {
    reply = GEMINI_ANSWER;
    const answer = await gemini().models.generateContent(prompt);
    expect(answer.text).toBe('Nasáu — 🌴 ok');
    expect(answer.usageMetadata).toEqual(GEMINI_ANSWER.usageMetadata);
    reply = GEMINI_TOOL_ANSWER;
    expect((await gemini().models.generateContent(prompt)).functionCalls).toEqual([
      { name: 'weather', args: { city: 'Köln' }, id: 'fc_1' },
      { name: 'now', args: {}, id: 'fc_2' },
    ]);
  });

  it('is a stream', async () => {
    const told = async (text: string): Promise<readonly string[]> => {
      reply = text;
      const words: string[] = [];
      for await (const chunk of await gemini().models.generateContentStream(prompt)) {
        words.push(...(chunk.functionCalls ?? []).map(({ name }) => name ?? ''));
        if (chunk.functionCalls === undefined) words.push(chunk.text ?? '');
      }
      return words.filter((word) => word !== '');
    };
    expect(await told(GEMINI_TEXT_STREAM)).toEqual(['Hola, ', 'señor 👩‍🚀']);
    expect(await told(GEMINI_TOOL_STREAM)).toEqual(['weather', 'now']);
  });
});

describe('a stream of another provider, translated, to the official client of OpenAI', () => {
  const chat = { model: 'auto', messages: [{ role: 'user' as const, content: 'x' }] };
  const translated = (provider: 'OpenAI' | 'Anthropic' | 'Gemini', text: string): string => {
    const context = { id: 'request-1', createdSeconds: 1_795_000_000, model: 'm' };
    const parts = translateStream(dialectOf(provider).createStreamTranslator(context), text);
    const chunks = parts.flatMap((part) => (part.kind === 'chunk' ? [part.chunk] : []));
    return dataEvents([...chunks, '[DONE]']);
  };

  it.each([
    ['OpenAI', OPENAI_TEXT_STREAM],
    ['Anthropic', ANTHROPIC_TEXT_STREAM],
    ['Gemini', GEMINI_TEXT_STREAM],
  ] as const)('is text of %s', async (provider, text) => {
    reply = translated(provider, text);
    const completion = await openai().chat.completions.stream(chat).finalChatCompletion();
    expect(completion.choices).toMatchObject([
      { finish_reason: 'stop', message: { role: 'assistant', content: 'Hola, señor 👩‍🚀' } },
    ]);
  });

  it.each([
    ['OpenAI', OPENAI_TOOL_STREAM],
    ['Anthropic', ANTHROPIC_TOOL_STREAM],
    ['Gemini', GEMINI_TOOL_STREAM],
  ] as const)('is parallel tool calls of %s', async (provider, text) => {
    reply = translated(provider, text);
    const completion = await openai().chat.completions.stream(chat).finalChatCompletion();
    const calls = completion.choices[0]?.message.tool_calls ?? [];
    expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
    expect(
      calls.map(
        (call) => call.type === 'function' && [call.function.name, JSON.parse(call.function.arguments)],
      ),
    ).toEqual([
      ['weather', { city: 'Köln' }],
      ['now', {}],
    ]);
  });

  it('still has the signature of Gemini for the next turn', async () => {
    reply = translated('Gemini', GEMINI_TOOL_STREAM);
    const completion = await openai().chat.completions.stream(chat).finalChatCompletion();
    expect(completion.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      extra_content: { google: { thought_signature: 'Eq0KCqoKAb4+9vtA' } },
    });
  });
});
