/** A whole console in the test's own process, in front of a Kubernetes and an observer that say what the test says. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '#process/environment.ts';
import { createLogger } from '#telemetry/logger.ts';
import type { SessionAnswer } from '../api/answers.ts';
import { ConsoleConfig } from '../config.ts';
import { startConsole } from '../start-console.ts';
import { type RealLedger, TOKEN_OF_CONSOLE, startRealLedger } from './real-ledger.ts';
import { type ScriptedKubernetes, startScriptedKubernetes, tokenOf } from './scripted-kubernetes.ts';
import { type ScriptedObserver, startScriptedObserver } from './scripted-observer.ts';

export interface ConsoleAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- the answers are of many kinds, and tests read them freely.
  readonly body: any;
}

/** A browser: it keeps cookies, and shows the session's token with what changes something. */
export interface Visitor {
  readonly session: SessionAnswer | undefined;
  readonly cookies: Map<string, string>;
  readonly request: (
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<ConsoleAnswer>;
  readonly get: (path: string) => Promise<ConsoleAnswer>;
}

export interface ConsoleUnderTest extends AsyncDisposable {
  readonly url: string;
  readonly metricsUrl: string;
  readonly kubernetes: ScriptedKubernetes;
  readonly observer: ScriptedObserver;
  readonly ledger: () => RealLedger;
  readonly visitor: () => Visitor;
  /** Somebody who has come in by the token door. Rights as in ScriptedKubernetes. */
  readonly person: (username: string, rights: readonly string[]) => Promise<Visitor>;
}

/** What sees everything. */
export const EVERYTHING = [
  'get agents *',
  'get agents/costs *',
  'get agents/runs *',
  'get agents/securityevents *',
  'get agents/audit *',
  'get canaryrollouts *',
  'get models *',
] as const;

export const INDEX_HTML =
  '<!doctype html><title>Capataz</title><script type="module" src="/assets/a-1.js"></script>';

/** With `isLedgerReal` there is a ledger, a process of its own. */
export async function startConsoleUnderTest(
  environment:
    | Readonly<Record<string, string>>
    | ((directory: string) => Promise<Readonly<Record<string, string>>>) = {},
  { isLedgerReal = false } = {},
): Promise<ConsoleUnderTest> {
  await using opened = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'capataz-console-'));
  opened.defer(() => rm(directory, { recursive: true, force: true }));
  const kubernetes = opened.use(await startScriptedKubernetes());
  const observer = opened.use(await startScriptedObserver());
  await writeFile(join(directory, 'kubeconfig'), JSON.stringify(kubernetes.kubeconfig));
  await writeFile(join(directory, 'observer-token'), 'observer-token');
  await writeFile(join(directory, 'ledger-token'), TOKEN_OF_CONSOLE);
  const ledger = isLedgerReal ? opened.use(await startRealLedger(directory)) : undefined;
  await mkdir(join(directory, 'page', 'assets'), { recursive: true });
  await writeFile(join(directory, 'page', 'index.html'), INDEX_HTML);
  await writeFile(join(directory, 'page', 'assets', 'a-1.js'), 'export {};\n');
  const read = readEnvironment('console', ConsoleConfig, {
    CAPATAZ_PORT: '0',
    CAPATAZ_METRICS_PORT: '0',
    CAPATAZ_DRAIN_SECONDS: '1',
    CAPATAZ_DRAIN_LEAD_SECONDS: '0',
    CAPATAZ_KUBECONFIG: join(directory, 'kubeconfig'),
    CAPATAZ_PAGE_PATH: join(directory, 'page'),
    CAPATAZ_OBSERVER_URL: observer.url,
    CAPATAZ_OBSERVER_TOKEN_PATH: join(directory, 'observer-token'),
    ...(ledger !== undefined && {
      CAPATAZ_LEDGER_URL: ledger.url,
      CAPATAZ_LEDGER_TOKEN_PATH: join(directory, 'ledger-token'),
    }),
    ...(typeof environment === 'function' ? await environment(directory) : environment),
  });
  if (!read.ok) throw new Error(read.message);
  const running = await startConsole(read.settings, { logger: createLogger('console', 'silent') });
  opened.defer(running.stop);
  const url = `http://127.0.0.1:${running.port}`;
  const metricsUrl = `http://127.0.0.1:${running.metricsPort}`;
  const visitor = (): Visitor => visitorOf(url);
  const ends = opened.move();
  return {
    url,
    metricsUrl,
    kubernetes,
    observer,
    ledger: () => {
      if (ledger === undefined) throw new Error('There is no ledger in this test.');
      return ledger;
    },
    visitor,
    person: async (username, rights) => {
      kubernetes.rights.set(username, new Set(rights));
      const person = visitor();
      const login = await person.request('POST', '/v1/session/token', { body: { token: tokenOf(username) } });
      if (login.status !== 200) throw new Error(`The login was refused: ${JSON.stringify(login.body)}`);
      return person;
    },
    [Symbol.asyncDispose]: () => ends.disposeAsync(),
  };
}

function visitorOf(url: string): Visitor {
  const cookies = new Map<string, string>();
  let session: SessionAnswer | undefined;
  const request: Visitor['request'] = async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
      headers: {
        ...cookieHeader(cookies),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(method !== 'GET' && session !== undefined && { 'x-capataz-csrf': session.csrfToken }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    keepCookies(response, cookies);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const answer = {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
    if (path.startsWith('/v1/session') && response.status === 200) session = answer.body as SessionAnswer;
    return answer;
  };
  return {
    get session() {
      return session;
    },
    cookies,
    request,
    get: (path) => request('GET', path),
  };
}

function cookieHeader(cookies: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return cookie === '' ? {} : { cookie };
}

function keepCookies(response: Response, cookies: Map<string, string>): void {
  for (const cookie of response.headers.getSetCookie()) {
    const [pair = '', ...attributes] = cookie.split('; ');
    const [name = '', value = ''] = pair.split('=');
    if (value === '' || attributes.includes('Max-Age=0')) cookies.delete(name);
    else cookies.set(name, value);
  }
}
