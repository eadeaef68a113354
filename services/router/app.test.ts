import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import {
  AGENT_TOKEN,
  PLATFORM_TOKEN,
  type RouterUnderTest,
  startRouterUnderTest,
} from '#test/fakes/router-under-test.ts';
import {
  type ProviderScript,
  type ScriptedProvider,
  honestProvider,
  openAiAnswer,
  sayJson,
  startScriptedProvider,
} from '#test/fakes/scripted-provider.ts';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
});

async function aRouter(): Promise<RouterUnderTest> {
  const router = await startRouterUnderTest();
  cleanUps.push(router.close);
  return router;
}

async function aProvider(script: ProviderScript = honestProvider): Promise<ScriptedProvider> {
  const provider = await startScriptedProvider(script);
  cleanUps.push(provider.close);
  return provider;
}

/** A router in front of one honest provider, which the agent may use under the name `main`. */
async function aServingRouter(): Promise<{ router: RouterUnderTest; provider: ScriptedProvider }> {
  const [router, provider] = await Promise.all([aRouter(), aProvider()]);
  router.setModel('main', { endpoint: provider.url });
  router.setAgent({ allow: [{ model: 'main', weight: 1 }] });
  return { router, provider };
}

function aClient(router: RouterUnderTest, token = AGENT_TOKEN): OpenAI {
  return new OpenAI({ baseURL: router.url, apiKey: token, maxRetries: 0 });
}

const HELLO = { model: 'auto', messages: [{ role: 'user' as const, content: 'Hi' }] };

