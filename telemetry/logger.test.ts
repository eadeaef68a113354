import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type LogLevel, type Logger, createLogger } from './logger.ts';

function aLogger(level: LogLevel = 'info'): { logger: Logger; lines: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const logger = createLogger('router', level, destination);
  return { logger, lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('createLogger', () => {
  it('gives each line the time at which it was written, forwards or back', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { logger, lines } = aLogger();
    const times = [1_000, 1_000, 1_001, 999];
    for (const time of times) {
      vi.setSystemTime(time);
      logger.info('a line');
    }
    expect(lines().map((line) => line['time'])).toEqual(times.map((time) => new Date(time).toISOString()));
  });

  it('writes one JSON object a line, with the component, the level as a word and the time as text', () => {
    const { logger, lines } = aLogger();
    logger.info({ attempts: 2 }, 'request finished');
    logger.debug('not shown');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        component: 'router',
        attempts: 2,
        msg: 'request finished',
      },
    ]);
  });

  it('blots out what must never be logged, at the top and one level down, and changes nothing of the caller', () => {
    const { logger, lines } = aLogger();
    const fields = {
      token: 'canary',
      headers: { authorization: 'Bearer canary', accept: 'x' },
      request: { messages: ['canary'], apiKey: 'canary', usage: { inputTokens: 1 } },
    };
    logger.warn(fields, 'a mistake');
    expect(JSON.stringify(lines())).not.toContain('canary');
    expect(lines()[0]).toMatchObject({ headers: { accept: 'x' }, request: { usage: { inputTokens: 1 } } });
    expect(fields.headers.authorization).toBe('Bearer canary');
  });

  it('writes an error with its message and stack', () => {
    const { logger, lines } = aLogger();
    logger.error({ error: new Error('broken') }, 'failed');
    expect(lines()[0]).toMatchObject({
      error: { type: 'Error', message: 'broken', stack: expect.any(String) },
    });
  });
});
