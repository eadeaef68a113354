/**
 * The vendors' own clients as judges of the provider's side: our fixtures are the true wire format when the clients read
 * them, and our requests are right when the clients send the same for the same content.
 */
import Anthropic from '@anthropic-ai/sdk';
import {
  FunctionCallingConfigMode,
  type GenerateContentResponse,
  GoogleGenAI,
  ThinkingLevel,
} from '@google/genai';
import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { answerWith } from '#test/fake-providers/answer-with.ts';
import { ANTHROPIC_PROVIDER } from './anthropic/provider.ts';
import type { ProviderRequest, Written } from './dialect.ts';
import { GEMINI_PROVIDER } from './gemini/provider.ts';
import { ANTHROPIC_MESSAGE, ANTHROPIC_TOOL_STREAM } from './wire-fixtures/anthropic.ts';
import { GEMINI_ANSWER, GEMINI_EMBEDDINGS, GEMINI_TEXT_STREAM } from './wire-fixtures/gemini.ts';

const anthropic = (baseURL: string): Anthropic => new Anthropic({ baseURL, apiKey: 'key', maxRetries: 0 });
const gemini = (baseUrl: string): GoogleGenAI =>
  new GoogleGenAI({ apiKey: 'key', apiVersion: 'v1beta', httpOptions: { baseUrl } });
const EVENTS = { type: 'text/event-stream' };

function sent(written: Written<ProviderRequest>): { readonly url: string; readonly body: unknown } {
  if (!written.ok) throw new Error(written.problem);
  return { url: written.value.url, body: JSON.parse(written.value.body ?? '') };
}

const SCHEMA = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const IMAGE = 'iVBORw0KGgo=';
const QUESTION = 'Where is this, and how is the weather? 🌦️';
/** A conversation with all that both providers can express. */
const CONVERSATION: ChatRequest = {
  model: 'auto',
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { kind: 'text', text: QUESTION },
        { kind: 'image', image: { kind: 'inline', mediaType: 'image/png', base64: IMAGE } },
      ],
    },
    {
      role: 'assistant',
      content: 'I look.',
      toolCalls: [
        { id: 'call_1', name: 'weather', argumentsText: '{"city":"Köln"}', signature: 'Eq0K' },
        { id: 'call_2', name: 'now', argumentsText: '{}' },
      ],
    },
    { role: 'tool', toolCallId: 'call_1', content: '{"sky":"rain"}' },
    { role: 'tool', toolCallId: 'call_2', content: 'noon' },
  ],
  maximumOutputTokens: 500,
  sampling: { temperature: 0.5, stopSequences: ['END'] },
  tools: [{ name: 'weather', description: 'Weather of a city.', parameters: SCHEMA }, { name: 'now' }],
  toolChoice: { kind: 'tool', name: 'weather' },
  format: { kind: 'jsonSchema', name: 'place', schema: SCHEMA },
};
const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};

describe('the official client of Anthropic', () => {
  it('sends what we send, and reads the fixture of an answer', async () => {
    await using server = await answerWith(JSON.stringify(ANTHROPIC_MESSAGE));
    const model = 'claude-sonnet-4-6';
    const answer = await anthropic(server.origin).messages.create({
      model,
      max_tokens: 500,
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: QUESTION },
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
        { name: 'now', input_schema: { type: 'object' } },
      ],
      tool_choice: { type: 'tool', name: 'weather' },
    });
    expect(answer).toMatchObject(ANTHROPIC_MESSAGE);
    // The newest client knows no temperature; under the version that we pin it is a field of the same request.
    const { url, body } = server.received[0] ?? { url: '', body: {} };
    expect(sent(ANTHROPIC_PROVIDER.writeChatRequest(CONVERSATION, { endpoint: '/v1', model }))).toEqual({
      url,
      body: { ...(body as object), temperature: 0.5 },
    });
  });

  it('reads the fixture of a stream', async () => {
    await using server = await answerWith(ANTHROPIC_TOOL_STREAM, EVENTS);
    const message = await anthropic(server.origin)
      .messages.stream({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] })
      .finalMessage();
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Both, then.' },
      { type: 'tool_use', input: { city: 'Köln' } },
      { type: 'tool_use', input: {} },
    ]);
  });
});

describe('the official client of Gemini', () => {
  it('sends what we send, and reads the fixture of an answer', async () => {
    await using server = await answerWith(JSON.stringify(GEMINI_ANSWER));
    const model = 'gemini-3.1-pro-preview';
    const answer = await gemini(server.origin).models.generateContent({
      model,
      contents: [
        { role: 'user', parts: [{ text: QUESTION }, { inlineData: { mimeType: 'image/png', data: IMAGE } }] },
        {
          role: 'model',
          parts: [
            { text: 'I look.' },
            {
              functionCall: { id: 'call_1', name: 'weather', args: { city: 'Köln' } },
              thoughtSignature: 'Eq0K',
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
              { name: 'now' },
            ],
          },
        ],
        toolConfig: {
          functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['weather'] },
        },
      },
    });
    expect(answer.text).toBe('Nasáu — 🌴 ok');
    const request = { ...CONVERSATION, reasoningEffort: 'low' };
    expect(sent(GEMINI_PROVIDER.writeChatRequest(request, { endpoint: '/v1beta', model }))).toEqual(
      server.received[0],
    );
  });

  it('asks the same URL for a stream, and reads the fixture of one', async () => {
    await using server = await answerWith(GEMINI_TEXT_STREAM, EVENTS);
    const model = 'gemini-3.1-pro-preview';
    const responses: GenerateContentResponse[] = [];
    const stream = await gemini(server.origin).models.generateContentStream({ model, contents: 'Hello' });
    for await (const response of stream) responses.push(response);
    expect(responses.map(({ text }) => text ?? '').join('')).toBe('Hola, señor 👩‍🚀');
    const request = { ...HELLO, stream: { includesUsage: true } };
    expect(sent(GEMINI_PROVIDER.writeChatRequest(request, { endpoint: '/v1beta', model }))).toEqual(
      server.received[0],
    );
  });

  it('asks for embeddings as we do, and reads their fixture', async () => {
    await using server = await answerWith(JSON.stringify(GEMINI_EMBEDDINGS));
    const model = 'gemini-embedding-001';
    const answer = await gemini(server.origin).models.embedContent({
      model,
      contents: ['a', 'b'],
      config: { outputDimensionality: 3 },
    });
    expect(answer.embeddings).toEqual(GEMINI_EMBEDDINGS.embeddings);
    const written = GEMINI_PROVIDER.writeEmbeddingsRequest(
      { model: 'auto', inputs: { kind: 'texts', texts: ['a', 'b'] }, dimensions: 3, encoding: 'float' },
      { endpoint: '/v1beta', model },
    );
    expect(sent(written)).toEqual(withoutRoles(server.received[0]));
  });
});

/** The client names the role of a text to embed, which the reference leaves open. */
function withoutRoles(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, node: unknown) => (key === 'role' ? undefined : node)));
}
