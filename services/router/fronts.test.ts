/** The official clients of each front, before a provider of another dialect. */
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGENT_TOKEN, type RouterUnderTest, startRouterUnderTest } from '#test/fakes/router-under-test.ts';
import {
  type ScriptedProvider,
  honestProvider,
  sayJson,
  startScriptedProvider,
} from '#test/fakes/scripted-provider.ts';

let router: RouterUnderTest;
let provider: ScriptedProvider;

beforeEach(async () => {
  router = await startRouterUnderTest();
  provider = await startScriptedProvider(honestProvider);
  router.setModel('main', { endpoint: provider.url });
  router.setAgent({ allow: [{ model: 'main', weight: 1 }] });
});
afterEach(async () => {
  await router.close();
  await provider.close();
});

const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];

describe("Anthropic's client", () => {
  const client = (): Anthropic =>
    new Anthropic({ baseURL: `http://127.0.0.1:${router.port}`, apiKey: AGENT_TOKEN, maxRetries: 0 });

  it('gets a whole answer and a streamed one', async () => {
    const request = { model: 'auto', max_tokens: 100, messages: MESSAGES };
    const whole = await client().messages.create(request);
    expect(whole.content).toMatchObject([{ type: 'text', text: 'Hello.' }]);
    expect(whole.usage).toMatchObject({ input_tokens: 10, output_tokens: 5 });
    const streamed = await client().messages.stream(request).finalMessage();
    expect(streamed.content).toMatchObject([{ type: 'text', text: 'Hello.' }]);
    expect(router.facts.filter(({ kind }) => kind === 'attempt')).toMatchObject([
      { outcome: 'answered', costNanoUsd: 20_000 },
      { outcome: 'answered', costNanoUsd: 20_000 },
    ]);
  });

  it('is refused in its own shape', async () => {
    provider.script = (_call, response) => sayJson(response, 429, {}, { 'retry-after': '60' });
    const asked = client().messages.create({ model: 'auto', max_tokens: 100, messages: MESSAGES });
    await expect(asked).rejects.toMatchObject({ status: 429, error: { type: 'error' } });
    const stranger = new Anthropic({ baseURL: `http://127.0.0.1:${router.port}`, apiKey: 'nobody' });
    const refused = stranger.messages.create({ model: 'auto', max_tokens: 1, messages: MESSAGES });
    await expect(refused).rejects.toMatchObject({ status: 401, error: { type: 'error' } });
  });
});

describe("Google's client", () => {
  const client = (): GoogleGenAI =>
    new GoogleGenAI({
      apiKey: AGENT_TOKEN,
      httpOptions: { baseUrl: `http://127.0.0.1:${router.port}` },
    });

  it('gets a whole answer and a streamed one', async () => {
    const whole = await client().models.generateContent({ model: 'auto', contents: 'Hi' });
    expect(whole.text).toBe('Hello.');
    let text = '';
    for await (const part of await client().models.generateContentStream({ model: 'auto', contents: 'Hi' })) {
      text += part.text ?? '';
    }
    expect(text).toBe('Hello.');
  });

  it('is told of a call that is not there', async () => {
    const response = await fetch(`http://127.0.0.1:${router.port}/v1beta/models/auto:countTokens`, {
      method: 'POST',
      headers: { 'x-goog-api-key': AGENT_TOKEN, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(response.status).toBe(404);
  });
});
