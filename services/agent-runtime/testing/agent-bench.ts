/** A whole agent-runtime in this process, on real ports, between a router and an operator under a test's hand. */
import { createParser } from 'eventsource-parser';
import type { RunningProcess } from '#process/run-process.ts';
import { createLogger } from '#telemetry/logger.ts';
import { AgentRuntimeConfig } from '../config.ts';
import { startAgentRuntime } from '../start-agent-runtime.ts';
import { FakeOperator } from './fake-operator.ts';
import { FakeRouter } from './fake-router.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; fails the test when it is none. */
  readonly json: () => Record<string, unknown> & { readonly error?: { code: string; message: string } };
}

export interface StreamEvent {
  readonly event: string | undefined;
  readonly data: Record<string, unknown>;
}

export class AgentBench {
  readonly router: FakeRouter;
  readonly operator: FakeOperator;
  readonly agent: Required<RunningProcess>;
  /** Everything the process wrote: log lines and trace lines. */
  readonly lines: readonly string[];
  #isStopped = false;

  private constructor(
    router: FakeRouter,
    operator: FakeOperator,
    agent: Required<RunningProcess>,
    lines: string[],
  ) {
    this.router = router;
    this.operator = operator;
    this.agent = agent;
    this.lines = lines;
  }

  static async start(
    configuration?: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<AgentBench> {
    const router = await FakeRouter.start();
    const operator = await FakeOperator.start(configuration);
    const lines: string[] = [];
    const config = AgentRuntimeConfig.parse({
      CAPATAZ_PORT: '0',
      CAPATAZ_METRICS_PORT: '0',
      CAPATAZ_ROUTER_URL: router.url,
      CAPATAZ_CONFIGURATION_URL: operator.url,
      CAPATAZ_POD_NAME: 'pod-1',
      CAPATAZ_LOG_LEVEL: 'debug',
      CAPATAZ_DRAIN_LEAD_SECONDS: '0',
      ...environment,
    });
    const write = (line: string): void => void lines.push(line);
    const agent = await startAgentRuntime(
      config,
      createLogger('agent-runtime', config.logLevel, { write }),
      write,
    );
    const bench = new AgentBench(router, operator, agent, lines);
    if (configuration !== undefined) await bench.untilReady();
    return bench;
  }

  get url(): string {
    return `http://127.0.0.1:${this.agent.port}`;
  }

  get traces(): readonly Record<string, unknown>[] {
    return this.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ type }) => type === 'trace');
  }

  async get(path: string): Promise<HttpAnswer> {
    return answerOf(await fetch(`${this.url}${path}`));
  }

  async post(
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text };
    return answerOf(await fetch(`${this.url}${path}`, init));
  }

  async run(input: Readonly<Record<string, unknown>> = { name: 'Ada' }): Promise<HttpAnswer> {
    return this.post('/v1/runs', { input });
  }

  /** POST /v1/runs as a stream, read to its end. */
  async stream(input: Readonly<Record<string, unknown>> = { name: 'Ada' }): Promise<readonly StreamEvent[]> {
    return eventsOf((await this.post('/v1/runs', { input, stream: true })).text);
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.agent.metricsPort}/metrics`)).text();
  }

  async readiness(): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.agent.metricsPort}/readyz`)).status;
  }

  async servedDigest(): Promise<unknown> {
    const { prompt } = (await this.get('/v1/agent')).json() as { prompt?: { digest: string } };
    return prompt?.digest;
  }

  async untilReady(): Promise<void> {
    await until(async () => (await this.readiness()) === 200);
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.agent.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.operator.close();
    await this.router.close();
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function eventsOf(text: string): readonly StreamEvent[] {
  const events: StreamEvent[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) =>
      events.push({
        event,
        data: data === '[DONE]' ? { done: true } : (JSON.parse(data) as StreamEvent['data']),
      }),
  });
  parser.feed(text);
  return events;
}

async function answerOf(response: Response): Promise<HttpAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as ReturnType<HttpAnswer['json']>,
  };
}
