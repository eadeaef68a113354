/** Google's own client as the judge of what the front writes, and the provider's side as the judge of what it reads. */
import { FunctionCallingConfigMode, type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerPart, ChatAnswer } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { GEMINI_TOOL_ANSWER } from '../wire-fixtures/gemini.ts';
import { answerWith } from '#test/fake-providers/answer-with.ts';
import { neutralRequests } from '../wire-fixtures/neutral-requests.ts';
import { GEMINI_FRONT } from './front.ts';
import { GEMINI_PROVIDER } from './provider.ts';

const IDENTITY = { id: 'request-1', createdSeconds: 1_795_000_000, model: 'the-model' };
const ANNOTATION = { requestId: 'request-1', model: 'smart', attempts: 1, costNanoUsd: 42 };
const USAGE = {
  inputTokens: 12,
  cachedInputTokens: 100,
  cacheWriteTokens: 0,
  outputTokens: 30,
  reasoningTokens: 7,
};
const REQUEST: ChatRequest = {
  model: 'the-model',
  messages: [{ role: 'user', content: 'hi' }],
  tools: [],
  sampling: {},
};
const ANSWER: ChatAnswer = {
  choices: [
    {
      index: 0,
      text: 'I look.',
      reasoning: 'Where is it?',
      toolCalls: [
        { id: 't1', name: 'weather', argumentsText: '{"city":"Köln"}', signature: 'sig' },
        { id: 't2', name: 'now', argumentsText: '' },
      ],
      finishReason: 'tool_calls',
    },
  ],
  usage: USAGE,
};
const ASKED = { model: 'the-model', contents: 'hi' };
const clientOf = (baseUrl: string): GoogleGenAI =>
  new GoogleGenAI({ apiKey: 'key', apiVersion: 'v1beta', httpOptions: { baseUrl } });
const PARTS = [
  { text: 'Where is it?', thought: true },
  { text: 'I look.' },
  { functionCall: { id: 't1', name: 'weather', args: { city: 'Köln' } }, thoughtSignature: 'sig' },
  { functionCall: { id: 't2', name: 'now', args: {} } },
];
const USAGE_METADATA = {
  promptTokenCount: 112,
  cachedContentTokenCount: 100,
  candidatesTokenCount: 23,
  thoughtsTokenCount: 7,
  totalTokenCount: 142,
};

function streamText(parts: readonly AnswerPart[]): string {
  const writer = GEMINI_FRONT.createStreamWriter(REQUEST, IDENTITY);
  return parts.map((part) => writer.write(part)).join('') + writer.end(USAGE, ANNOTATION);
}

