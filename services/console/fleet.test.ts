/** What of the fleet one person sees, and what nobody sees who may not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConsoleUnderTest,
  EVERYTHING,
  type Visitor,
  startConsoleUnderTest,
} from './testing/console-under-test.ts';
import { aMeasure, aRow, aSummary, anAgent, anItem } from './testing/sample-observations.ts';
import { NO_NEWS } from './testing/scripted-observer.ts';

let console: ConsoleUnderTest;
beforeEach(async () => {
  console = await startConsoleUnderTest();
  for (const namespace of ['shop', 'hidden']) {
    console.kubernetes.put('agents', anAgent(namespace, `${namespace}-triage`));
    console.kubernetes.put('models', {
      metadata: { name: `${namespace}-model`, namespace },
      spec: { provider: 'OpenAI', model: 'm' },
    });
    console.kubernetes.put('canaryrollouts', {
      metadata: { name: `${namespace}-prompt`, namespace },
      spec: { prompt: 'triage' },
      status: { phase: 'Progressing' },
    });
  }
  console.observer.tell({
    ...NO_NEWS,
    rows: [aRow('shop', 'shop-triage'), aRow('hidden', 'hidden-triage')],
    namespaces: [aSummary('shop', 1_000_000_000), aSummary('hidden', 4_000_000_000)],
    attention: [
      anItem('cost/shop', [['shop', 'shop-triage']]),
      anItem('cost/hidden', [['hidden', 'hidden-triage']]),
      anItem('model/hidden/hidden-model', [
        ['shop', 'shop-triage'],
        ['hidden', 'hidden-triage'],
      ]),
      anItem('ledger', [], { kind: 'ledger', title: 'The ledger of hidden is away' }),
    ],
  });
});
afterEach(async () => {
  await console[Symbol.asyncDispose]();
});

const OF_SHOP = EVERYTHING.map((right) => right.replace('*', 'shop'));

/** All that a person is answered, as text. */
async function everythingToldTo(person: Visitor): Promise<string> {
  const paths = [
    '/v1/session',
    '/v1/rights',
    '/v1/rights?namespace=hidden',
    '/v1/now',
    '/v1/agents',
    '/v1/agents?search=hidden',
    '/v1/agents/hidden/hidden-triage',
    '/v1/agents/shop/shop-triage',
    '/v1/rollouts',
    '/v1/rollouts/hidden/hidden-prompt',
    '/v1/rollouts/shop/shop-prompt',
  ];
  const answers = await Promise.all(paths.map((path) => person.get(path)));
  return JSON.stringify(answers.map(({ body }) => body));
}

async function shown(person: Visitor): Promise<void> {
  await expect.poll(async () => (await person.get('/v1/agents')).body.rows?.[0]?.runs?.total).toBe(7);
}

