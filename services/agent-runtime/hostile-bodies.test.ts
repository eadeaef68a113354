/** Bodies of at most 4 MiB that would cost hundreds of megabytes, or a stack, were they looked at whole. */
import { describe, expect, it } from 'vitest';
import { AgentBench } from './testing/agent-bench.ts';
import { configurationText } from './testing/configurations.ts';

const times = (count: number, write: (index: number) => unknown): string =>
  Array.from({ length: count }, (_, index) => String(write(index))).join(',');
const keys = (count: number): string => times(count, (index) => `"key${index}":1`);
const message = (content: string): string => `{"messages":[{"role":"user","content":${content}}]}`;

const BODIES: readonly (readonly [name: string, path: '/v1/runs' | '/v1/chat/completions', body: string])[] =
  [
    ['a million messages', '/v1/chat/completions', `{"messages":[${times(1_000_000, () => 1)}]}`],
    [
      'as many messages as values may be',
      '/v1/chat/completions',
      `{"messages":[${times(190_000, () => 1)}]}`,
    ],
    ['10,000 wrong messages', '/v1/chat/completions', `{"messages":[${times(10_000, () => 1)}]}`],
    ['190,000 wrong parts', '/v1/chat/completions', message(`[${times(190_000, () => 1)}]`)],
    ['10,000 wrong parts', '/v1/chat/completions', message(`[${times(10_000, () => '{}')}]`)],
    [
      '190,000 wrong tool calls',
      '/v1/chat/completions',
      `{"messages":[{"role":"assistant","tool_calls":[${times(190_000, () => 1)}]}]}`,
    ],
    [
      '190,000 fields',
      '/v1/chat/completions',
      `{"messages":[{"role":"user","content":"a"}],${keys(190_000)}}`,
    ],
    ['190,000 unknown fields', '/v1/runs', `{${keys(190_000)}}`],
    ['900 unknown fields', '/v1/runs', `{${keys(900)}}`],
    ['190,000 variables', '/v1/runs', `{"input":{${keys(190_000)}}}`],
    ['900 unknown variables', '/v1/runs', `{"input":{"name":"a",${keys(900)}}}`],
    ['a variable with a name of 4 MB', '/v1/runs', `{"input":{"${'k'.repeat(4_000_000)}":1}}`],
    [
      'a depth of 100,000 in a variable',
      '/v1/runs',
      `{"input":{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
    ],
    ['objects 100,000 deep', '/v1/runs', '{"input":'.repeat(100_000)],
  ];

describe('a body that multiplies', () => {
  it.each(BODIES)('is refused with one short sentence: %s', async (_name, path, body) => {
    await using bench = await AgentBench.start(configurationText());
    const answer = await bench.post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.json().error?.code).toMatch(/^(invalid_request|variables_invalid)$/);
    expect(answer.text.length).toBeLessThan(4_000);
    expect(bench.router.requests).toEqual([]);
    expect((await bench.run()).status).toBe(200);
  });

  it('may hold tool arguments that nest as deep as they like: they are text, and not read here', async () => {
    await using bench = await AgentBench.start(configurationText());
    const call = { id: 'a', type: 'function', function: { name: 'x', arguments: '['.repeat(100_000) } };
    const answer = await bench.post('/v1/chat/completions', {
      messages: [
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'a', content: 'x' },
        { role: 'user', content: 'Ada' },
      ],
    });
    expect(answer.status).toBe(200);
  });
});
