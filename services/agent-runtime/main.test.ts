import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from './testing/agent-bench.ts';
import { configurationText } from './testing/configurations.ts';
import { FakeOperator } from './testing/fake-operator.ts';
import { FakeRouter } from './testing/fake-router.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const processes: ChildProcess[] = [];
afterEach(() => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
});

interface Process {
  readonly child: ChildProcess;
  readonly lines: () => readonly Record<string, unknown>[];
  readonly errors: () => string;
}

function start(environment: Readonly<Record<string, string>>): Process {
  const child = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  processes.push(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return {
    child,
    lines: () =>
      output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    errors: () => errors,
  };
}

describe('the process', () => {
  it('on SIGTERM finishes the run under way, then ends with code 0', async () => {
    const router = await FakeRouter.start();
    const operator = await FakeOperator.start(configurationText());
    try {
      const gate = Promise.withResolvers<void>();
      router.answer = () => ({ content: 'Hello', after: gate.promise });
      const { child, lines } = start({
        CAPATAZ_PORT: '0',
        CAPATAZ_METRICS_PORT: '0',
        CAPATAZ_DRAIN_LEAD_SECONDS: '0.2',
        CAPATAZ_ROUTER_URL: router.url,
        CAPATAZ_CONFIGURATION_URL: operator.url,
      });
      const isLogged = (message: string): boolean => lines().some(({ msg }) => msg === message);
      await until(() => isLogged('the process is listening') && isLogged('a configuration is served'));
      const { port, metricsPort } = lines().find(({ msg }) => msg === 'the process is listening') as {
        port: number;
        metricsPort: number;
      };
      const running = fetch(`http://127.0.0.1:${port}/v1/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"input":{"name":"Ada"}}',
      });
      await until(() => router.requests.length === 1);
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await until(() => isLogged('the process is draining'));
      expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(503);
      gate.resolve();
      const answer = await running;
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ status: 'succeeded', output: 'Hello' });
      expect(await exited).toEqual([0, null]);
      expect(lines().filter(({ type }) => type === 'trace')).toHaveLength(1);
    } finally {
      await operator.close();
      await router.close();
    }
  });

  it('tells what is wrong with its environment and ends with code 2', async () => {
    const { child, errors } = start({ CAPATAZ_TRACE_CONTENT: 'yes' });
    expect(await once(child, 'exit')).toEqual([2, null]);
    expect(errors()).toContain('CAPATAZ_ROUTER_URL');
    expect(errors()).toContain('CAPATAZ_TRACE_CONTENT');
  });
});