async function post(
  router: RouterUnderTest,
  body: unknown,
  headers: Record<string, string> = {},
  path = '/chat/completions',
): Promise<{
  status: number;
  headers: Headers;
  body: { error?: { message: string; code: string; type: string } };
}> {
  const response = await fetch(router.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{')
      ? (JSON.parse(text) as { error?: { message: string; code: string; type: string } })
      : {},
  };
}

describe('the official OpenAI client against the router', () => {
  it('gets a whole answer with its cost in nano-dollars', async () => {
    const { router } = await aServingRouter();
    const { data, response } = await aClient(router).chat.completions.create(HELLO).withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello.');
    expect(data.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5 });
    // 10 tokens at $1 and 5 at $2 for a million.
    expect((data as unknown as { capataz: unknown }).capataz).toEqual({
      requestId: response.headers.get('x-capataz-request-id'),
      model: 'main',
      attempts: 1,
      costNanoUsd: 20_000,
    });
    expect(response.headers.get('x-capataz-cost-nano-usd')).toBe('20000');
    expect(response.headers.get('x-capataz-model')).toBe('main');
    expect(response.headers.get('x-capataz-decision')).toBe('order=main');
  });

  it('gets a stream, and its usage and cost only when it asks for them', async () => {
    const { router, provider } = await aServingRouter();
    const client = aClient(router);
    const plain: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await client.chat.completions.create({ ...HELLO, stream: true }))
      plain.push(chunk);
    expect(plain.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hello.');
    expect(plain.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(plain.some((chunk) => chunk.usage)).toBe(false);
    expect(provider.calls[0]?.body['stream_options']).toEqual({ include_usage: true });

    const asked: OpenAI.ChatCompletionChunk[] = [];
    const stream = await client.chat.completions.create({
      ...HELLO,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) asked.push(chunk);
    expect(asked.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      capataz: { model: 'main', attempts: 1, costNanoUsd: 20_000 },
    });
  });

  it('passes the strict stream helper of the client, tool calls included', async () => {
    const { router, provider } = await aServingRouter();
    provider.script = (_call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const chunk = (delta: object, finish: string | null = null): string =>
        `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
      const call = (fields: object): object => ({ tool_calls: [{ index: 0, ...fields }] });
      response.write(chunk({ role: 'assistant', content: null }));
      response.write(
        chunk(call({ id: 'call_1', type: 'function', function: { name: 'add', arguments: '' } })),
      );
      response.write(chunk(call({ function: { arguments: '{"a":' } })));
      response.write(chunk(call({ function: { arguments: '1}' } })));
      response.end(`${chunk({}, 'tool_calls')}data: [DONE]\n\n`);
    };
    const completion = await aClient(router)
      .chat.completions.stream({
        ...HELLO,
        tools: [{ type: 'function', function: { name: 'add', parameters: { type: 'object' } } }],
      })
      .finalChatCompletion();
    expect(completion.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      id: 'call_1',
      function: { name: 'add', arguments: '{"a":1}' },
    });
  });

  it('gets embeddings, which the client asks for as base64', async () => {
    const { router } = await aServingRouter();
    const answer = await aClient(router).embeddings.create({ model: 'main', input: 'text' });
    expect(answer.data[0]?.embedding).toEqual([0.5, -0.25]);
    expect((answer as unknown as { capataz: unknown }).capataz).toMatchObject({ costNanoUsd: 3_000 });
  });

  it('lists auto and the models of the agent, and no others', async () => {
    const { router } = await aServingRouter();
    router.setModel('hidden', { endpoint: 'http://127.0.0.1:9/v1' });
    const listed = await aClient(router).models.list();
    expect(listed.data.map(({ id }) => id)).toEqual(['auto', 'main']);
    expect((await aClient(router).models.retrieve('main')).owned_by).toBe('OpenAICompatible');
    await expect(aClient(router).models.retrieve('hidden')).rejects.toMatchObject({ status: 404 });
  });
});

describe('who may ask', () => {
  it.each([
    ['no token', {}, 401, 'unauthenticated'],
    ['a token of another scheme', { authorization: 'Basic abc' }, 401, 'unauthenticated'],
    ['an unknown token', { authorization: 'Bearer nobody' }, 401, 'unauthenticated'],
    ['the token of a deleted Agent', { authorization: 'Bearer orphan-token' }, 403, 'unknown_agent'],
    ['the token of no agent at all', { authorization: 'Bearer person-token' }, 403, 'not_an_agent'],
    [
      'a token that cannot be checked now',
      { authorization: 'Bearer outage-token' },
      503,
      'token_review_unavailable',
    ],
  ])(
    '%s: is refused in the shape of an OpenAI error, before the body is looked at',
    async (_what, headers, status, code) => {
      const { router, provider } = await aServingRouter();
      const response = await fetch(`${router.url}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) },
        body: 'not even JSON',
      });
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { code, message: expect.stringMatching(/\.$/) } });
      expect(provider.calls).toHaveLength(0);
    },
  );

  it('lets the platform probe models but not chat, and agents chat but not probe', async () => {
    const { router, provider } = await aServingRouter();
    await expect(aClient(router, PLATFORM_TOKEN).chat.completions.create(HELLO)).rejects.toMatchObject({
      status: 403,
    });
    const path = `http://127.0.0.1:${router.port}/internal/models/shop/main/probe`;
    const probe = (token: string): Promise<Response> =>
      fetch(path, { headers: { authorization: `Bearer ${token}` } });
    expect((await probe(AGENT_TOKEN)).status).toBe(403);
    expect(provider.calls).toHaveLength(0);
    expect(await (await probe(PLATFORM_TOKEN)).json()).toMatchObject({
      reachable: 'reachable',
      key: 'notNeeded',
    });
  });
});

