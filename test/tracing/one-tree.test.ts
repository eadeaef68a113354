/** A caller, an agent's runtime, the router and a model as they stand in the cluster, and one collector for all of them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { OtlpSpan } from '#domain/otlp/reported-work.ts';
import { AgentBench } from '#services/agent-runtime/testing/agent-bench.ts';
import { configurationText } from '#services/agent-runtime/testing/configurations.ts';
import { FakeTool } from '#services/agent-runtime/testing/fake-tool.ts';
import { createLogger } from '#telemetry/logger.ts';
import { TRACING_VARIABLES, tracingSettings } from '#telemetry/tracing/tracing-settings.ts';
import { startTracing } from '#telemetry/tracing/tracing.ts';
import { z } from 'zod';
import { type OtlpCollector, startOtlpCollector } from '#test/fakes/otlp-collector.ts';
import { AGENT_TOKEN, type RouterUnderTest, startRouterUnderTest } from '#test/fakes/router-under-test.ts';
import {
  type ProviderScript,
  type ScriptedProvider,
  openAiAnswer,
  sayJson,
  sayStream,
  startScriptedProvider,
} from '#test/fakes/scripted-provider.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER_SPAN = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE}-${CALLER_SPAN}-01`;
const SECRET = 'what nobody may read in a trace';

interface Platform {
  readonly agent: AgentBench;
  readonly router: RouterUnderTest;
  readonly providers: readonly ScriptedProvider[];
  readonly collector: OtlpCollector;
  readonly tool: FakeTool;
  /** Ends all processes and gives all that the collector was sent. */
  readonly spans: () => Promise<readonly OtlpSpan[]>;
}

async function platform(...scripts: readonly ProviderScript[]): Promise<Platform> {
  const collector = await startOtlpCollector();
  cleanUps.push(collector.close);
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const tracing = await startTracing(
    tracingSettings(z.object(TRACING_VARIABLES).parse(environment)),
    { serviceName: 'capataz-router', instance: 'router-1' },
    { registry: new Registry(), logger: createLogger('test', 'silent') },
  );
  const router = await startRouterUnderTest({ tracing, random: () => 0 });
  const providers = await Promise.all(scripts.map((script) => startScriptedProvider(script)));
  cleanUps.push(router.close, ...providers.map(({ close }) => close));
  for (const [index, provider] of providers.entries()) {
    router.setModel(`model-${index}`, { endpoint: provider.url });
  }
  router.setAgent({
    allow: providers.map((_provider, index) => ({ model: `model-${index}`, weight: 100 - index })),
  });
  const folder = await mkdtemp(join(tmpdir(), 'one-tree-'));
  cleanUps.push(() => rm(folder, { recursive: true }));
  const tokenPath = join(folder, 'token');
  await writeFile(tokenPath, AGENT_TOKEN);
  const tool = await FakeTool.start();
  cleanUps.push(async () => tool[Symbol.asyncDispose]());
  const agent = await AgentBench.start(configurationText({ tools: ['calculate', tool.configuration()] }), {
    ...environment,
    CAPATAZ_ALLOW_LOOPBACK_TOOLS: 'true',
    CAPATAZ_ROUTER_URL: `http://127.0.0.1:${router.port}`,
    CAPATAZ_ROUTER_TOKEN_PATH: tokenPath,
  });
  cleanUps.push(async () => agent[Symbol.asyncDispose]());
  return {
    agent,
    router,
    providers,
    collector,
    tool,
    spans: async () => {
      await agent.stop();
      // What waits to be written down is written with the next scrape.
      await router.metrics();
      await tracing.stop();
      return collector.spans();
    },
  };
}

/** First a tool, then an answer. */
const callFirst =
  (name: string, givenArguments: string): ProviderScript =>
  (call, response) => {
    const messages = call.body['messages'] as readonly { readonly role: string }[];
    if (messages.some(({ role }) => role === 'tool')) {
      if (call.body['stream'] === true) sayStream(response);
      else sayJson(response, 200, openAiAnswer(SECRET));
      return;
    }
    const toolCall = {
      id: 'c',
      type: 'function',
      function: { name, arguments: givenArguments },
    };
    const message = { role: 'assistant', content: SECRET, tool_calls: [toolCall] };
    sayJson(response, 200, {
      ...openAiAnswer(),
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    });
  };

const thinkTwice = callFirst('calculate', '{"expression":"1+1"}');

const broken: ProviderScript = (_call, response) => sayJson(response, 500, { error: { message: SECRET } });

function operationsUnder(spans: readonly OtlpSpan[], parent: OtlpSpan | undefined): readonly unknown[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent?.spanId)
    .map(({ name }) => name)
    .toSorted();
}

