/** What the console's server would answer, of generated data. */
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { AgentsAnswer, NowAnswer, SessionAnswer } from '#services/console/api/answers.ts';
import { generateAttention } from './generated-attention.ts';
import { generateFleet } from './generated-fleet.ts';
import { generateRollout, generateRollouts } from './generated-rollouts.ts';
import { generateAgent, generateDrift } from './generated-history.ts';
import {
  generateFailures,
  generateRun,
  generateRuns,
  generateTexts,
  generateVerification,
} from './generated-runs.ts';
import { generateCheckpoints, generateModels, generateRecords, generateSecurity } from './generated-areas.ts';
import { fleetSummary } from './generated-summary.ts';

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
}
export interface Said {
  readonly status: number;
  readonly answer: unknown;
}
export type Routes = (asked: Asked) => Said;
type Route = (parameters: Readonly<Record<string, string>>, asked: Asked) => unknown;

const RIGHTS = [
  'get agents',
  'get agents/costs',
  'get agents/runs',
  'get agents/securityevents',
  'get agents/audit',
  'get agents/texts',
  'update agents/silence',
  'get canaryrollouts',
  'get models',
];
/** What somebody who only looks may do. */
const VIEWER_RIGHTS = new Set([
  'get agents',
  'get agents/costs',
  'get agents/runs',
  'get canaryrollouts',
  'get models',
]);
/** A token that lacks every right to act, to see the greyed buttons. */
const VIEWER_TOKEN = 'viewer';

export function createRoutes(agents: number): Routes {
  const now = Date.now() * 1000;
  const rows = generateFleet(agents, now);
  const attention = generateAttention(rows, now);
  const rollouts = generateRollouts(now);
  const runs = generateRuns(rows, now, 400);
  const runOf = (id: string | undefined) => runs.find((run) => run.id === id);
  let session: 'operator' | 'viewer' | undefined = 'operator';
  const sessionAnswer = (): SessionAnswer => ({
    user: session === 'viewer' ? 'system:serviceaccount:support:reader' : 'ana.ruiz@example.com',
    groups: [],
    door: 'token',
    expiresMicroseconds: Date.now() * 1000 + 3_000_000_000,
    csrfToken: 'generated',
    namespaces: 'all',
  });
  const routes: readonly (readonly [method: string, pattern: string, route: Route])[] = [
    ['GET', '/v1/session', () => (session === undefined ? loggedOut() : sessionAnswer())],
    [
      'DELETE',
      '/v1/session',
      () => {
        session = undefined;
        return undefined;
      },
    ],
    [
      'POST',
      '/v1/session/token',
      (_, { body }) => {
        const { token } = body as { readonly token: string };
        if (token === 'wrong')
          return refusal(
            401,
            'unauthenticated',
            'The token is not of the audience capataz-console: make one with the command that is shown.',
          );
        session = token === VIEWER_TOKEN ? 'viewer' : 'operator';
        return sessionAnswer();
      },
    ],
    [
      'GET',
      '/v1/rights',
      () => ({
        rights: Object.fromEntries(
          RIGHTS.map((right) => [right, session === 'operator' || VIEWER_RIGHTS.has(right)]),
        ),
      }),
    ],
    [
      'GET',
      '/v1/now',
      (): NowAnswer => ({
        asOfMicroseconds: Date.now() * 1000,
        problem: null,
        ...fleetSummary(rows),
        attention,
        rollouts: rollouts.filter(({ candidate }) => candidate !== null),
      }),
    ],
    ['GET', '/v1/agents', (_, { url }) => answerAgents(rows, url)],
    [
      'GET',
      '/v1/agents/:namespace/:name',
      ({ namespace, name }) => {
        const row = rows.find((each) => each.namespace === namespace && each.name === name);
        return row === undefined ? missing() : generateAgent(row, attention, now);
      },
    ],
    [
      'GET',
      '/v1/runs',
      (_, { url: { searchParams } }) => {
        const fits = (name: string, value: string): boolean =>
          ['', value].includes(searchParams.get(name) ?? '');
        const found = runs.filter(
          (run) => fits('namespace', run.namespace) && fits('agent', run.agent) && fits('status', run.status),
        );
        const [from, limit] = [Number(searchParams.get('cursor')), Number(searchParams.get('limit')) || 50];
        return {
          runs: found.slice(from, from + limit),
          nextCursor: from + limit < found.length ? String(from + limit) : null,
        };
      },
    ],
    [
      'GET',
      '/v1/runs/:id',
      ({ id }, { url }) => {
        const run = runOf(id);
        return run === undefined ? missing() : generateRun(run, Number(url.searchParams.get('after')));
      },
    ],
    [
      'GET',
      '/v1/runs/:id/failures',
      ({ id }) => {
        const run = runOf(id);
        return run === undefined ? missing() : generateFailures(run);
      },
    ],
    [
      'POST',
      '/v1/runs/:id/texts',
      ({ id }) => {
        const run = runOf(id);
        return run === undefined ? missing() : generateTexts(run);
      },
    ],
    [
      'GET',
      '/v1/runs/:id/verification',
      (_, { url }) => generateVerification(url.searchParams.get('record') ?? ''),
    ],
    [
      'GET',
      '/v1/security',
      (_, { url }) => generateSecurity(now, Number(url.searchParams.get('hours')) || 24),
    ],
    ['GET', '/v1/records', (_, { url }) => generateRecords(now, url)],
    ['GET', '/v1/checkpoints', () => generateCheckpoints()],
    ['GET', '/v1/models', () => generateModels()],
    ['POST', '/v1/attention/:id/silence', () => ({})],
    ['DELETE', '/v1/attention/:id/silence', () => undefined],
    ['GET', '/v1/drift', () => generateDrift(rows, now)],
    ['GET', '/v1/rollouts', () => ({ rollouts })],
    [
      'GET',
      '/v1/rollouts/:namespace/:name',
      ({ namespace, name }) => {
        const row = rollouts.find((each) => each.namespace === namespace && each.name === name);
        return row === undefined ? missing() : generateRollout(row, now, session === 'operator');
      },
    ],
    [
      'POST',
      '/v1/rollouts/:namespace/:name/commands',
      (_, { body }) => ({
        status: 202,
        answer: { id: (body as { readonly id: string }).id, recordId: 'record' },
      }),
    ],
  ];
  return (asked) => {
    for (const [method, pattern, route] of routes) {
      const parameters = method === asked.method ? matched(pattern, asked.url.pathname) : undefined;
      if (parameters === undefined) continue;
      const said = route(parameters, asked);
      return isSaid(said) ? said : { status: 200, answer: said };
    }
    return missing();
  };
}

