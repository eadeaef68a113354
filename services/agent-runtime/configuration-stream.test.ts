import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '#telemetry/logger.ts';
import { type ConfigurationStream, followConfigurationStream } from './configuration-stream.ts';
import { until } from './testing/agent-bench.ts';
import { FakeOperator } from './testing/fake-operator.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Followed {
  readonly stream: ConfigurationStream;
  readonly operator: FakeOperator;
  readonly heard: string[];
  readonly log: string[];
}

async function follow(
  changes: { readonly silenceSeconds?: number; readonly status?: number; readonly tokenPath?: string } = {},
): Promise<Followed> {
  const operator = await FakeOperator.start('first');
  operator.status = changes.status ?? 200;
  const heard: string[] = [];
  const log: string[] = [];
  const stream = followConfigurationStream({
    url: operator.url,
    tokenPath: changes.tokenPath,
    onConfiguration: (text) => heard.push(text),
    onRollout: (text) => heard.push(`rollout ${text}`),
    onContact: () => undefined,
    logger: createLogger('test', 'info', { write: (line: string) => void log.push(line) }),
    random: () => 0,
    backoff: { minimumSeconds: 0.01, maximumSeconds: 0.02 },
    ...(changes.silenceSeconds === undefined ? {} : { silenceSeconds: changes.silenceSeconds }),
  });
  closers.push(
    async () => operator.close(),
    async () => stream.close(),
  );
  return { stream, operator, heard, log };
}

describe('the configuration stream', () => {
  it('hears the present configuration at once and each change in its order', async () => {
    const { operator, heard, stream } = await follow();
    await until(() => heard.length === 1);
    operator.publish('second');
    operator.publish('third');
    await until(() => heard.length === 3);
    expect(heard).toEqual(['first', 'second', 'third']);
    expect(stream.isUp()).toBe(true);
  });

  it('hears only configurations, whatever else comes', async () => {
    const { operator, heard } = await follow();
    await until(() => heard.length === 1);
    operator.write('event: other\ndata: x\n\nodd: field\n\n: comment\n\ndata: no event name\n\n');
    operator.publish('second');
    await until(() => heard.includes('second'));
    expect(heard).toEqual(['first', 'second']);
  });

  it('takes a silent stream for dead and comes back, for a half-open connection never breaks by itself', async () => {
    const { operator, heard, log } = await follow({ silenceSeconds: 0.05 });
    await until(() => operator.connections >= 3);
    expect(heard.slice(0, 2)).toEqual(['first', 'first']);
    expect(log.some((line) => line.includes('silent for too long'))).toBe(true);
  });

  it('stays on a stream that has only heartbeats', async () => {
    const { operator, stream } = await follow({ silenceSeconds: 0.5 });
    await until(() => stream.isUp());
    for (let beat = 0; beat < 12; beat += 1) {
      operator.write(': heartbeat\n\n');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(operator.connections).toBe(1);
  });

  it.each([401, 403, 500, 503])('comes back after status %i until it is let in', async (status) => {
    const { operator, heard, stream } = await follow({ status });
    await until(() => operator.connections >= 3);
    expect(stream.isUp()).toBe(false);
    operator.status = 200;
    await until(() => heard.length === 1);
  });

  it('comes back after the connection breaks', async () => {
    const { operator, heard, stream } = await follow();
    await until(() => heard.length === 1);
    operator.configuration = 'second';
    operator.cut();
    await until(() => heard.includes('second'));
    expect(stream.isUp()).toBe(true);
  });

  it('gives up an event without end, so that memory stays bounded', async () => {
    const { operator, heard } = await follow();
    await until(() => heard.length === 1);
    operator.write(`event: configuration\ndata: ${'x'.repeat(5 * 1024 * 1024)}`);
    await until(() => operator.connections === 2);
    expect(heard).toEqual(expect.arrayContaining(['first']));
  });

  it('waits for its token to be mounted', async () => {
    const { operator, log } = await follow({ tokenPath: '/nowhere/token' });
    await until(() => log.length >= 2);
    expect(operator.connections).toBe(0);
  });

  it('ends at once when it is closed, also while it waits', async () => {
    const { stream, operator } = await follow({ status: 503 });
    await until(() => operator.connections >= 1);
    await stream.close();
    const { connections } = operator;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(operator.connections).toBe(connections);
  });
});
