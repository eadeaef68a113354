/** GET /v1/now and /v1/agents: the fleet, cut to what the person may see before anything is counted, sorted or added up. */
import type { FastifyInstance } from 'fastify';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { AgentAnswer, AgentsAnswer, NowAnswer, ShownRow } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { rolloutRow } from '../objects/rollout-objects.ts';
import { keyOf } from '../observed/observed-fleet.ts';
import { sumOfCosts, sumOfKnown } from '../observed/fleet-sum.ts';
import { RowsQuery, pageOfRows } from '../observed/row-pages.ts';
import { RefusedError } from '../refused-error.ts';
import { notFound, readRequest } from '../replies.ts';
import { shownItem } from '../rights/shown-attention.ts';
import { shownConditions, shownHistory } from '../rights/shown-history.ts';
import { shownNamespace, shownRow } from '../rights/shown-rows.ts';
import { type Visible, visibleTo } from '../rights/visible.ts';
import { userOf } from '../sessions/check-sessions.ts';

/** Rollouts on the first screen: those that move or wait. */
const MOST_ROLLOUTS = 50;
const MOST_ITEMS = 200;

export function registerFleet(app: FastifyInstance, parts: ConsoleParts): void {
  const { fleet, observed, rollouts, rights, agents, logger } = parts;

  const shownRows = (visible: Visible): readonly ShownRow[] =>
    fleet.rows().flatMap((row) => shownRow(row, visible) ?? []);

  const shownItems = (visible: Visible): readonly AttentionItem[] =>
    observed.attention.flatMap((item) => shownItem(item, visible) ?? []);

  app.get('/v1/now', async (request, reply) => {
    const visible = await visibleTo(rights, userOf(request));
    const rows = shownRows(visible);
    const namespaces = observed.namespaces.flatMap((summary) => shownNamespace(summary, visible) ?? []);
    const answer: NowAnswer = {
      ...fleet.currency(),
      cost: sumOfCosts(namespaces.map(({ cost }) => cost)),
      costMonthToDate: sumOfKnown(namespaces.map((summary) => summary.costMonthToDate)),
      costMonthEnd: sumOfKnown(namespaces.map((summary) => summary.costMonthEnd)),
      runsLastHour: sumOfKnown(namespaces.map((summary) => summary.runsLastHour)),
      failedRunsLastHour: sumOfKnown(namespaces.map((summary) => summary.failedRunsLastHour)),
      agents: rows.length,
      agentsReady: rows.filter(({ state }) => state === 'ready').length,
      namespaces,
      attention: shownItems(visible).slice(0, MOST_ITEMS),
      rollouts: rollouts
        .list()
        .filter(
          ({ metadata, status }) => visible.rollouts.includes(metadata.namespace) && status.phase !== 'Idle',
        )
        .slice(0, MOST_ROLLOUTS)
        .map(rolloutRow),
    };
    return reply.send(answer);
  });

  app.get('/v1/agents', async (request, reply) => {
    const query = readRequest(RowsQuery, request.query);
    const visible = await visibleTo(rights, userOf(request));
    const rows = shownRows(visible);
    const page = pageOfRows(rows, query, urgencyBy(shownItems(visible)));
    if (!page.ok) throw new RefusedError({ code: 'invalid_request', message: page.message, param: 'cursor' });
    const answer: AgentsAnswer = {
      ...fleet.currency(),
      rows: page.rows,
      total: page.total,
      totalUnfiltered: rows.length,
      nextCursor: page.nextCursor,
    };
    return reply.send(answer);
  });

  app.get<{ Params: { namespace: string; name: string } }>(
    '/v1/agents/:namespace/:name',
    async (request, reply) => {
      const { namespace, name } = request.params;
      const visible = await visibleTo(rights, userOf(request));
      const known = fleet.row(namespace, name);
      const row = known && shownRow(known, visible);
      if (row === undefined) throw notFound(`agent ${name} in namespace ${namespace}`);
      const currency = fleet.currency();
      let problem: string | null = null;
      const history = await parts.agentHistory(namespace, name).catch((error: unknown) => {
        logger.warn({ error }, 'the history of an agent could not be read');
        problem = error instanceof Error ? error.message : 'The observer does not answer.';
        return undefined;
      });
      const answer: AgentAnswer = {
        ...currency,
        problem: currency.problem ?? problem,
        row,
        history: history === undefined ? null : shownHistory(history, namespace, visible),
        attention: observed.attention
          .filter((item) => item.agents.some((agent) => agent.namespace === namespace && agent.name === name))
          .flatMap((item) => shownItem(item, visible) ?? []),
        conditions: shownConditions(agents.get(`${namespace}/${name}`)?.conditions ?? [], namespace, visible),
      };
      return reply.send(answer);
    },
  );
}

const URGENCY = { page: 3, ticket: 2, notice: 1 } as const satisfies Record<AttentionItem['urgency'], number>;

/** Of the most urgent item about an agent that nobody has silenced. */
function urgencyBy(
  items: readonly AttentionItem[],
): (row: { readonly namespace: string; readonly name: string }) => number {
  const urgencies = new Map<string, number>();
  for (const { agents, urgency, silence } of items) {
    if (silence !== null) continue;
    for (const agent of agents) {
      const key = keyOf(agent);
      urgencies.set(key, Math.max(urgencies.get(key) ?? 0, URGENCY[urgency]));
    }
  }
  return (row) => urgencies.get(keyOf(row)) ?? 0;
}
