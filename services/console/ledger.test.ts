/** What a person reads of the ledger through the console: by his own rights, and under his own name. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type ConsoleUnderTest,
  EVERYTHING,
  type Visitor,
  startConsoleUnderTest,
} from './testing/console-under-test.ts';
import { TOKEN_OF_CONSOLE, TOKEN_OF_ROUTER, tokenOfAgent } from './testing/real-ledger.ts';
import { anAgent } from './testing/sample-observations.ts';
import { tokenOf } from './testing/scripted-kubernetes.ts';

const AT = (Date.now() - 60_000) * 1_000;
const FORMULA = '=HYPERLINK("http://evil.example")';
let sequence = 0;

let console: ConsoleUnderTest;
let ana: Visitor;
beforeAll(async () => {
  console = await startConsoleUnderTest({}, { isLedgerReal: true });
  for (const namespace of ['shop', 'hidden']) {
    console.kubernetes.put('agents', anAgent(namespace, 'triage'));
    await tellRun(namespace, 'run-1');
  }
  ana = await console.person('ana', [...OF_SHOP, 'get agents/texts shop']);
  await vi.waitUntil(async () => (await ana.get('/v1/agents')).body.total === 1);
}, 60_000);
afterAll(async () => {
  await console[Symbol.asyncDispose]();
});

const OF_SHOP = EVERYTHING.map((right) => right.replace('*', 'shop'));

/** A run of 300 cycles, of which two went wrong. */
async function tellRun(namespace: string, run: string): Promise<void> {
  const source = () => ({
    process: 'agent-runtime',
    instance: 'pod',
    boot: 'boot',
    sequence: (sequence += 1),
  });
  const common = (id: string) => ({
    id: `${namespace}-${run}-${id}`,
    namespace,
    atMicroseconds: AT,
    source: source(),
    run: { id: run },
    agent: { name: 'triage' },
  });
  const records = [
    {
      ...common('begun'),
      type: 'run_begun',
      content: 'Full',
      contentRetentionDays: 30,
      input: { characters: 6 },
      tools: [],
      limits: { steps: 500, seconds: 60 },
    },
    ...Array.from({ length: 300 }, (_, index) => ({
      ...common(`cycle-${index}`),
      type: 'cycle',
      phase: 'action',
      outcome: index === 150 || index === 299 ? 'timed_out' : 'ok',
      toolCalls: 0,
      durationMicroseconds: 1,
    })),
    {
      ...common('ended'),
      type: 'run_ended',
      status: 'succeeded',
      steps: 300,
      repairs: 0,
      costNanoUsd: 123_456_789,
      models: ['small'],
      durationMicroseconds: 1_000,
      records: 302,
    },
  ];
  const token = tokenOfAgent(namespace, 'triage');
  const texts = [
    {
      recordId: `${namespace}-${run}-begun`,
      field: 'input',
      text: `secret of ${namespace}`,
      retentionDays: 30,
    },
  ];
  const told = await console.ledger().request('POST', '/v1/records', { token, body: { records, texts } });
  expect(told.body).toMatchObject({ written: 302, refused: [] });
  const attempt = {
    id: `${namespace}-${run}:1`,
    namespace,
    atMicroseconds: AT,
    source: { process: 'router', instance: 'router', boot: namespace, sequence: 1 },
    type: 'model_attempt',
    run: { id: run },
    agent: { name: 'triage' },
    requestId: 'r',
    attempt: 1,
    operation: 'chat',
    model: 'small',
    provider: 'OpenAI',
    providerModel: FORMULA,
    modelServed: 'small-2026',
    outcome: 'ok',
    usageSource: 'provider',
    costNanoUsd: 987_654_321,
    durationMicroseconds: 400_000,
  };
  const body = { records: [attempt] };
  const charged = await console.ledger().request('POST', '/v1/records', { token: TOKEN_OF_ROUTER, body });
  expect(charged.body).toMatchObject({ written: 1, refused: [] });
}