describe('what may be asked', () => {
  it.each([
    ['{"model": "auto", "messages": [', 'The body is not valid JSON'],
    ['', 'The body is empty.'],
    ['[]', 'The body must be an object.'],
    [{ messages: [{ role: 'user', content: 'x' }] }, 'model is missing: it must be a text.'],
    [{ model: 'auto', messages: [] }, 'messages is an empty list'],
    [{ model: 'auto', messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role must be one of'],
    [
      { model: 'auto', messages: [{ role: 'user', content: [{ type: 7 }] }] },
      'messages.0.content.0.type must be a text',
    ],
    [{ ...HELLO, max_tokens: -2 }, 'max_tokens must be more than 0'],
    [{ ...HELLO, stream: 'yes' }, 'stream must be true or false'],
  ])('answers %j with one sentence that says where it is wrong', async (body, message) => {
    const { router, provider } = await aServingRouter();
    const answer = await post(router, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error?.message).toContain(message);
    expect(provider.calls).toHaveLength(0);
  });

  it('answers a request without any body with a sentence too', async () => {
    const { router } = await aServingRouter();
    const response = await fetch(`${router.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${AGENT_TOKEN}` },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: 'The body is empty.' } });
  });

  it('does not let a key __proto__ through to anything', async () => {
    const { router, provider } = await aServingRouter();
    const answer = await post(
      router,
      '{"model":"auto","messages":[{"role":"user","content":"say __proto__"}],"__proto__":{"stream":true},"metadata":{"__proto__":{"x":1},"y":2}}',
    );
    expect(answer.status).toBe(200);
    expect(provider.calls[0]?.body).toMatchObject({
      messages: [{ content: 'say __proto__' }],
      metadata: { y: 2 },
    });
    expect(JSON.stringify(provider.calls[0]?.body)).not.toContain('"__proto__"');
    expect(({} as Record<string, unknown>)['stream']).toBeUndefined();
  });

  it('refuses a body above 8 MiB, another content type and a crooked deadline', async () => {
    const { router } = await aServingRouter();
    expect((await post(router, JSON.stringify({ ...HELLO, user: 'x'.repeat(9_000_000) }))).status).toBe(413);
    expect((await post(router, 'x=1', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(
      415,
    );
    expect((await post(router, HELLO, { 'x-capataz-deadline-ms': 'soon' })).body.error?.code).toBe(
      'invalid_deadline',
    );
  });

  it.each([
    ['a model outside the policy', { model: 'other' }, {}, 403, 'model_not_allowed'],
    ['a model that does not exist', { model: 'missing' }, {}, 404, 'model_not_found'],
    [
      'a capability that no model has',
      { tools: [{ type: 'function', function: { name: 'f' } }] },
      { capabilities: ['Chat'] },
      400,
      'no_eligible_model',
    ],
    ['a data class that no model may see', {}, { dataClasses: ['Public'] }, 400, 'no_eligible_model'],
    ['a model without a price', {}, { price: undefined }, 400, 'no_eligible_model'],
    [
      'a model whose Secret is missing',
      {},
      { keyFrom: { secretRef: { name: 'lost' } } },
      503,
      'no_model_available',
    ],
  ])('tells why %s is not used, in one sentence', async (_what, change, spec, status, code) => {
    const { router, provider } = await aServingRouter();
    router.setModel('main', { endpoint: provider.url, ...spec });
    router.setAgent({
      allow: [
        { model: 'main', weight: 1 },
        ...('model' in change && change.model === 'missing' ? [{ model: 'missing', weight: 1 }] : []),
      ],
    });
    const answer = await post(router, { ...HELLO, ...change });
    expect({ status: answer.status, code: answer.body.error?.code }).toEqual({ status, code });
    expect(answer.body.error?.message).toMatch(/^(No model|This model)[^.]*(:|;)/);
    expect(provider.calls).toHaveLength(0);
  });
});

describe('usage and cost', () => {
  it('are counted for each agent and model in metrics, and stand in one line of the log', async () => {
    const { router } = await aServingRouter();
    await post(router, HELLO);
    await post(router, HELLO);
    const metrics = await router.metrics();
    expect(metrics).toContain(
      'capataz_cost_nano_usd_total{namespace="shop",agent="triage",model="main"} 40000',
    );
    expect(metrics).toContain(
      'capataz_tokens_total{namespace="shop",agent="triage",model="main",type="input"} 20',
    );
    expect(metrics).toContain(
      'gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai_compatible",gen_ai_request_model="main",namespace="shop",gen_ai_token_type="output"} 10',
    );
    expect(metrics).toContain('gen_ai_server_request_duration_seconds_count{');
    const lines = router.logLines().filter(({ msg }) => msg === 'request finished');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      agent: 'triage',
      model: 'main',
      outcome: 'answered',
      costNanoUsd: 20_000,
    });
  });

  it('are estimated, marked and never zero when the provider tells none', async () => {
    const { router, provider } = await aServingRouter();
    provider.script = (_call, response) => {
      const { usage: _none, ...answer } = openAiAnswer();
      sayJson(response, 200, answer);
    };
    const answer = await post(router, HELLO);
    expect(Number(answer.headers.get('x-capataz-cost-nano-usd'))).toBeGreaterThan(0);
    expect(await router.metrics()).toContain(
      'capataz_estimated_usage_total{namespace="shop",agent="triage",model="main"} 1',
    );
  });
});

