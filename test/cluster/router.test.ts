/** The router's own process in front of a real API server, with the rights that the chart gives it and no more. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import {
  type ProviderScript,
  type ScriptedProvider,
  honestProvider,
  sayJson,
  startScriptedProvider,
} from '#test/fakes/scripted-provider.ts';
import { type ApiServer, startApiServerWithKinds } from './api-server.ts';

const NAMESPACE = 'shop';
const MODELS = `/apis/capataz.dev/v1alpha1/namespaces/${NAMESPACE}/models`;
const AGENTS = `/apis/capataz.dev/v1alpha1/namespaces/${NAMESPACE}/agents`;
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const HELLO = { model: 'auto', messages: [{ role: 'user', content: 'Hi' }] };
/** What "in seconds" means for a change that must be live without a restart. */
const SECONDS = { timeout: 30_000, interval: 50 } as const;

let api: ApiServer;
let directory: string;
let router: ChildProcess;
let routerLog = '';
let port: number;
let metricsPort: number;
let tls: { key: string; cert: string };
let provider: ScriptedProvider;

beforeAll(async () => {
  [api, directory] = await Promise.all([
    startApiServerWithKinds(),
    mkdtemp(join(tmpdir(), 'capataz-router-')),
  ]);
  tls = await selfSignedCertificate();
  provider = await startScriptedProvider(honestProvider, tls);
  for (const name of [NAMESPACE, 'capataz-system', 'other']) {
    await create('/api/v1/namespaces', { metadata: { name } });
  }
  await grantRights();
  await create(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: 'agent-triage' } });
  await create('/api/v1/namespaces/other/serviceaccounts', { metadata: { name: 'agent-triage' } });
  await create(SECRETS, aSecret('provider-key', 'first-key'));
  await create(MODELS, aModel('main', provider.url));
  await create(AGENTS, anAgent('triage', ['main']));
  [port, metricsPort] = await Promise.all([aFreePort(), aFreePort()]);
  router = spawn(process.execPath, ['services/router/main.ts'], {
    env: {
      ...process.env,
      CAPATAZ_KUBECONFIG: await routerKubeconfig(),
      CAPATAZ_PORT: String(port),
      CAPATAZ_METRICS_PORT: String(metricsPort),
      CAPATAZ_PLATFORM_SERVICE_ACCOUNTS: 'capataz-system/capataz-operator',
      CAPATAZ_ALLOW_LOOPBACK_ENDPOINTS: 'true',
      CAPATAZ_DRAIN_SECONDS: '4',
      CAPATAZ_DRAIN_LEAD_SECONDS: '1',
      NODE_EXTRA_CA_CERTS: join(directory, 'provider.crt'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [router.stdout, router.stderr]) {
    stream?.on('data', (text: Buffer) => {
      routerLog += text.toString('utf8');
    });
  }
  await vi.waitUntil(isReady, { timeout: 60_000, interval: 100 });
});

afterAll(async () => {
  if (router.exitCode === null && router.signalCode === null) {
    router.kill('SIGKILL');
    await once(router, 'exit');
  }
  await Promise.all([provider.close(), api.stop()]);
  await rm(directory, { recursive: true, force: true });
});

describe('who may ask', () => {
  it('a projected token for the router of an existing Agent may, and its model answers', async () => {
    const answer = await ask(await tokenOf(NAMESPACE, 'agent-triage'));
    expect(answer).toMatchObject({ status: 200, body: { capataz: { model: 'main', costNanoUsd: 20_000 } } });
    expect(provider.calls.at(-1)?.headers.authorization).toBe('Bearer first-key');
  });

  it.each([
    [
      'a token for another audience',
      async () => tokenOf(NAMESPACE, 'agent-triage', 'https://kubernetes.default.svc'),
      401,
    ],
    [
      'a token with a broken signature',
      async () => `${(await tokenOf(NAMESPACE, 'agent-triage')).slice(0, -8)}AAAAAAAA`,
      401,
    ],
    [
      'a ServiceAccount of the right name in another namespace, where there is no such Agent',
      async () => tokenOf('other', 'agent-triage'),
      403,
    ],
    ['the platform itself', async () => tokenOf('capataz-system', 'capataz-operator'), 403],
  ])('%s may not', async (_what, token, status) => {
    const before = provider.calls.length;
    expect((await ask(await token())).status).toBe(status);
    expect(provider.calls).toHaveLength(before);
  });

  it('the operator may probe a model, an agent may not', async () => {
    const probe = async (token: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/internal/models/${NAMESPACE}/main/probe`, {
        headers: { authorization: `Bearer ${token}` },
      });
    const found = await probe(await tokenOf('capataz-system', 'capataz-operator'));
    expect(await found.json()).toMatchObject({
      secret: 'resolved',
      price: 'override',
      reachable: 'reachable',
      key: 'accepted',
    });
    expect((await probe(await tokenOf(NAMESPACE, 'agent-triage'))).status).toBe(403);
  });

  it('a deleted ServiceAccount may not after ten seconds at the latest, though its token has not expired', async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`;
    await create(path, { metadata: { name: 'agent-short' } });
    await create(AGENTS, anAgent('short', ['main']));
    const token = await tokenOf(NAMESPACE, 'agent-short');
    await expect.poll(async () => (await ask(token)).status, SECONDS).toBe(200);
    await api.request('DELETE', `${path}/agent-short`);
    await expect.poll(async () => (await ask(token)).status, { timeout: 12_000, interval: 200 }).toBe(401);
  });
});

describe('what changes while the router runs', () => {
  it('a changed Secret is used within seconds, and no request fails although the old key is refused at once', async () => {
    let valid = 'first-key';
    const picky: ProviderScript = (call, response, number) =>
      call.headers.authorization === `Bearer ${valid}`
        ? honestProvider(call, response, number)
        : sayJson(response, 401, { error: { message: 'Incorrect API key provided' } });
    provider.script = picky;
    const token = await tokenOf(NAMESPACE, 'agent-triage');
    const statuses: number[] = [];
    const over = new AbortController();
    const load = (async () => {
      while (!over.signal.aborted) statuses.push((await ask(token)).status);
    })();
    for (const next of ['second-key', 'third-key', 'fourth-key']) {
      await api.request('PUT', `${SECRETS}/provider-key`, aSecret('provider-key', next));
      valid = next;
      await expect.poll(() => provider.calls.at(-1)?.headers.authorization, SECONDS).toBe(`Bearer ${next}`);
    }
    over.abort();
    await load;
    expect(statuses.length).toBeGreaterThan(3);
    expect(new Set(statuses)).toEqual(new Set([200]));
    provider.script = honestProvider;
  });

  it('a Secret that comes late, goes and comes again: the model follows, and says what is missing', async () => {
    const token = await tokenOf(NAMESPACE, 'agent-late');
    await create(MODELS, { ...aModel('late', provider.url, 'late-key') });
    await create(AGENTS, anAgent('late', ['late']));
    await expect
      .poll(async () => (await ask(token)).body, SECONDS)
      .toMatchObject({
        error: { message: expect.stringContaining('needs the Secret late-key, which does not exist') },
      });
    await create(SECRETS, aSecret('late-key', 'came-late'));
    await expect.poll(async () => (await ask(token)).status, SECONDS).toBe(200);
    await api.request('DELETE', `${SECRETS}/late-key`);
    await expect.poll(async () => (await ask(token)).status, SECONDS).toBe(503);
  });

  it('an edited Model is asked at its new place within seconds', async () => {
    const moved = await startScriptedProvider(honestProvider, tls);
    const token = await tokenOf(NAMESPACE, 'agent-triage');
    await api.request('PATCH', `${MODELS}/main`, { spec: { endpoint: moved.url } }, MERGE);
    await expect
      .poll(async () => ((await ask(token)).status === 200 ? moved.calls.length : 0), SECONDS)
      .toBeGreaterThan(0);
    await api.request('PATCH', `${MODELS}/main`, { spec: { endpoint: provider.url } }, MERGE);
    const before = provider.calls.length;
    await expect
      .poll(async () => ((await ask(token)).status === 200 ? provider.calls.length : 0), SECONDS)
      .toBeGreaterThan(before);
    await moved.close();
  });

  it('a deleted Agent is refused within seconds, and served again when it is created again', async () => {
    const token = await tokenOf(NAMESPACE, 'agent-triage');
    await api.request('DELETE', `${AGENTS}/triage`);
    await expect
      .poll(async () => (await ask(token)).body, SECONDS)
      .toMatchObject({ error: { code: 'unknown_agent' } });
    await create(AGENTS, anAgent('triage', ['main']));
    await expect.poll(async () => (await ask(token)).status, SECONDS).toBe(200);
  });

  it('a policy that no longer allows a model holds for the next requests', async () => {
    const token = await tokenOf(NAMESPACE, 'agent-triage');
    await create(MODELS, { ...aModel('second', provider.url) });
    await api.request(
      'PATCH',
      `${AGENTS}/triage`,
      { spec: { modelPolicy: { allow: [{ name: 'second' }] } } },
      MERGE,
    );
    await expect
      .poll(async () => (await ask(token)).body, SECONDS)
      .toMatchObject({ capataz: { model: 'second' } });
    expect(await ask(token, { ...HELLO, model: 'main' })).toMatchObject({
      status: 403,
      body: { error: { code: 'model_not_allowed' } },
    });
  });
});

describe('the end', () => {
  it('readiness falls at once, what is under way is finished, and the process exits with 0', async () => {
    const token = await tokenOf(NAMESPACE, 'agent-triage');
    const { promise: release, resolve } = Promise.withResolvers<void>();
    provider.script = async (call, response, number) => {
      await release;
      await honestProvider(call, response, number);
    };
    const before = provider.calls.length;
    const underWay = ask(token);
    await expect.poll(() => provider.calls.length, SECONDS).toBeGreaterThan(before);
    router.kill('SIGTERM');
    await expect.poll(isReady, SECONDS).toBe(false);
    resolve();
    expect((await underWay).status).toBe(200);
    const [code] = router.exitCode === null ? ((await once(router, 'exit')) as [number]) : [router.exitCode];
    expect(code).toBe(0);
  });

  it('no key, token or prompt was written to the log', () => {
    expect(routerLog).toContain('request finished');
    expect(routerLog).not.toMatch(/(first|second|third|fourth)-key"|came-late|eyJ/);
  });
});

const MERGE = { 'content-type': 'application/merge-patch+json' } as const;

async function create(path: string, body: object): Promise<void> {
  const reply = await api.request('POST', path, body);
  if (reply.status !== 201) throw new Error(`${path}: ${reply.message}`);
}

function aSecret(name: string, key: string): object {
  return { metadata: { name }, stringData: { key } };
}

function aModel(name: string, endpoint: string, secret = 'provider-key'): object {
  return {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'Model',
    metadata: { name },
    spec: {
      provider: 'OpenAICompatible',
      endpoint,
      model: 'provider-model',
      keyFrom: { secretRef: { name: secret } },
      capabilities: ['Chat'],
      price: { inputUsdPerMillionTokens: '1', outputUsdPerMillionTokens: '2' },
    },
  };
}

function anAgent(name: string, models: readonly string[]): object {
  return {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'Agent',
    metadata: { name },
    spec: {
      promptRef: { version: 'triage-000000000000' },
      modelPolicy: { allow: models.map((model) => ({ name: model })) },
    },
  };
}

/** As the kubelet asks for it when it projects the token into a pod. */
async function tokenOf(namespace: string, name: string, audience = 'capataz-router'): Promise<string> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  if ((await api.request('GET', `${accounts}/${name}`)).status === 404) {
    await create(accounts, { metadata: { name } });
  }
  const reply = await api.request('POST', `${accounts}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [audience], expirationSeconds: 600 },
  });
  return (reply.body as { status: { token: string } }).status.token;
}

/** Exactly what the router needs; the chart's golden file holds the same list. */
async function grantRights(): Promise<void> {
  await create('/api/v1/namespaces/capataz-system/serviceaccounts', { metadata: { name: 'capataz-router' } });
  const watch = ['get', 'list', 'watch'];
  await create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'capataz-router' },
    rules: [
      { apiGroups: ['capataz.dev'], resources: ['agents', 'models'], verbs: watch },
      { apiGroups: [''], resources: ['secrets'], verbs: watch },
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    ],
  });
  await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'capataz-router' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'capataz-router' },
    subjects: [{ kind: 'ServiceAccount', name: 'capataz-router', namespace: 'capataz-system' }],
  });
}

async function routerKubeconfig(): Promise<string> {
  const admin = parse(await readFile(api.kubeconfig, 'utf8')) as { users: { user: object }[] };
  const token = await tokenOf(
    'capataz-system',
    'capataz-router',
    'https://kubernetes.default.svc.cluster.local',
  );
  for (const entry of admin.users) entry.user = { token };
  const path = join(directory, 'kubeconfig');
  await writeFile(path, JSON.stringify(admin), { mode: 0o600 });
  return path;
}

async function ask(
  token: string,
  body: object = HELLO,
): Promise<{ status: number; body: Readonly<Record<string, unknown>> }> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function isReady(): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function aFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function selfSignedCertificate(): Promise<{ key: string; cert: string }> {
  const [keyPath, certificatePath] = [join(directory, 'provider.key'), join(directory, 'provider.crt')];
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-noenc',
    '-days',
    '2',
    '-subj',
    '/CN=provider',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    keyPath,
    '-out',
    certificatePath,
  ]);
  return { key: await readFile(keyPath, 'utf8'), cert: await readFile(certificatePath, 'utf8') };
}
