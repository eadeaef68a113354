/** What real clients send, through the front to each provider: adapted where the meaning stays, and never sent to be refused. */
import { describe, expect, it } from 'vitest';
import { PROVIDERS, type Provider } from '#crds/model.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { providerDialectOf } from './dialects.ts';
import { OPENAI_FRONT } from './openai/front.ts';
import { fixturesOf } from './wire-fixtures/provider-fixtures.ts';

function read(fields: object): ChatRequest {
  const result = OPENAI_FRONT.readChatRequest({
    model: 'auto',
    messages: [{ role: 'user', content: 'hi' }],
    ...fields,
  });
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

function sent(
  fields: object,
  provider: Provider = 'OpenAI',
  model = fixturesOf(provider).model,
): Record<string, unknown> {
  const target = { endpoint: 'http://127.0.0.1:9/v1', model };
  const written = providerDialectOf(provider).writeChatRequest(read(fields), target);
  if (!written.ok) throw new Error(written.problem);
  return JSON.parse(written.value.body ?? '');
}

const tool = (name: string, parameters?: object, more: object = {}): object => ({
  type: 'function',
  function: { name, ...(parameters && { parameters }), ...more },
});
const TOOLS = [tool('a'), tool('b')];

describe('the choice among tools', () => {
  it.each([
    ['any', { kind: 'required' }],
    [{ type: 'auto' }, { kind: 'auto' }],
    [{ type: 'any' }, { kind: 'required' }],
    [
      { type: 'function', name: 'a' },
      { kind: 'tool', name: 'a' },
    ],
    [
      { type: 'tool', name: 'a' },
      { kind: 'tool', name: 'a' },
    ],
    [
      { type: 'function', function: { name: 'a' } },
      { kind: 'tool', name: 'a' },
    ],
  ])('%j is known in the words of each kind of client', (choice, toolChoice) => {
    expect(read({ tools: TOOLS, tool_choice: choice }).toolChoice).toEqual(toolChoice);
  });

  it('of some of them means that the others are not there', () => {
    const allowed = { mode: 'required', tools: [tool('b')] };
    const request = read({ tools: TOOLS, tool_choice: { type: 'allowed_tools', allowed_tools: allowed } });
    expect(request.tools.map(({ name }) => name)).toEqual(['b']);
    expect(request.toolChoice).toEqual({ kind: 'required' });
  });
});

describe('a format', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
  it.each([
    { type: 'json_object', schema },
    { type: 'json_schema', schema },
    { type: 'json_schema', json_schema: { schema } },
  ])('keeps its schema wherever it stands: %j', (format) => {
    expect(read({ response_format: format }).format).toEqual({ kind: 'jsonSchema', name: 'answer', schema });
  });

  it('that is no object is told to OpenAI in words, which refuses it, and never dropped', () => {
    const list = { type: 'array', items: { type: 'string' } };
    const body = sent({ response_format: { type: 'json_schema', json_schema: { schema: list } } });
    expect(body).not.toHaveProperty('response_format');
    expect(JSON.stringify(body['messages'])).toContain('It must fit this JSON Schema');
    const strict = { type: 'json_schema', json_schema: { schema: list, strict: true } };
    expect(() => sent({ response_format: strict })).toThrow('objects only');
  });
});

describe('a schema for OpenAI', () => {
  it('says that a list may hold anything where it says nothing, also for properties with the names of keywords', () => {
    const properties = {
      items: { type: 'array' },
      default: { type: ['array', 'null'] },
      enum: { enum: [{ type: 'array' }] },
    };
    const [written] = sent({ tools: [tool('a', { type: 'object', properties })] })['tools'] as {
      function: { parameters: object };
    }[];
    expect(written?.function.parameters).toEqual({
      type: 'object',
      properties: {
        items: { type: 'array', items: {} },
        default: { type: ['array', 'null'], items: {} },
        enum: { enum: [{ type: 'array' }] },
      },
    });
  });

  it.each([
    { x: { $ref: '#/$defs/X', description: 'as Pydantic writes it' } },
    { x: { description: 'anything' } },
    { x: { enum: ['a'] } },
  ])('is not called strict with %j, which OpenAI refuses so', (properties) => {
    const parameters = {
      type: 'object',
      properties,
      required: ['x'],
      additionalProperties: false,
      $defs: { X: { type: 'string' } },
    };
    expect(sent({ tools: [tool('a', parameters, { strict: true })] })).toMatchObject({
      tools: [{ function: { strict: false } }],
    });
  });
});

describe.each(PROVIDERS)('%s', (provider) => {
  it.each([
    { max_tokens: -1 },
    { prediction: { type: 'content', content: 'x' } },
    { verbosity: 'medium' },
    { user: '' },
    { stop: '' },
    { stop: [] },
    { logit_bias: {}, logprobs: false, top_logprobs: 0 },
    { cache_control: { type: 'ephemeral' } },
    { tools: [], tool_choice: 'auto', parallel_tool_calls: true },
  ])('takes %j, which asks for nothing', (fields) => {
    const body = sent(fields, provider);
    const bare = sent({}, provider);
    for (const field of ['max_tokens', 'user', 'stop', 'tools', 'tool_choice', 'metadata']) {
      expect(body[field]).toEqual(bare[field]);
    }
  });

  it("takes OpenRouter's form of the effort, where it says nothing else", () => {
    expect(read({ reasoning: { effort: 'low', summary: null } })).toMatchObject({ reasoningEffort: 'low' });
    expect(read({ reasoning: { effort: 'low' } })).not.toHaveProperty('extensions');
    expect(read({ reasoning: { effort: 'low', max_tokens: 5 } })).toHaveProperty('extensions');
  });
});

describe('OpenAI', () => {
  it('is not sent what its families refuse and what changes nothing', () => {
    const fields = { prediction: { type: 'content', content: 'x' }, logprobs: false, verbosity: 'medium' };
    expect(Object.keys(sent(fields, 'OpenAI', 'o3'))).toEqual(['model', 'messages']);
    expect(sent({ verbosity: 'low' }, 'OpenAI', 'gpt-5')).toMatchObject({ verbosity: 'low' });
    expect(() => sent({ verbosity: 'low' }, 'OpenAI', 'gpt-4.1')).toThrow('takes no verbosity');
  });

  it('takes the data of an image whose lines an encoder has broken, and no address that it cannot fetch', () => {
    const image = (url: string): object => ({
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
    });
    expect(JSON.stringify(sent(image('data:image/png;base64,iVBO\nRw0K\r\n')))).toContain('base64,iVBORw0K"');
    expect(() => sent(image('gs://bucket/cat.png'))).toThrow('http and https');
  });
});
