import { afterEach, describe, expect, it } from 'vitest';
import type { TraceToModels } from '#domain/tracing/told-to-models.ts';
import { AGENT_TOKEN, type RouterUnderTest, startRouterUnderTest } from '#test/fakes/router-under-test.ts';
import {
  type ScriptedProvider,
  honestProvider,
  startScriptedProvider,
} from '#test/fakes/scripted-provider.ts';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
});

const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: 1 };
const TRACEPARENT = `00-${TRACE.traceId}-${TRACE.spanId}-01`;

async function bench(
  traceToModels?: TraceToModels,
): Promise<{ router: RouterUnderTest; provider: ScriptedProvider }> {
  const router = await startRouterUnderTest(traceToModels === undefined ? {} : { traceToModels });
  const provider = await startScriptedProvider(honestProvider);
  cleanUps.push(router.close, provider.close);
  router.setModel('main', { endpoint: provider.url });
  router.setAgent({ allow: [{ model: 'main', weight: 1 }] });
  return { router, provider };
}

async function ask(router: RouterUnderTest, headers: Record<string, string>, stream = false): Promise<void> {
  const response = await fetch(`${router.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }], stream }),
  });
  expect(response.status).toBe(200);
  await response.text();
}

describe('the trace of a caller', () => {
  it('stands in every fact and goes to a model of the cluster, without what others wrote into it', async () => {
    const { router, provider } = await bench();
    const headers = { traceparent: TRACEPARENT, tracestate: 'a=1' };
    await ask(router, headers);
    await ask(router, headers, true);
    expect(router.facts).toHaveLength(4);
    for (const fact of router.facts) expect(fact.trace).toEqual({ ...TRACE, state: 'a=1' });
    for (const { headers: heard } of provider.calls) {
      expect(heard).toMatchObject({ traceparent: TRACEPARENT });
      expect(heard).not.toHaveProperty('tracestate');
    }
  });

  it('is told to no model where that is wanted, and to every model where that is wanted', async () => {
    for (const [setting, heard] of [
      ['none', undefined],
      ['all', TRACEPARENT],
    ] as const) {
      const { router, provider } = await bench(setting);
      await ask(router, { traceparent: TRACEPARENT });
      expect(provider.calls.map(({ headers }) => headers['traceparent'])).toEqual([heard]);
    }
  });

  it('that is none costs nobody his answer and leaves no trace', async () => {
    const { router, provider } = await bench();
    for (const traceparent of ['', 'x', `${TRACEPARENT}-x`, TRACEPARENT.toUpperCase(), 'a'.repeat(10_000)]) {
      await ask(router, { traceparent, tracestate: 'a=1' });
    }
    expect(router.facts.some((fact) => 'trace' in fact)).toBe(false);
    expect(provider.calls.some(({ headers }) => 'traceparent' in headers)).toBe(false);
  });
});
