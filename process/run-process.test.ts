import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type StartedProcess, startProcess } from './testing/started-process.ts';

const SAMPLE = join(import.meta.dirname, 'testing/sample-process.ts');
const ANY_PORT = { CAPATAZ_PORT: '0', CAPATAZ_METRICS_PORT: '0' };

function start(environment: Readonly<Record<string, string>> = {}): StartedProcess {
  return startProcess(SAMPLE, { ...ANY_PORT, CAPATAZ_DRAIN_LEAD_SECONDS: '0.1', ...environment });
}

describe('the shell of a process', () => {
  it('names every variable that is wrong, all at once, and ends with code 2', async () => {
    await using sample = start({
      CAPATAZ_PORT: '99999',
      CAPATAZ_LOG_LEVEL: 'loud',
      CAPATAZ_DRAIN_SECONDS: '-1',
    });
    expect(await sample.exited).toEqual([2, null]);
    expect(sample.errors()).toMatch(/^The environment of the sample is not valid:\n/);
    expect(sample.errors()).toMatch(/CAPATAZ_PORT[^]*CAPATAZ_LOG_LEVEL[^]*CAPATAZ_DRAIN_SECONDS/);
    expect(sample.lines()).toEqual([]);
  });

  it('takes an empty variable, which a chart leaves behind, for one that is not set', async () => {
    await using sample = start({ CAPATAZ_LOG_LEVEL: '', CAPATAZ_DRAIN_SECONDS: '' });
    expect(await sample.line('the process is listening')).toMatchObject({
      component: 'sample',
      level: 'info',
    });
  });

  it.each([
    ['start', 'no such database'],
    ['rejection', 'nobody handles this'],
    ['exception', 'nobody catches this'],
  ])('writes one fatal line and ends with code 1 after a fault: %s', async (fault, message) => {
    await using sample = start({ SAMPLE_FAULT: fault });
    expect(await sample.exited).toEqual([1, null]);
    expect(sample.lines().filter(({ level }) => level === 'fatal')).toMatchObject([
      { error: { message, stack: expect.any(String) } },
    ]);
  });

  it('listens on IPv4, and on IPv6 where there is one', async () => {
    await using sample = start();
    const { port, metricsPort } = await sample.ports();
    for (const url of [`http://127.0.0.1:${port}/now`, `http://127.0.0.1:${metricsPort}/livez`]) {
      expect((await fetch(url)).status).toBe(200);
    }
  });

  it.each([['SIGTERM'], ['SIGINT']] as const)(
    'on %s finishes what is under way and ends with code 0',
    async (signal) => {
      await using sample = start();
      const { port, metricsPort } = await sample.ports();
      const slow = fetch(`http://127.0.0.1:${port}/slow`);
      await fetch(`http://127.0.0.1:${port}/now`);
      sample.child.kill(signal);
      await sample.line('the process is draining');
      expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(503);
      expect((await fetch(`http://127.0.0.1:${metricsPort}/livez`)).status).toBe(200);
      expect((await slow).status).toBe(200);
      expect(await sample.exited).toEqual([0, null]);
      expect(sample.lines().at(-1)).toMatchObject({ msg: 'the process has ended' });
    },
  );

  it('ends at once on a second signal', async () => {
    await using sample = start({ CAPATAZ_DRAIN_LEAD_SECONDS: '50', CAPATAZ_DRAIN_SECONDS: '60' });
    await sample.line('the process is listening');
    sample.child.kill('SIGTERM');
    await sample.line('the process is draining');
    sample.child.kill('SIGTERM');
    expect(await sample.exited).toEqual([143, null]);
  });

  it('does not wait for a client that never reads, beyond the drain time', async () => {
    await using sample = start({ CAPATAZ_DRAIN_SECONDS: '0.2' });
    const { port } = await sample.ports();
    const slow = fetch(`http://127.0.0.1:${port}/slow`).catch(() => undefined);
    await fetch(`http://127.0.0.1:${port}/now`);
    sample.child.kill('SIGTERM');
    expect(await sample.exited).toEqual([0, null]);
    await slow;
  });
});
