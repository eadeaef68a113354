/** The router's real application over HTTP, with a registry that a test fills by hand and tokens that it knows. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { Registry } from 'prom-client';
import type { TokenReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import type { ModelSpec } from '#crds/model.ts';
import type { Fact, FactStream } from '#domain/facts/fact-stream.ts';
import { RetryBudgets } from '#domain/routing/retry-budget.ts';
import type { RoutableAgent, RoutableModel } from '#domain/routing/routable-model.ts';
import type { TraceToModels } from '#domain/tracing/told-to-models.ts';
import { createRouterApp } from '#services/router/app.ts';
import { BatchedWrites } from '#services/router/batched-writes.ts';
import { createCallerChecks } from '#services/router/caller.ts';
import { Drain } from '#process/drain.ts';
import type { HttpLimits } from '#process/http/http-service.ts';
import { NO_LEDGER, type RecordWriter } from '#domain/ledger/record-writer.ts';
import { createFactStream } from '#services/router/fact-subscribers/fact-subscribers.ts';
import { createMistakes } from '#services/router/mistakes.ts';
import type { RouterSnapshot } from '#services/router/model-registry.ts';
import { resolveModel } from '#services/router/routable-objects.ts';
import { NO_SECURITY_EVENTS, type SecurityEvents } from '#services/router/security-events.ts';
import { createRouterMetrics } from '#services/router/router-metrics.ts';
import { readKey } from '#services/router/secret-key-source.ts';
import { serviceAccountIdentity } from '#services/router/service-account-identity.ts';
import { TargetHealthRegistry } from '#services/router/target-health.ts';
import { NO_TRACING, type Tracing } from '#telemetry/tracing/tracing.ts';
import { createLogger } from '#telemetry/logger.ts';

export interface RouterUnderTest {
  readonly url: string;
  readonly port: number;
  /** All that was logged, at level debug. */
  readonly logs: () => string;
  readonly logLines: () => readonly Readonly<Record<string, unknown>>[];
  readonly metrics: () => Promise<string>;
  readonly health: TargetHealthRegistry;
  /** All facts in the order in which they were published. */
  readonly facts: readonly Fact[];
  readonly factStream: FactStream;
  readonly connections: ProviderConnections;
  /** Time limits may be fractions of a second here. */
  setModel(name: string, spec: GivenModelSpec, secretKey?: string): void;
  setAgent(agent: Partial<RoutableAgent>): void;
  /** From now on every attempt at the model throws where no failure is foreseen, until it is set again. */
  breakModel(name: string): void;
  /** The Secret's key as a direct reading would find it, before any watch. */
  secretKeyNow: string | undefined;
  readonly shutdown: () => void;
  readonly close: () => Promise<void>;
}

export type GivenModelSpec = { readonly [Field in keyof ModelSpec]?: unknown };

export const AGENT_TOKEN = 'agent-token';
export const PLATFORM_TOKEN = 'platform-token';
const NAMESPACE = 'shop';

const tokenReviewer: TokenReviewer = {
  review: async (token) => {
    const serviceAccount = { [AGENT_TOKEN]: 'agent-triage', [PLATFORM_TOKEN]: 'capataz-operator' }[token];
    if (token === 'orphan-token') {
      return { ok: true, identity: { namespace: NAMESPACE, serviceAccount: 'agent-gone' } };
    }
    if (token === 'person-token') {
      return { ok: true, identity: { namespace: NAMESPACE, serviceAccount: 'default' } };
    }
    if (token === 'outage-token') return { ok: false, reason: 'unavailable' };
    return serviceAccount === undefined
      ? { ok: false, reason: 'notAuthenticated' }
      : { ok: true, identity: { namespace: NAMESPACE, serviceAccount } };
  },
};

