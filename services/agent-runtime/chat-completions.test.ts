import { default as OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { AgentBench, eventsOf } from './testing/agent-bench.ts';
import { GREETER, configurationText } from './testing/configurations.ts';

const LABEL_SCHEMA = {
  type: 'object',
  properties: { label: { enum: ['spam', 'ham'] } },
  required: ['label'],
};
const TWO_VARIABLES = GREETER.replace('name: string', 'name: string\n    tone: string').replace(
  '{{name}}',
  '{{name}} {{tone}}',
);
const WITH_HISTORY = GREETER.replace('{{role "user"}}', '{{history}}{{role "user"}}');

function clientOf(bench: AgentBench): OpenAI {
  return new OpenAI({ baseURL: `${bench.url}/v1`, apiKey: 'none' });
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const ADA = { model: 'any', messages: [{ role: 'user' as const, content: 'Ada' }] };

describe("OpenAI's own client", () => {
  it('gets a completion', async () => {
    await using bench = await AgentBench.start(configurationText());
    const completion = await clientOf(bench).chat.completions.create(ADA);
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: 'greeter',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 20, completion_tokens: 4, total_tokens: 24 },
      capataz: { steps: 1, costNanoUsd: 1500, models: ['small'] },
    });
  });

  it('gets a stream', async () => {
    await using bench = await AgentBench.start(configurationText());
    bench.router.answer = () => ({ content: 'Hello you' });
    const stream = await clientOf(bench).chat.completions.create({
      ...ADA,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hello you');
    expect(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(['stop']);
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(24);
  });

  it('gets an output with a schema as JSON text, whole and checked, also as a stream', async () => {
    await using bench = await AgentBench.start(configurationText({ outputSchema: LABEL_SCHEMA }));
    bench.router.answer = (_request, index) => ({ content: index === 0 ? 'oh' : '{ "label": "ham" }' });
    const stream = await clientOf(bench).chat.completions.create({ ...ADA, stream: true });
    const contents = (await collect(stream)).flatMap((chunk) => chunk.choices[0]?.delta.content ?? []);
    expect(contents).toEqual(['{"label":"ham"}']);
  });

  it('learns that a text was cut at the output limit', async () => {
    await using bench = await AgentBench.start(configurationText());
    bench.router.answer = () => ({ content: 'Hello yo', finish: 'length' });
    const completion = await clientOf(bench).chat.completions.create(ADA);
    expect(completion.choices[0]).toMatchObject({
      message: { content: 'Hello yo' },
      finish_reason: 'length',
    });
  });

  it('gets a failed run as a typed error once, without paying for it three times', async () => {
    await using bench = await AgentBench.start(
      configurationText({ outputSchema: LABEL_SCHEMA, limits: { outputRepairs: 0 } }),
    );
    bench.router.answer = () => ({ content: 'oh' });
    for (const stream of [false, true]) {
      const error: unknown = await clientOf(bench)
        .chat.completions.create({ ...ADA, stream })
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(error).toMatchObject({ status: 422, code: 'output_invalid' });
    }
    expect(bench.router.requests).toHaveLength(2);
  });

  it.each(['error', 'silent'] as const)(
    'B19: gets an error when the stream of the model is cut (%s)',
    async (cut) => {
      await using bench = await AgentBench.start(configurationText());
      bench.router.answer = () => ({ content: 'Hello you', cut });
      const stream = await clientOf(bench).chat.completions.create({ ...ADA, stream: true });
      const texts: string[] = [];
      const reading = (async () => {
        for await (const chunk of stream) texts.push(chunk.choices[0]?.delta.content ?? '');
      })();
      await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError);
      expect(texts).toEqual(['Hell']);
    },
  );
});

describe('the conversation', () => {
  async function messagesFor(text: string, body: object): Promise<readonly unknown[]> {
    await using bench = await AgentBench.start(configurationText({ text }));
    const answer = await bench.post('/v1/chat/completions', body);
    expect(answer.status).toBe(200);
    return (
      bench.router.requests[0]?.body.messages.map(({ role, content }) => `${role}: ${String(content)}`) ?? []
    );
  }
  const EARLIER = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Yes?' },
  ];

  it('fills the only variable with its last user message and puts the earlier ones before it', async () => {
    expect(await messagesFor(GREETER, { messages: [...EARLIER, ...ADA.messages] })).toEqual([
      'system: Greet in one word.',
      'user: Hi',
      'assistant: Yes?',
      'user: Ada',
    ]);
  });

  it('stands where the prompt says {{history}}', async () => {
    expect(await messagesFor(WITH_HISTORY, { messages: [...EARLIER, ...ADA.messages] })).toEqual([
      'system: Greet in one word.',
      'user: Hi',
      'assistant: Yes?',
      'user: Ada',
    ]);
  });

  it('stands at the end when the variables come apart', async () => {
    const body = { messages: EARLIER, variables: { name: 'Ada', tone: 'warm' } };
    expect(await messagesFor(TWO_VARIABLES, body)).toEqual([
      'system: Greet in one word.',
      'user: Ada warm',
      'user: Hi',
      'assistant: Yes?',
    ]);
  });

  it('stands at the end of a prompt without variables', async () => {
    expect(await messagesFor('---\n---\n{{role "system"}}Be kind.', { messages: ADA.messages })).toEqual([
      'system: Be kind.',
      'user: Ada',
    ]);
  });

  it('takes the text of parts, as newer clients send it', async () => {
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'A' },
          { type: 'text', text: 'da' },
        ],
      },
    ];
    expect((await messagesFor(GREETER, { messages })).at(-1)).toBe('user: Ada');
  });
});