describe('runs', () => {
  it('are those of the namespace that the person may see, and no others', async () => {
    const { status, body } = await ana.get('/v1/runs');
    expect([status, body.runs.map(({ namespace }: { namespace: string }) => namespace)]).toEqual([
      200,
      ['shop'],
    ]);
    const hidden = await ana.get('/v1/runs?namespace=hidden');
    expect([hidden.status, hidden.body.error.code]).toEqual([403, 'not_allowed']);
    for (const path of ['/v1/runs/run-1?namespace=hidden', '/v1/runs/run-1/failures?namespace=hidden']) {
      expect((await ana.get(path)).status).toBe(403);
    }
  });

  it('come window by window, each entry once', async () => {
    const positions: number[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const { body } = await ana.get(`/v1/runs/run-1?namespace=shop&after=${after}`);
      expect(body.entries.length).toBeLessThanOrEqual(200);
      positions.push(...body.entries.map(({ position }: { position: number }) => position));
      after = body.nextAfter;
    }
    expect([positions.length, new Set(positions).size]).toEqual([303, 303]);
  });

  it('have what went wrong first', async () => {
    const { body } = await ana.get('/v1/runs/run-1/failures?namespace=shop');
    expect(body.entries.map(({ record }: { record: { id: string } }) => record.id)).toEqual([
      'shop-run-1-cycle-150',
      'shop-run-1-cycle-299',
    ]);
    const first = await ana.get('/v1/runs/run-1/failures?namespace=shop&limit=1');
    const next = await ana.get(
      `/v1/runs/run-1/failures?namespace=shop&limit=1&after=${first.body.nextAfter}`,
    );
    expect(next.body.entries[0].record.id).toBe('shop-run-1-cycle-299');
  });

  it('show no money without agents/costs, in rows, entries and exports', async () => {
    const ben = await console.person(
      'ben',
      OF_SHOP.filter((right) => !right.includes('costs')),
    );
    const paths = [
      '/v1/runs?namespace=shop',
      '/v1/runs/run-1?namespace=shop&after=0',
      '/v1/records?namespace=shop',
      '/v1/export?namespace=shop',
    ];
    for (const path of paths) {
      const shown = JSON.stringify((await ben.get(path)).body);
      expect([path, shown.includes('987654321'), shown.includes('123456789')]).toEqual([path, false, false]);
    }
    expect(JSON.stringify((await ana.get('/v1/export?namespace=shop')).body)).toContain('987654321');
  });
});

describe('records', () => {
  it('are found from a time on, in all namespaces as in one', async () => {
    const root = await console.person('root', EVERYTHING);
    const all = await root.get('/v1/records?from=2020-01-01T00:00:00Z&types=run_ended');
    const namespaces = all.body.entries.map(
      ({ record }: { record: { namespace: string } }) => record.namespace,
    );
    expect([all.status, new Set(namespaces)]).toEqual([200, new Set(['shop', 'hidden'])]);
    const later = await root.get('/v1/records?from=2100-01-01T00:00:00Z');
    expect([later.status, later.body.entries]).toEqual([200, []]);
  });
});

describe('texts', () => {
  it('are revealed with a reason, and the record of it names the person', async () => {
    const path = '/v1/runs/run-1/texts?namespace=shop';
    expect((await ana.request('POST', path, { body: { reason: ' ' } })).status).toBe(400);
    const { status, body } = await ana.request('POST', path, { body: { reason: 'A complaint.' } });
    expect([status, body.texts]).toEqual([
      200,
      [{ recordId: 'shop-run-1-begun', field: 'input', text: 'secret of shop' }],
    ]);
    const { entries } = (await ana.get('/v1/records?namespace=shop&types=content_access')).body;
    expect(entries.map(({ record }: { record: object }) => record)).toEqual([
      expect.objectContaining({ by: 'ana', reason: 'A complaint.', action: 'revealed' }),
    ]);
  });

  it('are shown to nobody without agents/texts', async () => {
    const ben = await console.person('ben', OF_SHOP);
    const answer = await ben.request('POST', '/v1/runs/run-1/texts?namespace=shop', {
      body: { reason: 'x' },
    });
    expect([answer.status, answer.body.error.message]).toEqual([
      403,
      expect.stringContaining('get agents/texts'),
    ]);
  });
});