describe('a namespace that a person may not see', () => {
  it('is not in any answer: neither its agents nor its name, its items, its rollouts or its sums', async () => {
    const ana = await console.person('ana', OF_SHOP);
    await shown(ana);
    const told = await everythingToldTo(ana);
    // What she asked for herself is repeated to her.
    const unasked = told
      .replaceAll('There is no agent hidden-triage in namespace hidden, or you may not see it.', '')
      .replaceAll('There is no CanaryRollout hidden-prompt in namespace hidden, or you may not see it.', '');
    expect(unasked).not.toContain('hidden');
    const { body } = await ana.get('/v1/now');
    expect(body.agents).toBe(1);
    expect(body.cost.amount).toBe(1_000_000_000);
    expect(body.costMonthToDate).toBe(100_000_000_000);
    expect((await ana.get('/v1/session')).body.namespaces).toEqual(['shop']);
  });

  it('is answered with 404 as one that is not there', async () => {
    const ana = await console.person('ana', OF_SHOP);
    for (const what of ['agents/hidden/hidden-triage', 'rollouts/hidden/hidden-prompt']) {
      const hidden = await ana.get(`/v1/${what}`);
      const missing = await ana.get(`/v1/${what.replaceAll('hidden', 'nobody')}`);
      expect([hidden.status, hidden.body.error.message.replaceAll('hidden', 'nobody')]).toEqual([
        404,
        missing.body.error.message,
      ]);
    }
  });

  it('is cut out of an item that touches it, with every sentence that speaks of the whole', async () => {
    const ana = await console.person('ana', OF_SHOP);
    await shown(ana);
    const { attention } = (await ana.get('/v1/now')).body;
    expect(
      attention.map(({ agents }: { agents: { name: string }[] }) => agents.map(({ name }) => name)),
    ).toEqual([['shop-triage'], ['shop-triage']]);
    expect(attention[1]).toMatchObject({ title: 'Unusual cost', causes: [] });
  });

  it('is all there for whoever may see all, with what is of the platform', async () => {
    const ben = await console.person('ben', EVERYTHING);
    await shown(ben);
    const { body } = await ben.get('/v1/now');
    expect(body.attention).toHaveLength(4);
    expect(body.cost.amount).toBe(5_000_000_000);
    expect(body.agents).toBe(2);
    expect((await ben.get('/v1/rollouts')).body.rollouts).toHaveLength(2);
  });
});

describe('of a namespace that a person may see', () => {
  const without = (right: string): string[] => OF_SHOP.filter((each) => each !== right);

  it('money is unknown without agents/costs, and never 0', async () => {
    const ana = await console.person('ana', without('get agents/costs shop'));
    await shown(ana);
    const [row] = (await ana.get('/v1/agents')).body.rows;
    expect(row).toMatchObject({
      cost: { verdict: 'unknown', amount: null, projected: null, usual: null },
      hourlyCosts: [],
      costMonthToDate: null,
      costMonthEnd: null,
    });
    expect(row.cost.sentence).toBe('You lack the right "get agents/costs" in namespace shop.');
    const now = (await ana.get('/v1/now')).body;
    expect([now.cost.amount, now.costMonthToDate]).toEqual([null, null]);
    expect(JSON.stringify(now.attention)).not.toContain('cost');
    expect(JSON.stringify([row, now])).not.toMatch(/1000000000|5000000/);
  });

  it('runs are null without agents/runs, and what is judged of them is unknown', async () => {
    const ana = await console.person('ana', without('get agents/runs shop'));
    await expect.poll(async () => (await ana.get('/v1/agents')).body.rows?.[0]?.cost.amount).toBe(1_000_000);
    const [row] = (await ana.get('/v1/agents')).body.rows;
    expect(row).toMatchObject({
      runs: null,
      latency: { verdict: 'unknown', amount: null },
      drift: { status: 'Unknown', reason: 'NotAllowed' },
      lastRunMicroseconds: null,
    });
    expect((await ana.get('/v1/now')).body.runsLastHour).toBe(null);
  });

  it('security events are null without agents/securityevents', async () => {
    const ana = await console.person('ana', without('get agents/securityevents shop'));
    await shown(ana);
    expect((await ana.get('/v1/agents')).body.rows[0].securityEvents).toBe(null);
  });

  it('nothing at all is shown without get agents, whatever else is given', async () => {
    const ana = await console.person('ana', without('get agents shop'));
    const told = await everythingToldTo(ana);
    expect(
      told
        .replaceAll('agent shop-triage in namespace shop', '')
        .replaceAll('CanaryRollout shop-prompt in namespace shop', ''),
    ).not.toContain('shop');
  });
});