function matched(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = decodeURIComponent(given[at] ?? '');
    if (part.startsWith(':')) parameters[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return parameters;
}

function isSaid(said: unknown): said is Said {
  return typeof said === 'object' && said !== null && 'status' in said && 'answer' in said;
}

const refusal = (status: number, code: string, message: string): Said => ({
  status,
  answer: { error: { code, message } },
});
const missing = (): Said => refusal(404, 'unknown_path', 'There is nothing here, or you may not see it.');
const loggedOut = (): Said => ({
  status: 401,
  answer: {
    doors: ['token', 'openid'],
    tokenCommand:
      'kubectl create token capataz-viewer --namespace capataz-system --audience capataz-console --duration 1h',
  },
});

const AMOUNTS: Readonly<Record<string, (row: AgentRow) => number | null>> = {
  cost: ({ cost }) => cost.projected,
  cost_ratio: ({ cost }) => cost.ratio,
  latency: ({ latency }) => latency.amount,
  latency_ratio: ({ latency }) => latency.ratio,
  failed: ({ runs }) => (runs.total === 0 ? null : runs.failed / runs.total),
  unfitting: ({ runs }) => (runs.total === 0 ? null : runs.unfitting / runs.total),
  security: ({ securityEvents }) => securityEvents.total,
  month: ({ costMonthEnd }) => costMonthEnd,
  urgency: (row) =>
    (row.state === 'stalled' ? 20 : 0) +
    (row.drift.status === 'True' ? 10 : 0) +
    (row.cost.ratio ?? 0) +
    (row.latency.ratio ?? 0),
};

function answerAgents(rows: readonly AgentRow[], { searchParams }: URL): AgentsAnswer {
  const wanted = (name: string): string => searchParams.get(name) ?? '';
  const found = rows.filter(
    (row) =>
      `${row.namespace}/${row.name} ${row.prompt?.name} ${row.models.join(' ')}`.includes(wanted('search')) &&
      ['', row.namespace].includes(wanted('namespace')) &&
      ['', row.state].includes(wanted('state')) &&
      ['', row.cost.verdict, row.latency.verdict].includes(wanted('verdict')),
  );
  const [sign, amount] = [wanted('order') === 'ascending' ? 1 : -1, AMOUNTS[wanted('sort')]];
  const sorted = found.toSorted((a, b) => {
    if (amount === undefined)
      return sign * `${a.name}/${a.namespace}`.localeCompare(`${b.name}/${b.namespace}`);
    const [left, right] = [amount(a), amount(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return sign * (left - right);
  });
  const [from, limit] = [Number(wanted('cursor')), Number(wanted('limit')) || 100];
  return {
    asOfMicroseconds: Date.now() * 1000,
    problem: null,
    rows: sorted.slice(from, from + limit),
    total: sorted.length,
    totalUnfiltered: rows.length,
    nextCursor: from + limit < sorted.length ? String(from + limit) : null,
  };
}
