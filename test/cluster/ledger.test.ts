/** The ledger's own process in front of a real API server, with the rights that it needs and no more. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import { type StartedProcess, startProcess } from '#process/testing/started-process.ts';
import { type ApiServer, startApiServerWithKinds } from './api-server.ts';

const LEDGER = 'capataz-ledger';
const API_SERVER = 'https://kubernetes.default.svc.cluster.local';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

let api: ApiServer;
let directory: string;
let ledger: StartedProcess;
let url: string;

beforeAll(async () => {
  [api, directory] = await Promise.all([
    startApiServerWithKinds(),
    mkdtemp(join(tmpdir(), 'capataz-ledger-')),
  ]);
  for (const name of ['shop', 'bank', 'capataz-system']) {
    await create('/api/v1/namespaces', { metadata: { name } });
  }
  await grantRights();
  for (const namespace of ['shop', 'bank']) {
    await create(`/apis/capataz.dev/v1alpha1/namespaces/${namespace}/agents`, anAgent('triage'));
  }
  ledger = startProcess('services/ledger/main.ts', {
    PATH: process.env['PATH'] ?? '',
    CAPATAZ_KUBECONFIG: await ledgerKubeconfig(),
    CAPATAZ_PORT: '0',
    CAPATAZ_METRICS_PORT: '0',
    CAPATAZ_DATABASE_PATH: join(directory, 'ledger.sqlite'),
    CAPATAZ_SIGNING_KEY_PATH: join(directory, 'signing-key'),
    CAPATAZ_TEXT_KEYS_PATH: join(directory, 'text-keys'),
    CAPATAZ_GENERATE_KEYS: 'true',
    CAPATAZ_PLATFORM_WRITERS: 'router=capataz-system/capataz-router',
    CAPATAZ_DRAIN_SECONDS: '2',
    CAPATAZ_DRAIN_LEAD_SECONDS: '0.1',
  });
  url = `http://127.0.0.1:${(await ledger.ports()).port}`;
});

afterAll(async () => {
  await ledger[Symbol.asyncDispose]();
  await api.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('who may tell', () => {
  it('an agent by its token for the ledger, of its own namespace and name', async () => {
    const token = await tokenOf('shop', 'agent-triage');
    expect(await tell(token, aRunBegun('shop', 'run-1'))).toMatchObject({
      status: 200,
      body: { written: 1 },
    });
    expect((await tell(token, aRunBegun('bank', 'run-2'))).body.refused).toMatchObject([
      { code: 'record_not_allowed' },
    ]);
    const bank = await tokenOf('bank', 'agent-triage');
    expect(await tell(bank, aRunBegun('bank', 'run-3'))).toMatchObject({ status: 200, body: { written: 1 } });
  });

  it.each([
    ['a token for another audience', async () => tokenOf('shop', 'agent-triage', 'capataz-router'), 401],
    ['a token for the API server', async () => tokenOf('shop', 'agent-triage', API_SERVER), 401],
    [
      'a broken signature',
      async () => `${(await tokenOf('shop', 'agent-triage')).slice(0, -8)}AAAAAAAA`,
      401,
    ],
    ['no token of anybody', async () => 'rubbish', 401],
    ['a ServiceAccount that is no agent', async () => tokenOf('shop', 'somebody'), 403],
  ])('not by %s', async (_what, token, status) => {
    expect((await tell(await token(), aRunBegun('shop', 'run-4'))).status).toBe(status);
  });

  it('is believed no more than can be known: a token that is bound to no pod tells what is reported', async () => {
    await allow('shop', 'auditor', 'get', 'agents/runs');
    const { body } = await get(await tokenOf('shop', 'auditor'), '/v1/runs/run-1');
    expect(body.entries[0].entry).toMatchObject({
      trust: 'reported',
      reporter: 'system:serviceaccount:shop:agent-triage',
    });
  });
});

describe('who may read', () => {
  it('whoever has a Role in the namespace, there and nowhere else', async () => {
    const token = await tokenOf('shop', 'reader');
    expect((await get(token, '/v1/runs?namespace=shop')).status).toBe(403);
    await allow('shop', 'reader-of-runs', 'get', 'agents/runs');
    const reader = await tokenOf('shop', 'reader-of-runs');
    const { status, body } = await get(reader, '/v1/runs?namespace=shop');
    expect({ status, ids: body.runs.map(({ id }: { id: string }) => id) }).toEqual({
      status: 200,
      ids: ['run-1'],
    });
    expect((await get(reader, '/v1/runs?namespace=bank')).status).toBe(403);
    expect((await get(reader, '/v1/runs')).status).toBe(403);
    expect((await get(reader, '/v1/runs/run-3')).status).toBe(404);
    expect((await get(reader, '/v1/costs?namespace=shop')).status).toBe(403);
    expect((await get(reader, '/v1/logs/shop/checkpoint')).status).toBe(403);
  });

  it('whoever has a ClusterRole, in all namespaces at once', async () => {
    const token = await tokenOf('capataz-system', 'overseer');
    await create(`${RBAC}/clusterroles`, {
      metadata: { name: 'overseer' },
      rules: [{ apiGroups: ['capataz.dev'], resources: ['agents/runs'], verbs: ['get'] }],
    });
    await create(`${RBAC}/clusterrolebindings`, {
      metadata: { name: 'overseer' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'overseer' },
      subjects: [{ kind: 'ServiceAccount', name: 'overseer', namespace: 'capataz-system' }],
    });
    const { body } = await get(token, '/v1/runs');
    expect(new Set(body.runs.map(({ id }: { id: string }) => id))).toEqual(new Set(['run-1', 'run-3']));
  });

  it('of texts, feedback and logs: by a right of its own each', async () => {
    await allow('shop', 'judge', 'create', 'agents/feedback');
    const judge = await tokenOf('shop', 'judge');
    const feedback = await ask('POST', judge, '/v1/feedback', { run: 'run-1', verdict: 'good' });
    expect(feedback.status).toBe(201);
    expect((await ask('POST', judge, '/v1/feedback', { run: 'run-3', verdict: 'good' })).status).toBe(404);
    await allow('shop', 'log-auditor', 'get', 'agents/audit');
    expect(
      (await get(await tokenOf('shop', 'log-auditor'), '/v1/logs/shop/consistency?from=0&to=1')).status,
    ).toBe(200);
  });
});

interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- the answers are of many kinds.
  readonly body: any;
}

async function ask(method: string, token: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

async function get(token: string, path: string): Promise<Answer> {
  return await ask('GET', token, path);
}

async function tell(token: string, record: object): Promise<Answer> {
  return await ask('POST', token, '/v1/records', { records: [record] });
}

async function create(path: string, body: object): Promise<void> {
  const reply = await api.request('POST', path, body);
  if (reply.status !== 201) throw new Error(`${path}: ${reply.message}`);
}

async function tokenOf(namespace: string, name: string, audience = LEDGER): Promise<string> {
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

async function allow(namespace: string, name: string, verb: string, resource: string): Promise<void> {
  await create(`${RBAC}/namespaces/${namespace}/roles`, {
    metadata: { name },
    rules: [{ apiGroups: ['capataz.dev'], resources: [resource], verbs: [verb] }],
  });
  await create(`${RBAC}/namespaces/${namespace}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
}

async function grantRights(): Promise<void> {
  await create(`${RBAC}/clusterroles`, {
    metadata: { name: LEDGER },
    rules: [
      { apiGroups: ['capataz.dev'], resources: ['agents'], verbs: ['get'] },
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    ],
  });
  await create(`${RBAC}/clusterrolebindings`, {
    metadata: { name: LEDGER },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: LEDGER },
    subjects: [{ kind: 'ServiceAccount', name: LEDGER, namespace: 'capataz-system' }],
  });
}

async function ledgerKubeconfig(): Promise<string> {
  const admin = parse(await readFile(api.kubeconfig, 'utf8')) as { users: { user: object }[] };
  const token = await tokenOf('capataz-system', LEDGER, API_SERVER);
  for (const entry of admin.users) entry.user = { token };
  const path = join(directory, 'kubeconfig');
  await writeFile(path, JSON.stringify(admin), { mode: 0o600 });
  return path;
}

function anAgent(name: string): object {
  return {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'Agent',
    metadata: { name },
    spec: {
      promptRef: { version: 'triage-000000000000' },
      modelPolicy: { allow: [{ name: 'main' }] },
    },
  };
}

let sequence = 0;
function aRunBegun(namespace: string, runId: string): RecordOf<'run_begun'> {
  sequence += 1;
  return {
    id: randomUUID(),
    type: 'run_begun',
    namespace,
    atMicroseconds: 1_764_000_000_000_000 + sequence,
    source: { process: 'agent-runtime', instance: 'agent-triage-0', boot: 'boot-1', sequence },
    run: { id: runId },
    agent: { name: 'triage' },
    content: 'Digests',
    contentRetentionDays: 0,
    input: { characters: 2 },
    tools: [],
    limits: { steps: 8, seconds: 60 },
  };
}