describe('POST /v1/chat/completions refuses with 400 and one sentence', () => {
  it.each([
    [
      'a system message of the caller',
      { messages: [{ role: 'system', content: 'x' }] },
      '"messages.0.role" cannot be system',
    ],
    ['tools of the caller', { ...ADA, tools: [] }, '"tools" cannot be given'],
    [
      'another output format',
      { ...ADA, response_format: { type: 'json_object' } },
      '"response_format" cannot be given',
    ],
    ['several answers', { ...ADA, n: 2 }, 'an agent gives one answer'],
    ['no messages', { messages: [] }, 'messages is an empty list'],
    [
      'a last message that is not of the user',
      { messages: [{ role: 'assistant', content: 'x' }] },
      'the last message must be a text of the user',
    ],
    [
      'an image where a text is needed',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x' } }] }] },
      'the last message must be a text of the user',
    ],
    ['variables that do not fit', { ...ADA, variables: {} }, '"name" is missing'],
  ])('%s', async (_name, body, sentence) => {
    await using bench = await AgentBench.start(configurationText());
    const answer = await bench.post('/v1/chat/completions', body);
    expect(answer.status).toBe(400);
    expect(answer.json().error?.message).toContain(sentence);
    expect(bench.router.requests).toEqual([]);
  });

  it('several variables that nobody gave, and says where to give them', async () => {
    await using bench = await AgentBench.start(configurationText({ text: TWO_VARIABLES }));
    const message = (await bench.post('/v1/chat/completions', ADA)).json().error?.message;
    expect(message).toContain(
      '"name" is missing; "tone" is missing; give them in the body field "variables"',
    );
  });

  it('but takes what clients send by habit', async () => {
    await using bench = await AgentBench.start(configurationText());
    const habit = {
      temperature: 1,
      top_p: 1,
      max_tokens: 5,
      n: 1,
      response_format: { type: 'text' },
      user: 'u',
    };
    const answer = await bench.post('/v1/chat/completions', { ...ADA, ...habit });
    expect(answer.status).toBe(200);
    expect(bench.router.requests[0]?.body).toMatchObject({ temperature: 0.1, max_completion_tokens: 512 });
  });
});

describe('the stream of a failed run', () => {
  it('has an error event after the text and no [DONE]', async () => {
    await using bench = await AgentBench.start(configurationText());
    bench.router.answer = () => ({ content: 'Hello you', cut: 'silent' });
    const events = eventsOf((await bench.post('/v1/chat/completions', { ...ADA, stream: true })).text);
    expect(events.at(-1)?.data).toMatchObject({ error: { code: 'answer_cut', type: 'api_error' } });
    expect(events.some(({ data }) => data['done'] === true)).toBe(false);
  });
});