describe('the proof of a record', () => {
  it('is computed here, from the entry up to the signed root', async () => {
    const path = '/v1/runs/run-1/verification?namespace=shop&record=shop-run-1-ended';
    const { status, body } = await ana.get(path);
    expect([status, body]).toMatchObject([200, { isVerified: true, witnessed: false, leafIndex: 301 }]);
    expect(body.steps.map(({ isRight }: { isRight: boolean }) => isRight)).toEqual([true, true, true, false]);
    expect(body.rootHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('can be taken along as a file', async () => {
    const { status, headers, body } = await ana.get('/v1/records/shop/shop-run-1-ended/evidence');
    expect([status, headers.get('content-disposition')]).toEqual([
      200,
      'attachment; filename="shop-run-1-ended.tlog-proof"',
    ]);
    expect(body).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
    expect((await ana.get('/v1/records/hidden/hidden-run-1-ended/evidence')).status).toBe(403);
  });

  it('has its checkpoint among those of the namespaces that the person may audit', async () => {
    const { logs } = (await ana.get('/v1/checkpoints')).body;
    expect(logs).toEqual([expect.objectContaining({ namespace: 'shop', isWitnessed: false })]);
  });
});

describe('an export', () => {
  it('is one record a line, and in CSV no cell begins a formula', async () => {
    const lines = (await ana.get('/v1/export?namespace=shop&types=model_attempt')).body.trim().split('\n');
    expect(JSON.parse(lines[0])).toMatchObject({ record: { providerModel: FORMULA } });
    const csv = (await ana.get('/v1/export?namespace=shop&types=run_begun,model_attempt&format=csv')).body;
    expect(csv).toMatch(/^position,received,type,/);
    expect(csv).not.toMatch(/(^|,|\n)"?[=+\-@\t\r]/);
    expect((await ana.get('/v1/export?namespace=hidden')).status).toBe(403);
  });
});

describe('what is counted of the ledger', () => {
  it('is of Models how they answered in the last hour, with keys by name', async () => {
    console.kubernetes.put('models', {
      metadata: { name: 'small', namespace: 'shop' },
      spec: {
        provider: 'OpenAI',
        model: 'gpt',
        keyFrom: { secretRef: { name: 'openai' } },
        price: { inputUsdPerMillionTokens: '0.15', outputUsdPerMillionTokens: '0.60' },
      },
    });
    await expect.poll(async () => (await ana.get('/v1/models')).body.models.length).toBe(1);
    expect((await ana.get('/v1/models')).body.models[0]).toMatchObject({
      name: 'small',
      key: 'openai/key',
      inputPrice: 150_000_000,
      served: ['small-2026'],
      attempts: 1,
      failedAttempts: 0,
      medianMicroseconds: 400_000,
    });
  });

  it('is of security events what was tried, and what of it was stopped', async () => {
    const { status, body } = await ana.get('/v1/security?namespace=shop&hours=1');
    expect([status, body]).toMatchObject([200, { problem: null, blocked: 0 }]);
    expect(body.byEvent.map(({ name }: { name: string }) => name)).toContain('content_revealed');
    expect((await ana.get('/v1/security?namespace=hidden')).status).toBe(403);
  });
});

describe('the ledger', () => {
  const asks = async (token: string, person: object | string): Promise<number> => {
    const header =
      typeof person === 'string' ? person : Buffer.from(JSON.stringify(person)).toString('base64url');
    const headers = { 'x-capataz-on-behalf-of': header };
    return (await console.ledger().request('GET', '/v1/runs?namespace=shop', { token, headers })).status;
  };

  it('judges the rights of the person whom the console names, and not those of the console', async () => {
    const person = (username: string): object => ({ username, groups: [], extra: {} });
    expect(await asks(TOKEN_OF_CONSOLE, person('ana'))).toBe(200);
    expect(await asks(TOKEN_OF_CONSOLE, person('nobody'))).toBe(403);
    expect(await asks(TOKEN_OF_CONSOLE, 'no person')).toBe(400);
  });

  it('believes nobody else that he asks for another', async () => {
    const ana = { username: 'ana', groups: [], extra: {} };
    expect(await asks(TOKEN_OF_ROUTER, ana)).toBe(403);
    expect(await asks(tokenOf('ana', { audience: 'capataz-ledger' }), ana)).toBe(403);
  });

  it('takes no records from the console in the name of a person', async () => {
    const headers = {
      'x-capataz-on-behalf-of': Buffer.from(
        JSON.stringify({ username: 'ana', groups: [], extra: {} }),
      ).toString('base64url'),
    };
    const told = await console.ledger().request('POST', '/v1/records', { body: { records: [{}] }, headers });
    expect(told.status).toBe(403);
  });
});
