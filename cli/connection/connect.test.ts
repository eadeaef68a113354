import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectToLedger } from './connect.ts';
import { type Ran, runCommandLine } from '../testing/run-command-line.ts';
import { SAMPLE_ROW } from '../testing/sample-run.ts';
import { type Answer, type Asked, Status, scriptedServer } from '../testing/scripted-server.ts';

const LEDGER = {
  metadata: { name: 'capataz-ledger', namespace: 'capataz-system' },
  spec: { ports: [{ name: 'http', port: 8080 }] },
};
const PROXY = '/api/v1/namespaces/capataz-system/services/http:capataz-ledger:8080/proxy';
const TOKEN_PATH = '/api/v1/namespaces/capataz-system/serviceaccounts/capataz-reader/token';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-cli-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

interface Asking {
  readonly services?: readonly unknown[] | Status;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly answers?: Readonly<Record<string, Answer>>;
}

/** An API server with a ledger behind its service proxy, and a kubeconfig that names it. */
async function ask({
  services = [LEDGER],
  user = {},
  words = ['runs'],
  environment = {},
  answers = {},
}: Asking = {}): Promise<Ran & { readonly asked: readonly Asked[]; readonly atLedger: Asked | undefined }> {
  await using api = await scriptedServer({
    'GET /api/v1/services': () => (services instanceof Status ? services : { items: services }),
    [`POST ${TOKEN_PATH}`]: () => ({
      status: { token: 'of.the.reader', expirationTimestamp: '2026-11-25T22:10:00Z' },
    }),
    [`GET ${PROXY}/v1/runs`]: () => ({ runs: [SAMPLE_ROW] }),
    ...answers,
  });
  const kubeconfig = join(folder, 'config');
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: api.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'support' } }],
      'current-context': 'here',
    }),
  );
  const ran = await runCommandLine(words, { environment: { KUBECONFIG: kubeconfig, ...environment } });
  return { ...ran, asked: api.asked, atLedger: api.asked.find(({ path }) => path.includes('/proxy/')) };
}

describe('the way to the ledger', () => {
  it("goes through the API server's service proxy into the namespace of the context, as kubectl does", async () => {
    const { code, asked, atLedger } = await ask();
    expect(code).toBe(0);
    expect(asked[0]?.query['labelSelector']).toBe(
      'app.kubernetes.io/name=capataz,app.kubernetes.io/component=ledger',
    );
    expect(atLedger?.path).toBe(`${PROXY}/v1/runs`);
    expect(atLedger?.query['namespace']).toBe('support');
  });

  it('goes to a release of any name and port', async () => {
    const services = [
      {
        metadata: { name: 'mine-ledger', namespace: 'ops' },
        spec: {
          ports: [
            { name: 'metrics', port: 9090 },
            { name: 'http', port: 80 },
          ],
        },
      },
    ];
    const path = '/api/v1/namespaces/ops/services/http:mine-ledger:80/proxy/v1/runs';
    const { code } = await ask({
      services,
      user: { token: 'mine' },
      answers: { [`GET ${path}`]: () => ({ runs: [] }) },
    });
    expect(code).toBe(0);
  });

  it('is the usual one for whoever may not list Services', async () => {
    const { code, atLedger } = await ask({
      services: new Status(403, { kind: 'Status', message: 'no', reason: 'Forbidden' }),
    });
    expect([code, atLedger?.path]).toEqual([0, `${PROXY}/v1/runs`]);
  });

  it('is not chosen among several, for the one that is chosen gets a token', async () => {
    const { code, noted, asked } = await ask({
      services: [LEDGER, { ...LEDGER, metadata: { name: 'ledger', namespace: 'stranger' } }],
    });
    expect([code, asked.length]).toEqual([2, 1]);
    expect(noted).toContain('capataz-system/capataz-ledger, stranger/ledger');
  });

  it('is the one that is named', async () => {
    const path = '/api/v1/namespaces/a/services/http:b:81/proxy/v1/runs';
    const { code, asked } = await ask({
      words: ['runs', '--ledger-service', 'a/b:81', '-A'],
      user: { token: 'mine' },
      answers: { [`GET ${path}`]: () => ({ runs: [] }) },
    });
    expect([code, asked.map((each) => each.path)]).toEqual([0, [path]]);
    expect(asked[0]?.query['namespace']).toBeUndefined();
  });

  it('is of another cluster where the certificate authority is another, even at the same address', async () => {
    const kubeconfig = join(folder, 'made-anew');
    const whereWith = async (authority: string): Promise<string> => {
      const cluster = {
        server: 'https://127.0.0.1:6443',
        'certificate-authority-data': Buffer.from(authority).toString('base64'),
      };
      await writeFile(
        kubeconfig,
        JSON.stringify({
          clusters: [{ name: 'c', cluster }],
          users: [{ name: 'u', user: { token: 'mine' } }],
          contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
          'current-context': 'here',
        }),
      );
      await using access = await connectToLedger(
        { kubeconfig, ledgerService: 'capataz-system/capataz-ledger' },
        { environment: {}, epochMilliseconds: () => 0 },
      );
      return access.where;
    };
    const first = await whereWith('first');
    expect(first).toContain('capataz-system/capataz-ledger through https://127.0.0.1:6443');
    expect(await whereWith('first')).toBe(first);
    expect(await whereWith('second')).not.toBe(first);
  });

  it('says which context there is when another one is asked for', async () => {
    const { code, noted } = await ask({ words: ['runs', '--context', 'there'] });
    expect([code, noted.trim()]).toEqual([2, 'capataz: The kubeconfig has no context "there": it has here.']);
  });
});

