import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HttpUrl } from '#crds/http-url.ts';
import { PROCESS_VARIABLES, processSettings, readEnvironment, seconds } from './environment.ts';

const SCHEMA = z
  .object({
    ...PROCESS_VARIABLES,
    CAPATAZ_ROUTER_URL: HttpUrl,
    CAPATAZ_DRAIN_SECONDS: seconds(0, 60).default(25),
  })
  .transform((environment) => ({
    ...processSettings(environment),
    drainSeconds: environment.CAPATAZ_DRAIN_SECONDS,
  }));
const URL = { CAPATAZ_ROUTER_URL: 'http://router:8080' };

describe('the environment of a process', () => {
  it('has the same defaults for what all processes read, also where a variable is there and empty', () => {
    const defaults = {
      port: 8080,
      metricsPort: 9090,
      logLevel: 'info',
      drainLeadSeconds: 5,
      drainSeconds: 25,
    };
    expect(readEnvironment('router', SCHEMA, URL)).toEqual({ ok: true, settings: defaults });
    const empty = { ...URL, CAPATAZ_PORT: '', CAPATAZ_LOG_LEVEL: '', CAPATAZ_DRAIN_SECONDS: '' };
    expect(readEnvironment('router', SCHEMA, empty)).toEqual({ ok: true, settings: defaults });
  });

  it.each([
    ['CAPATAZ_PORT', ['65536', '-1', '80.5', '0x50', ' 80', '1e3', 'http', '9'.repeat(400)]],
    ['CAPATAZ_DRAIN_SECONDS', ['61', '-1', 'NaN', 'Infinity', '1e1', '5s']],
    [
      'CAPATAZ_ROUTER_URL',
      ['router:8080', 'ftp://router', 'http://a b', 'http://router:', 'http://router:65536'],
    ],
  ])('takes no %s that is none', (name, values) => {
    for (const value of values) {
      const read = readEnvironment('router', SCHEMA, { ...URL, [name]: value });
      expect(read).toMatchObject({ ok: false, message: expect.stringContaining(`at ${name}`) as string });
    }
  });

  it('says of a variable that is missing that it is not set, and quotes no value of another', () => {
    const read = readEnvironment('router', SCHEMA, { CAPATAZ_LOG_LEVEL: 'hunter2' });
    expect(read).toMatchObject({ ok: false });
    const message = read.ok ? '' : read.message;
    expect(message).toMatch(/^The environment of the router is not valid:\n/);
    expect(message).toContain('is not set\n  → at CAPATAZ_ROUTER_URL');
    expect(message).not.toContain('hunter2');
  });
});
