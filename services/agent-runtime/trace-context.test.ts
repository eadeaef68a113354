import { describe, expect, it } from 'vitest';
import { AgentBench } from './testing/agent-bench.ts';
import { configurationText } from './testing/configurations.ts';
import { FakeTool } from './testing/fake-tool.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const HEADERS = { traceparent: TRACEPARENT, tracestate: 'a=1,b=2' };
const CHAT = { model: 'x', messages: [{ role: 'user', content: 'Ada' }] };

describe('the trace of a caller', () => {
  it('goes with every thought of his run to the router, whichever way he asked', async () => {
    await using bench = await AgentBench.start(configurationText({ tools: ['calculate'] }));
    bench.router.answer = (_request, index) =>
      index % 2 === 0 ? { calls: [['calculate', '{"expression":"1+1"}']] } : { content: 'Hello' };
    for (const stream of [false, true]) {
      await bench.post('/v1/runs', { input: { name: 'Ada' }, stream }, HEADERS);
      await bench.post('/v1/chat/completions', { ...CHAT, stream }, HEADERS);
    }
    expect(bench.router.requests).toHaveLength(8);
    for (const { headers } of bench.router.requests) expect(headers).toMatchObject(HEADERS);
  });

  it('goes to his tools', async () => {
    await using tool = await FakeTool.start();
    await using bench = await AgentBench.start(configurationText({ tools: [tool.configuration()] }), {
      CAPATAZ_ALLOW_LOOPBACK_TOOLS: 'true',
    });
    bench.router.answer = (_request, index) =>
      index === 0 ? { calls: [['book-room', '{"room":"1"}']] } : { content: 'Hello' };
    await bench.post('/v1/runs', { input: { name: 'Ada' } }, HEADERS);
    expect(tool.effects).toMatchObject([{ traceparent: TRACEPARENT }]);
  });

  it('that is none costs him nothing and goes nowhere', async () => {
    await using bench = await AgentBench.start(configurationText());
    const answer = await bench.post(
      '/v1/runs',
      { input: { name: 'Ada' } },
      { ...HEADERS, traceparent: '00-0-0-0' },
    );
    expect(answer.status).toBe(200);
    for (const { headers } of bench.router.requests) {
      expect(headers).not.toHaveProperty('traceparent');
      expect(headers).not.toHaveProperty('tracestate');
    }
  });
});
