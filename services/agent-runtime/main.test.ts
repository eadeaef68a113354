import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startProcess } from '#process/testing/started-process.ts';
import { until } from './testing/agent-bench.ts';
import { configurationText } from './testing/configurations.ts';
import { FakeOperator } from './testing/fake-operator.ts';
import { FakeRouter } from './testing/fake-router.ts';

const MAIN = join(import.meta.dirname, 'main.ts');

describe('the process', () => {
  it('on SIGTERM finishes the run under way, then ends with code 0', async () => {
    const router = await FakeRouter.start();
    const operator = await FakeOperator.start(configurationText());
    try {
      const gate = Promise.withResolvers<void>();
      router.answer = () => ({ content: 'Hello', after: gate.promise });
      await using agent = startProcess(MAIN, {
        CAPATAZ_PORT: '0',
        CAPATAZ_METRICS_PORT: '0',
        CAPATAZ_DRAIN_LEAD_SECONDS: '0.2',
        CAPATAZ_ROUTER_URL: router.url,
        CAPATAZ_CONFIGURATION_URL: operator.url,
      });
      await agent.line('a configuration is served');
      const { port, metricsPort } = await agent.ports();
      const running = fetch(`http://127.0.0.1:${port}/v1/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"input":{"name":"Ada"}}',
      });
      await until(() => router.requests.length === 1);
      agent.child.kill('SIGTERM');
      await agent.line('the process is draining');
      expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(503);
      gate.resolve();
      const answer = await running;
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ status: 'succeeded', output: 'Hello' });
      expect(await agent.exited).toEqual([0, null]);
      expect(agent.lines().filter(({ type }) => type === 'trace')).toHaveLength(1);
    } finally {
      await operator.close();
      await router.close();
    }
  });

  it('tells what is wrong with its environment and ends with code 2', async () => {
    await using agent = startProcess(MAIN, { CAPATAZ_TRACE_CONTENT: 'yes' });
    expect(await agent.exited).toEqual([2, null]);
    expect(agent.errors()).toContain('CAPATAZ_ROUTER_URL');
    expect(agent.errors()).toContain('CAPATAZ_TRACE_CONTENT');
  });
});