describe('who asks', () => {
  const tokenOf = (asked: Asked | undefined): unknown => asked?.headers['x-capataz-authorization'];

  it('is the user himself where the kubeconfig has a token of his', async () => {
    const { asked, atLedger } = await ask({ user: { token: 'mine' } });
    expect(tokenOf(atLedger)).toBe('Bearer mine');
    expect(atLedger?.headers.authorization).toBe('Bearer mine');
    expect(asked.some(({ path }) => path.endsWith('/token'))).toBe(false);
  });

  it('is the reader of the release for users with a certificate, by a token for the ledger alone', async () => {
    const { asked, atLedger } = await ask();
    expect(tokenOf(atLedger)).toBe('Bearer of.the.reader');
    const request = JSON.parse(asked.find(({ path }) => path === TOKEN_PATH)?.body ?? '') as {
      spec: unknown;
    };
    expect(request.spec).toEqual({ audiences: ['capataz-ledger'], expirationSeconds: 600 });
  });

  it('is the ServiceAccount that is named, even where the user has a token', async () => {
    const answers = {
      'POST /api/v1/namespaces/ci/serviceaccounts/bot/token': () => ({
        status: { token: 'of.the.bot', expirationTimestamp: '2026-11-25T22:10:00Z' },
      }),
    };
    const { atLedger } = await ask({
      user: { token: 'mine' },
      words: ['runs', '--service-account', 'ci/bot'],
      answers,
    });
    expect(tokenOf(atLedger)).toBe('Bearer of.the.bot');
  });

  it('is whom a token from a file or the environment names, before all others', async () => {
    await writeFile(join(folder, 'token'), 'from.a.file\n');
    const environment = { CAPATAZ_LEDGER_TOKEN: 'from.the.environment' };
    const words = ['runs', '--token-file', join(folder, 'token')];
    expect(tokenOf((await ask({ user: { token: 'mine' }, environment, words })).atLedger)).toBe(
      'Bearer from.a.file',
    );
    expect(tokenOf((await ask({ user: { token: 'mine' }, environment })).atLedger)).toBe(
      'Bearer from.the.environment',
    );
  });

  it.each([
    [403, 4, 'you may not ask for one of capataz-system/capataz-reader'],
    [404, 5, 'There is no ServiceAccount capataz-system/capataz-reader'],
  ])('says how to mend it when the token is refused with %i', async (status, exit, sentence) => {
    const { code, noted } = await ask({
      answers: { [`POST ${TOKEN_PATH}`]: () => new Status(status, { kind: 'Status', message: 'no' }) },
    });
    expect([code, noted.includes(sentence)]).toEqual([exit, true]);
  });

  it("never tells the API server's token to an address from the command line", async () => {
    await using elsewhere = await scriptedServer({ 'GET /v1/runs': () => ({ runs: [] }) });
    const { code } = await ask({ user: { token: 'mine' }, words: ['runs', '--server', elsewhere.url] });
    expect(code).toBe(0);
    expect(JSON.stringify(elsewhere.asked[0]?.headers)).not.toContain('mine');
  });
});
