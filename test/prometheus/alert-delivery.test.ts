/** The way of an alert through real programs: figures of ours, Prometheus with the chart's rules, Alertmanager, and whoever it tells. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DASHBOARDS } from '#tools/dashboards/dashboards.ts';
import { AGENT_TOKEN } from '../fakes/router-under-test.ts';
import { sayJson } from '../fakes/scripted-provider.ts';
import { type MonitoredParts, startMonitoredParts } from './monitored-parts.ts';

const FIRST_DOWNLOAD_TIMEOUT_MS = 600_000;
const MODELS = ['large', 'small'];

const stack = new AsyncDisposableStack();
let parts: MonitoredParts;

beforeAll(async () => {
  parts = await startMonitoredParts(stack);
}, FIRST_DOWNLOAD_TIMEOUT_MS);
afterAll(async () => {
  await stack.disposeAsync();
});

async function ask(model: string): Promise<void> {
  await fetch(`${parts.router.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
  });
}

describe('a real Prometheus', () => {
  it('reads all parts, and has no rule that fails', async () => {
    const { query, healthOfRules } = parts.watch;
    await expect
      .poll(async () => (await query('count(up == 1)')).result)
      .toMatchObject([{ value: [expect.any(Number), '3'] }]);
    await expect
      .poll(async () => (await query('max(capataz_ledger_writable)')).result)
      .toMatchObject([{ value: [expect.any(Number), '1'] }]);
    await expect.poll(async () => new Set(await healthOfRules())).toEqual(new Set(['ok']));
  });

  it('answers every question of the dashboards without an error', async () => {
    const panels = DASHBOARDS.flatMap(({ rows }) => rows.flatMap((row) => row.panels));
    const questions = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr));
    expect(questions.length).toBeGreaterThan(30);
    for (const question of questions) {
      const answer = await parts.watch.query(question.replaceAll('$namespace', '.*'));
      expect([question, answer.status]).toEqual([question, 'success']);
    }
  });
});

describe('a key that two providers refuse', () => {
  it('is one page, with both Models, what is the matter, and where it is written what to do', async () => {
    const { router, provider } = parts;
    provider.script = (_, response) => sayJson(response, 401, { error: { message: 'Incorrect API key' } });
    for (const model of MODELS) {
      const keyFrom = { secretRef: { name: `key-of-${model}` } };
      router.setModel(model, { endpoint: provider.url, keyFrom }, `a-key-of-${model}`);
    }
    router.setAgent({ allow: MODELS.map((model) => ({ model, weight: 1 })) });
    for (const model of MODELS) await ask(model);
    await expect
      .poll(() => parts.watch.told('pages', 'CapatazKeyRefused'), { timeout: 60_000 })
      .toHaveLength(1);
    const [page] = parts.watch.told('pages', 'CapatazKeyRefused');
    expect(page?.status).toBe('firing');
    expect(
      page?.alerts.map(({ labels }) => [labels['namespace'], labels['model'], labels['severity']]).toSorted(),
    ).toEqual([
      ['shop', 'large', 'page'],
      ['shop', 'small', 'page'],
    ]);
    const [alert] =
      page?.alerts.toSorted((one, other) =>
        (one.labels['model'] ?? '') < (other.labels['model'] ?? '') ? -1 : 1,
      ) ?? [];
    expect(alert?.annotations).toEqual({
      summary: 'A provider refuses the key of Model large of shop.',
      description:
        'The key was revoked, replaced elsewhere, or never right. The router reads the Secret again by itself.',
      runbook_url: 'https://capataz.dev/docs/operations/alerts.md#capatazkeyrefused',
    });
    expect(parts.watch.told('tickets', 'CapatazKeyRefused')).toEqual([]);
  });
});

describe('a mistake of the router', () => {
  it('is a ticket and wakes nobody', async () => {
    const { router, provider } = parts;
    router.setModel('broken', { endpoint: provider.url }, 'a-key');
    router.setAgent({ allow: [{ model: 'broken', weight: 1 }] });
    router.breakModel('broken');
    await ask('broken');
    await expect
      .poll(() => parts.watch.told('tickets', 'CapatazRouterMistake'), { timeout: 60_000 })
      .toHaveLength(1);
    expect(parts.watch.told('pages', 'CapatazRouterMistake')).toEqual([]);
  });
});