export async function startRouterUnderTest(
  options: {
    readonly random?: () => number;
    readonly httpLimits?: HttpLimits;
    readonly keepAliveSeconds?: number;
    readonly ledger?: RecordWriter;
    readonly securityEvents?: SecurityEvents;
    readonly traceToModels?: TraceToModels;
    readonly tracing?: Tracing;
  } = {},
): Promise<RouterUnderTest> {
  const { ledger = NO_LEDGER, securityEvents = NO_SECURITY_EVENTS } = options;
  const models = new Map<string, RoutableModel>();
  const agents = new Map<string, RoutableAgent>();
  const specs = new Map<string, ModelSpec>();
  let snapshot: RouterSnapshot = { agents, models };
  const lines: string[] = [];
  const logger = createLogger(
    'router',
    'debug',
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString('utf8'));
        done();
      },
    }),
  );
  const prometheus = new Registry();
  const now = (): number => performance.now();
  const health = new TargetHealthRegistry(now);
  const connections = new ProviderConnections({ allowLoopback: true });
  const drain = new Drain();
  createRouterMetrics(prometheus, {
    breakerStates: () => models.values().map((model) => ({ model, state: health.breakerState(model) })),
    secondsSinceLastContact: () => ({ agents: 0, models: 0 }),
  });
  const mistakes = createMistakes(logger, prometheus);
  const writes = new BatchedWrites(mistakes.report);
  const tracing = options.tracing ?? NO_TRACING;
  const facts = createFactStream(
    { logger, registry: prometheus, tracing, writeLater: writes.later, ledger, securityEvents },
    mistakes,
  );
  const published: Fact[] = [];
  const publish = (fact: Fact): void => void published.push(fact);
  facts.subscribe({ name: 'test', attempt: publish, request: publish });
  const app = createRouterApp(
    {
      registry: {
        snapshot: () => snapshot,
        rereadKey: async (model) => {
          const spec = specs.get(model.name);
          if (spec !== undefined && router.secretKeyNow !== undefined) {
            router.setModel(model.name, spec, router.secretKeyNow);
          }
          return models.get(model.id);
        },
      },
      callers: createCallerChecks(
        serviceAccountIdentity(tokenReviewer, new Set([`${NAMESPACE}/capataz-operator`])),
      ),
      connections,
      health,
      retryBudgets: new RetryBudgets(),
      facts,
      ledger,
      securityEvents,
      platformNamespace: 'capataz-system',
      spans: tracing,
      traceToModels: options.traceToModels ?? 'cluster',
      mistakes,
      logger,
      now,
      epochMilliseconds: Date.now,
      random: options.random ?? Math.random,
      newRequestId: () => randomUUID(),
      keepAliveSeconds: options.keepAliveSeconds ?? 12,
      drain,
    },
    options.httpLimits,
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const router: RouterUnderTest = {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    logs: () => lines.join(''),
    logLines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    metrics: () => {
      writes.flush();
      return prometheus.metrics();
    },
    health,
    facts: published,
    factStream: facts,
    connections,
    secretKeyNow: undefined,
    setModel: (name, given, secretKey) => {
      const spec = aModelSpec(given, secretKey !== undefined);
      specs.set(name, spec);
      const secret =
        secretKey === undefined
          ? ({ state: 'absent' } as const)
          : ({
              state: 'present',
              data: { key: Buffer.from(secretKey).toString('base64') },
              version: '1',
            } as const);
      const key = spec.keyFrom && readKey({ namespace: NAMESPACE, keyFrom: spec.keyFrom }, secret);
      const model = resolveModel({ namespace: NAMESPACE, name }, spec, key, new Date());
      models.set(model.id, model);
      snapshot = { agents, models };
    },
    breakModel: (name) => {
      const model = models.get(`${NAMESPACE}/${name}`);
      if (model === undefined) return;
      const timeouts = Object.defineProperty({ ...model.timeouts }, 'connectMilliseconds', {
        enumerable: true,
        get: () => {
          throw new TypeError('a secret of the mistake');
        },
      });
      models.set(model.id, { ...model, timeouts });
    },
    setAgent: (given) => {
      const agent: RoutableAgent = {
        namespace: NAMESPACE,
        name: 'triage',
        allow: [],
        dataClass: 'Internal',
        ...given,
      };
      agents.set(`${agent.namespace}/${agent.name}`, agent);
      snapshot = { agents, models };
    },
    shutdown: () => drain.end(),
    close: async () => {
      writes.stop();
      app.server.closeAllConnections();
      await app.close();
      await connections.close();
    },
  };
  return router;
}

function aModelSpec(given: GivenModelSpec, hasKey: boolean): ModelSpec {
  const spec: GivenModelSpec = {
    provider: 'OpenAICompatible',
    model: 'provider-model',
    capabilities: ['Chat', 'Tools', 'JsonSchema', 'Vision', 'Embeddings'],
    price: { inputUsdPerMillionTokens: '1', outputUsdPerMillionTokens: '2' },
    ...(hasKey ? { keyFrom: { secretRef: { name: 'provider-key' } } } : {}),
    ...given,
  };
  return spec as ModelSpec;
}
