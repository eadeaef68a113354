/** The door of an authenticating proxy: believed from its network and with its secret alone. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConsoleUnderTest, EVERYTHING, startConsoleUnderTest } from './testing/console-under-test.ts';

const SECRET = 'a secret of the proxy';
const HEADERS = {
  'x-capataz-proxy-secret': SECRET,
  'x-forwarded-user': 'ana',
  'x-forwarded-groups': 'sre, system:masters',
};

let console: ConsoleUnderTest;
const start = (networks: string): Promise<ConsoleUnderTest> =>
  startConsoleUnderTest(async (directory) => {
    await writeFile(join(directory, 'proxy-secret'), `${SECRET}\n`);
    return {
      CAPATAZ_HEADER_DOOR_NETWORKS: networks,
      CAPATAZ_HEADER_DOOR_SECRET_PATH: join(directory, 'proxy-secret'),
    };
  });
beforeEach(async () => {
  console = await start('127.0.0.0/8, ::1/128');
});
afterEach(async () => {
  await console[Symbol.asyncDispose]();
});

describe('the header door', () => {
  it('lets in whom the proxy names, and no group of Kubernetes itself with them', async () => {
    console.kubernetes.rights.set('sre', new Set(EVERYTHING));
    const visitor = console.visitor();
    const { status, body } = await visitor.request('GET', '/v1/session', { headers: HEADERS });
    expect([status, body]).toMatchObject([
      200,
      { user: 'ana', door: 'header', groups: ['sre', 'system:authenticated'], namespaces: 'all' },
    ]);
    expect((await visitor.request('GET', '/v1/agents', { headers: HEADERS })).status).toBe(200);
  });

  it.each([
    ['without the secret', { 'x-capataz-proxy-secret': '' }],
    ['with another secret', { 'x-capataz-proxy-secret': 'a guess of a secret' }],
    ['with a name of Kubernetes itself', { 'x-forwarded-user': 'system:admin' }],
    ['without a name', { 'x-forwarded-user': '' }],
  ])('ignores headers %s', async (_how, other) => {
    const headers = { ...HEADERS, ...other };
    expect((await console.visitor().request('GET', '/v1/session', { headers })).status).toBe(401);
  });

  it('ignores headers from another network, whatever they say of where they come from', async () => {
    await using elsewhere = await start('10.0.0.0/8');
    const headers = { ...HEADERS, 'x-forwarded-for': '10.0.0.1' };
    expect((await elsewhere.visitor().request('GET', '/v1/session', { headers })).status).toBe(401);
  });

  it('ends a session where the proxy names somebody else, or nobody any more', async () => {
    const visitor = console.visitor();
    await visitor.request('GET', '/v1/session', { headers: HEADERS });
    const ben = { ...HEADERS, 'x-forwarded-user': 'ben' };
    expect((await visitor.request('GET', '/v1/agents', { headers: ben })).status).toBe(401);
    expect((await visitor.get('/v1/agents')).status).toBe(401);
    expect((await visitor.request('GET', '/v1/agents', { headers: HEADERS })).status).not.toBe(401);
  });

  it('is not opened by a secret that is too short', async () => {
    const short = startConsoleUnderTest(async (directory) => {
      await writeFile(join(directory, 'proxy-secret'), 'short');
      return {
        CAPATAZ_HEADER_DOOR_NETWORKS: '127.0.0.0/8',
        CAPATAZ_HEADER_DOOR_SECRET_PATH: join(directory, 'proxy-secret'),
      };
    });
    await expect(short).rejects.toThrow('at least 16 characters');
    const alone = startConsoleUnderTest({ CAPATAZ_HEADER_DOOR_NETWORKS: '127.0.0.0/8' });
    await expect(alone).rejects.toThrow('needed both or none');
  });
});