describe('rights', () => {
  it('that cannot be asked for show nothing', async () => {
    const ana = await console.person('ana', EVERYTHING);
    console.kubernetes.isAway = true;
    for (const path of ['/v1/now', '/v1/agents', '/v1/rollouts', '/v1/rights']) {
      const { status, body } = await ana.get(path);
      expect([path, status, body.error?.code]).toEqual([path, 503, 'access_review_unavailable']);
    }
  });

  it('are asked for with the groups of the person', async () => {
    console.kubernetes.groups.set('ana', ['sre']);
    console.kubernetes.rights.set('sre', new Set(EVERYTHING));
    const ana = await console.person('ana', []);
    expect((await ana.get('/v1/agents')).body.totalUnfiltered).toBe(2);
  });

  it('are told by name, as kubectl auth can-i takes them', async () => {
    const ana = await console.person('ana', [...EVERYTHING, 'update canaryrollouts/abort shop']);
    const { rights } = (await ana.get('/v1/rights?namespace=shop')).body;
    expect(rights).toMatchObject({
      'get agents/costs': true,
      'get agents/texts': false,
      'update canaryrollouts/abort': true,
      'update canaryrollouts/promote': false,
    });
  });
});

describe('a thousand agents', () => {
  beforeEach(async () => {
    const rows = Array.from({ length: 1_000 }, (_, index) => {
      const name = `agent-${String(index).padStart(4, '0')}`;
      console.kubernetes.put('agents', anAgent('shop', name));
      return aRow('shop', name, { cost: aMeasure(index) });
    });
    console.observer.tell({ ...NO_NEWS, rows });
  });

  it('come page by page, each once, sorted by what was asked, none larger than 60 kB', async () => {
    const ana = await console.person('ana', OF_SHOP);
    await expect.poll(async () => (await ana.get('/v1/agents?limit=1')).body.total).toBe(1_001);
    await expect
      .poll(async () => (await ana.get('/v1/agents?sort=cost&limit=1')).body.rows[0].cost.projected)
      .toBe(1_998);
    const names: string[] = [];
    let cursor = '';
    do {
      const { body } = await ana.get(
        `/v1/agents?sort=cost&order=descending&search=agent-&limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(61_000);
      names.push(...body.rows.map(({ name }: { name: string }) => name));
      cursor = body.nextCursor ?? '';
    } while (cursor !== '');
    expect(names).toEqual(
      Array.from({ length: 1_000 }, (_, index) => `agent-${String(999 - index).padStart(4, '0')}`),
    );
  });

  it('are found by words of their name, namespace, prompt or model', async () => {
    const ana = await console.person('ana', OF_SHOP);
    await expect.poll(async () => (await ana.get('/v1/agents?search=SHOP agent-07')).body.total).toBe(100);
    expect((await ana.get('/v1/agents?search=small&state=ready')).body.total).toBe(1_001);
    expect((await ana.get('/v1/agents?sort=nothing')).status).toBe(400);
    expect((await ana.get('/v1/agents?cursor=abc')).body.error).toMatchObject({ param: 'cursor' });
  });
});

describe('an observer that goes away', () => {
  it('is said, what it knew last stays, and it is followed again when it is back', async () => {
    const ana = await console.person('ana', OF_SHOP);
    await shown(ana);
    console.observer.isAway = true;
    console.observer.drop();
    await expect
      .poll(async () => (await ana.get('/v1/now')).body.problem)
      .toContain('What it knew last is shown.');
    expect((await ana.get('/v1/agents')).body.rows[0].runs.total).toBe(7);
    console.observer.isAway = false;
    console.observer.whole = { ...NO_NEWS, rows: [aRow('shop', 'shop-triage', { lastRunMicroseconds: 9 })] };
    await expect
      .poll(async () => (await ana.get('/v1/agents')).body.rows[0].lastRunMicroseconds, { timeout: 8_000 })
      .toBe(9);
    expect((await ana.get('/v1/now')).body).toMatchObject({ problem: null, attention: [] });
  });

  it('that says itself that it is not current is believed', async () => {
    const ana = await console.person('ana', OF_SHOP);
    await shown(ana);
    console.observer.tell({ ...NO_NEWS, problem: 'The ledger does not answer.' });
    await expect
      .poll(async () => (await ana.get('/v1/now')).body.problem)
      .toBe('The ledger does not answer.');
  });
});