describe('the weighted choice', () => {
  it('follows the weights, and asks a model of weight 0 only when the others cannot', async () => {
    let ticket = 0;
    const router = await startRouterUnderTest({ random: () => (ticket += 0.1) % 1 });
    cleanUps.push(router.close);
    const [heavy, light, spare] = await Promise.all([aProvider(), aProvider(), aProvider()]);
    router.setModel('heavy', { endpoint: heavy.url });
    router.setModel('light', { endpoint: light.url });
    router.setModel('spare', { endpoint: spare.url });
    router.setAgent({
      allow: [
        { model: 'spare', weight: 0 },
        { model: 'heavy', weight: 9 },
        { model: 'light', weight: 1 },
      ],
    });
    for (let index = 0; index < 40; index += 1) await post(router, HELLO);
    expect(heavy.calls.length).toBeGreaterThan(light.calls.length);
    expect(light.calls.length).toBeGreaterThan(0);
    expect(spare.calls).toHaveLength(0);
    heavy.script = light.script = (_call, response) => sayJson(response, 500, {});
    expect((await post(router, HELLO)).status).toBe(200);
    expect(spare.calls).toHaveLength(1);
  });
});

describe('the probe', () => {
  const probeOf = async (router: RouterUnderTest): Promise<Record<string, unknown>> => {
    const response = await fetch(`http://127.0.0.1:${router.port}/internal/models/shop/main/probe`, {
      headers: { authorization: `Bearer ${PLATFORM_TOKEN}` },
    });
    return (await response.json()) as Record<string, unknown>;
  };

  it.each([
    [200, { secret: 'resolved', price: 'override', reachable: 'reachable', key: 'accepted' }],
    [401, { reachable: 'reachable', key: 'refused' }],
    [403, { reachable: 'reachable', key: 'refused' }],
    [404, { reachable: 'reachable', key: 'notProbed' }],
    [302, { reachable: 'serverError', key: 'notProbed' }],
    [500, { reachable: 'serverError', key: 'notProbed' }],
  ])('reads status %i of the endpoint', async (status, expected) => {
    const { router, provider } = await aServingRouter();
    provider.script = (_call, response) =>
      sayJson(response, status, { error: { message: 'bad sk-canary-123456' } }, { location: provider.url });
    router.setModel('main', { endpoint: provider.url }, 'sk-canary-123456');
    const probe = await probeOf(router);
    expect(probe).toMatchObject(expected);
    expect(provider.calls).toHaveLength(1);
    expect(JSON.stringify(probe)).not.toContain('canary');
  });

  it('is one request for many questions within seconds, and a new one as soon as the key has changed', async () => {
    const { router, provider } = await aServingRouter();
    router.setModel('main', { endpoint: provider.url }, 'sk-one');
    await Promise.all([probeOf(router), probeOf(router), probeOf(router)]);
    expect(provider.calls).toHaveLength(1);
    router.setModel('main', { endpoint: provider.url }, 'sk-two');
    await probeOf(router);
    expect(provider.calls.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer sk-one',
      'Bearer sk-two',
    ]);
  });

  it('takes a missing list of models for a wrong endpoint where the provider is known to have one', async () => {
    const { router, provider } = await aServingRouter();
    provider.script = (_call, response) => sayJson(response, 404, { error: { message: 'Not found.' } });
    router.setModel('main', { endpoint: provider.url, provider: 'OpenAI' }, 'sk-one');
    const probe = await probeOf(router);
    expect(probe).toMatchObject({ reachable: 'serverError', key: 'notProbed' });
    expect(probe['message']).toMatch(/404: Not found\. Is spec\.endpoint that of OpenAI/);
  });

  it('says what is missing without asking anybody', async () => {
    const { router, provider } = await aServingRouter();
    router.setModel('main', { endpoint: provider.url, keyFrom: { secretRef: { name: 'lost' } } });
    expect(await probeOf(router)).toMatchObject({
      secret: 'notFound',
      reachable: 'notProbed',
      key: 'notProbed',
    });
    router.setModel('main', { endpoint: provider.url }, ' ');
    expect(await probeOf(router)).toMatchObject({ secret: 'keyMissing' });
    expect(provider.calls).toHaveLength(0);
  });

  it.each([
    ['two lines', 'canary-first\ncanary-second', 'has several lines'],
    ['a space', 'Bearer canary', 'has a space in it'],
    ['a letter beyond ASCII', 'canary–key', 'has a character that HTTP headers cannot carry'],
  ])(
    'says of a key with %s that it is there and cannot be sent, and nothing of the key',
    async (_, key, fault) => {
      const { router, provider } = await aServingRouter();
      router.setModel('main', { endpoint: provider.url }, key);
      const probe = await probeOf(router);
      expect(probe).toMatchObject({ secret: 'keyMalformed', reachable: 'notProbed', key: 'notProbed' });
      expect(probe['message']).toContain(fault);
      expect(JSON.stringify(probe)).not.toContain('canary');
      expect(provider.calls).toHaveLength(0);
    },
  );

  it('tells a connection that fails', async () => {
    const { router } = await aServingRouter();
    router.setModel('main', { endpoint: 'http://127.0.0.1:1/v1' });
    expect(await probeOf(router)).toMatchObject({ reachable: 'connectionFailed', key: 'notNeeded' });
  });

  it.each<[string, ProviderScript, RegExp]>([
    [
      'an answer without end',
      (_call, response) => void response.end(Buffer.alloc(5 * 1024 * 1024, ' ')),
      /larger than/,
    ],
    [
      'an answer that is cut off',
      (_call, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{', () => response.destroy());
      },
      /cut its answer off/,
    ],
    ['what is not HTTP', (_call, response) => void response.socket?.end('SSH-2.0-x\r\n'), /not HTTP/],
  ])('does not take %s for a connection that fails', async (_, script, said) => {
    const { router, provider } = await aServingRouter();
    provider.script = script;
    router.setModel('main', { endpoint: provider.url });
    const probe = await probeOf(router);
    expect(probe).toMatchObject({ reachable: 'serverError' });
    expect(probe['message']).toMatch(said);
  });

  it('does not take a web page for a sign that the key was taken', async () => {
    const { router, provider } = await aServingRouter();
    provider.script = (_call, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html></html>');
    };
    router.setModel('main', { endpoint: provider.url }, 'sk-one');
    expect(await probeOf(router)).toMatchObject({ reachable: 'reachable', key: 'notProbed' });
  });

  it('says that an https endpoint speaks no TLS', async () => {
    const { router, provider } = await aServingRouter();
    router.setModel('main', { endpoint: provider.url.replace('http:', 'https:') });
    const probe = await probeOf(router);
    expect(probe).toMatchObject({ reachable: 'connectionFailed' });
    expect(probe['message']).toContain('does not speak TLS');
  });
});