describe('the spans of a run', () => {
  it('are one tree from the caller to the model, with no span left alone', async () => {
    const { agent, providers, collector, spans: told } = await platform(thinkTwice);
    const answer = await agent.post('/v1/runs', { input: { name: SECRET } }, { traceparent: TRACEPARENT });
    expect(answer.status).toBe(200);
    const spans = await told();
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(ids.size).toBe(spans.length);
    const roots = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId ?? ''));
    expect(roots).toMatchObject([{ name: 'invoke_agent greeter', parentSpanId: CALLER_SPAN }]);
    expect(operationsUnder(spans, roots[0])).toEqual(['chat auto', 'chat auto', 'execute_tool calculate']);
    const tool = spans.find(({ name }) => name === 'execute_tool calculate');
    expect(Object.fromEntries(tool?.attributes ?? [])).toMatchObject({
      operation: 'execute_tool',
      tool: 'calculate',
      toolCall: expect.any(String),
    });
    const requests = spans.filter(({ name }) => name === 'chat auto');
    for (const request of requests) expect(operationsUnder(spans, request)).toEqual(['chat provider-model']);
    // The model hears of the very attempt that asks it.
    const attempts = spans.filter(({ name }) => name === 'chat provider-model');
    expect(providers[0]?.calls.map(({ headers }) => headers['traceparent'])).toEqual(
      attempts.map(({ spanId }) => `00-${TRACE}-${spanId}-01`),
    );
    const runId = String(answer.json()['runId']);
    for (const span of spans) expect(span.attributes.get('run')).toBe(runId);
    expect(Buffer.concat(collector.bodies).includes(SECRET)).toBe(false);
  });

  it('go on in a tool that is asked over HTTP', async () => {
    const { agent, tool, spans: told } = await platform(callFirst('book-room', '{"room":"1"}'));
    await agent.post('/v1/runs', { input: { name: 'Ada' } }, { traceparent: TRACEPARENT });
    const span = (await told()).find(({ name }) => name === 'execute_tool book-room');
    expect(tool.effects).toMatchObject([{ traceparent: `00-${TRACE}-${span?.spanId}-01` }]);
  });

  it('call a tool that there is not by no name of the model', async () => {
    const invents: ProviderScript = (call, response, number) => {
      if (number > 1)
        return thinkTwice({ ...call, body: { messages: [{ role: 'tool' }] } }, response, number);
      const calling = { id: 'c', type: 'function', function: { name: 'say_the_secret', arguments: '{}' } };
      const message = { role: 'assistant', content: null, tool_calls: [calling] };
      sayJson(response, 200, {
        ...openAiAnswer(),
        choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
      });
    };
    const { agent, collector, spans: told } = await platform(invents);
    await agent.run();
    const tool = (await told()).find(({ name }) => name.startsWith('execute_tool'));
    expect(tool).toMatchObject({ name: 'execute_tool (unknown_tool)', hasFailed: true });
    expect(Buffer.concat(collector.bodies).includes('say_the_secret')).toBe(false);
  });

  it('count tokens on attempts alone', async () => {
    const { agent, spans: told } = await platform(thinkTwice);
    await agent.run();
    const counted = (await told()).filter(({ attributes }) => attributes.has('inputTokens'));
    expect(counted.map(({ name }) => name)).toEqual(['chat provider-model', 'chat provider-model']);
    expect(Object.fromEntries(counted[0]?.attributes ?? [])).toMatchObject({
      operation: 'chat',
      modelAsked: 'provider-model',
      modelServed: 'provider-model',
      inputTokens: 10n,
      outputTokens: 5n,
    });
  });

  it('tell of each attempt, of the one that failed as well', async () => {
    const { agent, spans: told } = await platform(broken, thinkTwice);
    expect((await agent.run()).status).toBe(200);
    const spans = await told();
    const failed = spans.filter(({ hasFailed }) => hasFailed);
    expect(failed.length).toBeGreaterThan(0);
    for (const { name, attributes } of failed) {
      expect(name).toBe('chat provider-model');
      expect(attributes.get('errorType')).toBe('unavailable');
    }
  });

  it('lie within each other in time, to the millisecond that clocks tell', async () => {
    const { agent, spans: told } = await platform(thinkTwice);
    await agent.run();
    const spans = await told();
    const millisecond = 2_000_000n;
    for (const span of spans) {
      const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
      if (parent === undefined) continue;
      expect(span.startNanoseconds >= parent.startNanoseconds - millisecond).toBe(true);
      expect(span.endNanoseconds <= parent.endNanoseconds + millisecond).toBe(true);
    }
  });

  it('are none of a run whose caller wants none', async () => {
    const { agent, router, collector, spans: told } = await platform(thinkTwice);
    await agent.post(
      '/v1/runs',
      { input: { name: 'Ada' } },
      { traceparent: `00-${TRACE}-${CALLER_SPAN}-00` },
    );
    expect(await told()).toEqual([]);
    expect(collector.bodies).toEqual([]);
    expect(router.facts.every(({ trace }) => trace?.traceId === TRACE)).toBe(true);
  });

  it('cost nobody his answer when the collector is away', async () => {
    const { agent, collector, spans: told } = await platform(thinkTwice);
    collector.answer = (response) => void response.destroy();
    expect((await agent.run()).status).toBe(200);
    await told();
  });
});