describe('the answer of the generateContent front', () => {
  it('is read by the official client, whole', async () => {
    await using server = await answerWith(GEMINI_FRONT.writeChatAnswer(ANSWER, IDENTITY, ANNOTATION));
    const response = await clientOf(server.origin).models.generateContent(ASKED);
    expect(response).toMatchObject({
      responseId: 'request-1',
      modelVersion: 'the-model',
      candidates: [{ content: { role: 'model', parts: PARTS }, finishReason: 'STOP', index: 0 }],
      usageMetadata: USAGE_METADATA,
    });
    expect(response.functionCalls).toHaveLength(2);
  });

  it('is read by the official client, streamed, with each call in one piece', async () => {
    const text = streamText([
      { kind: 'start', id: 'r1', servedModel: 'gemini-3.1-pro-preview' },
      { kind: 'reasoning', choice: 0, text: 'Where is it?' },
      { kind: 'text', choice: 0, text: 'I look.' },
      { kind: 'toolCall', choice: 0, call: 0, id: 't1', name: 'weather', signature: 'sig' },
      { kind: 'toolArguments', choice: 0, call: 0, text: '{"city":' },
      { kind: 'toolCall', choice: 0, call: 1, id: 't2', name: 'now' },
      { kind: 'toolArguments', choice: 0, call: 0, text: '"Köln"}' },
      { kind: 'finish', choice: 0, reason: 'tool_calls' },
    ]);
    await using server = await answerWith(text, { type: 'text/event-stream' });
    const responses: GenerateContentResponse[] = [];
    const stream = await clientOf(server.origin).models.generateContentStream(ASKED);
    for await (const response of stream) responses.push(response);
    expect(responses.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? [])).toEqual(PARTS);
    expect(responses.at(-1)).toMatchObject({
      responseId: 'r1',
      modelVersion: 'gemini-3.1-pro-preview',
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: USAGE_METADATA,
    });
  });

  it('that was cut has no finish reason and ends with the error', () => {
    const writer = GEMINI_FRONT.createStreamWriter(REQUEST, IDENTITY);
    const text =
      writer.write({ kind: 'text', choice: 0, text: 'Half an' }) +
      writer.fail({ code: 'answer_cut', message: 'The answer was cut off before its end.' });
    expect(text).not.toContain('finishReason');
    expect(text).toMatch(/data: \{"error":\{"code":502,"message":"The answer was cut off[^\n]+\n\n$/);
  });

  it('that refuses is the error of its status', async () => {
    const refusal = { code: 'rate_limited', message: 'Wait a little.', retryAfterSeconds: 3 } as const;
    const body = GEMINI_FRONT.writeRefusal(refusal);
    await using server = await answerWith(body, { status: 429 });
    await expect(clientOf(server.origin).models.generateContent(ASKED)).rejects.toMatchObject({
      status: 429,
      message: expect.stringContaining('Wait a little.'),
    });
    expect(GEMINI_PROVIDER.readFailure(429, {}, body)).toEqual({
      code: 'rate_limited',
      message: 'Wait a little.',
      retryAfterSeconds: 3,
    });
  });

  it('says what the provider said', () => {
    const read = GEMINI_PROVIDER.readChatAnswer(JSON.stringify(GEMINI_TOOL_ANSWER), REQUEST);
    const written = read.ok ? GEMINI_FRONT.writeChatAnswer(read.value, IDENTITY, ANNOTATION) : '';
    expect(GEMINI_PROVIDER.readChatAnswer(written, REQUEST)).toEqual(read);
  });
});

describe('the request of the generateContent front', () => {
  it('is the one that the provider was sent, for all that both can say', () => {
    fc.assert(
      fc.property(neutralRequests, (request) => {
        // Before Gemini 3 no call needs a signature that no neutral request has.
        const target = { endpoint: 'https://x/v1beta', model: 'gemini-4-test' };
        const written = GEMINI_PROVIDER.writeChatRequest(request, target);
        const body: unknown = JSON.parse((written.ok && written.value.body) || 'null');
        const path = { model: request.model, isStreamed: request.stream !== undefined };
        const read = GEMINI_FRONT.readChatRequest(withoutSkippedSignatures(body), path);
        expect(read).toEqual({ ok: true, value: request });
      }),
      { numRuns: 200 },
    );
  });

  it('is what the official client sends', async () => {
    await using server = await answerWith(GEMINI_FRONT.writeChatAnswer(ANSWER, IDENTITY, ANNOTATION));
    await clientOf(server.origin).models.generateContent({
      model: 'smart',
      contents: [
        {
          role: 'user',
          parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: 'iVBO' } }],
        },
        {
          role: 'model',
          parts: [
            { text: 'Hm.', thought: true },
            { functionCall: { name: 'look', args: { at: 'it' } }, thoughtSignature: 'sig' },
          ],
        },
        { role: 'user', parts: [{ functionResponse: { name: 'look', response: { output: 'a cat' } } }] },
      ],
      config: {
        systemInstruction: 'Be brief.',
        temperature: 0.5,
        topK: 7,
        maxOutputTokens: 100,
        tools: [
          {
            functionDeclarations: [
              {
                name: 'look',
                parametersJsonSchema: { type: 'object', properties: { at: { type: 'string' } } },
              },
            ],
          },
          { urlContext: {} },
        ],
        toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } },
        responseMimeType: 'application/json',
      },
    });
    expect(GEMINI_FRONT.readChatRequest(server.received[0]?.body, { model: 'smart' })).toEqual({
      ok: true,
      value: {
        model: 'smart',
        messages: [
          { role: 'system', content: 'Be brief.' },
          {
            role: 'user',
            content: [
              { kind: 'text', text: 'What is this?' },
              { kind: 'image', image: { kind: 'inline', mediaType: 'image/png', base64: 'iVBO' } },
            ],
          },
          {
            role: 'assistant',
            content: null,
            reasoning: { text: 'Hm.' },
            toolCalls: [{ id: 'call-0', name: 'look', argumentsText: '{"at":"it"}', signature: 'sig' }],
          },
          { role: 'tool', toolCallId: 'call-0', content: 'a cat' },
        ],
        tools: [{ name: 'look', parameters: { type: 'object', properties: { at: { type: 'string' } } } }],
        toolChoice: { kind: 'required' },
        format: { kind: 'jsonObject' },
        maximumOutputTokens: 100,
        sampling: { temperature: 0.5, topK: 7 },
        extensions: { dialect: 'gemini', fields: { tools: [{ urlContext: {} }] } },
      },
    });
  });

  it('keeps what only Gemini has words for', () => {
    const body = {
      contents: [
        { role: 'user', parts: [{ text: 'hi' }, { fileData: { fileUri: 'gs://a', mimeType: 'video/mp4' } }] },
      ],
      safetySettings: [{ category: 'x', threshold: 'BLOCK_NONE' }],
      tools: [{ urlContext: {} }],
      generationConfig: { thinkingConfig: { thinkingBudget: 512 }, speechConfig: { a: 1 } },
    };
    const read = GEMINI_FRONT.readChatRequest(body, { model: 'smart' });
    const written = GEMINI_PROVIDER.writeChatRequest(read.ok ? read.value : REQUEST, {
      endpoint: 'https://x/v1beta',
      model: 'gemini-2.5-flash',
    });
    expect(JSON.parse((written.ok && written.value.body) || '{}')).toEqual(body);
  });

  it('reads the older schemas, and takes null for every optional field', () => {
    const nulls = Object.fromEntries(
      ['systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'safetySettings'].map((field) => [
        field,
        null,
      ]),
    );
    const contents = [{ role: null, parts: [{ text: 'hi', thought: null, functionCall: null }] }];
    expect(GEMINI_FRONT.readChatRequest({ contents, ...nulls }, { model: 'the-model' })).toEqual({
      ok: true,
      value: REQUEST,
    });
    const generationConfig = {
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { type: { type: 'STRING' } } },
    };
    expect(GEMINI_FRONT.readChatRequest({ contents, generationConfig }, { model: 'm' })).toMatchObject({
      value: { format: { schema: { type: 'object', properties: { type: { type: 'string' } } } } },
    });
  });

  it.each<[unknown, string]>([
    [{}, 'contents'],
    [{ contents: [{ role: 'tool' }] }, 'contents.0.role'],
    [{ contents: [{ parts: [{ text: 1 }] }] }, 'contents.0.parts.0.text'],
    [{ contents: [{}], tools: [{ functionDeclarations: [{}] }] }, 'tools.0.functionDeclarations.0.name'],
    [{ contents: [{}], generationConfig: { temperature: 'warm' } }, 'generationConfig.temperature'],
  ])('of %j is refused with the name of the field', (body, param) => {
    expect(GEMINI_FRONT.readChatRequest(body, { model: 'm' })).toMatchObject({
      ok: false,
      param,
      message: expect.stringMatching(/^[^\n]{5,200}\.$/),
    });
  });

  it('without a model in its path is refused', () => {
    expect(GEMINI_FRONT.readChatRequest({ contents: [{}] })).toMatchObject({ ok: false, param: 'model' });
  });
});

function withoutSkippedSignatures(body: unknown): unknown {
  return JSON.parse(
    JSON.stringify(body, (key, value: unknown) =>
      key === 'thoughtSignature' && value === 'skip_thought_signature_validator' ? undefined : value,
    ),
  );
}
