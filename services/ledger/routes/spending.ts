/**
 * GET /v1/spending: what an agent has spent, told to nobody but the agent itself by its token. By this a round of its probes
 * keeps to what they may cost on a day, however many processes asked before it and whatever became of them.
 */
import type { FastifyInstance } from 'fastify';
import { agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';
import type { AgentSpending } from '#domain/ledger/agent-spending.ts';
import { DAY_SECONDS, METRIC_OF_PURPOSE, periodOf } from '#domain/ledger/rollups/period-sums.ts';
import { callerOf } from '../callers.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import { sendRefusal } from '../replies.ts';

const WEEK_SECONDS = 7 * DAY_SECONDS;
const METRICS_MAXIMUM = 1_000;

export function registerSpending(app: FastifyInstance, { store, nowMicroseconds }: LedgerParts): void {
  app.get('/v1/spending', async (request, reply) => {
    const { serviceAccount, user } = callerOf(request);
    const agent = serviceAccount && agentNameOfServiceAccount(serviceAccount.serviceAccount);
    if (serviceAccount === undefined || agent === undefined) {
      const message = `${user.username} is no agent: GET /v1/costs tells others what they may know.`;
      return sendRefusal(reply, { code: 'not_allowed', message });
    }
    const today = periodOf(nowMicroseconds(), DAY_SECONDS);
    const of = { namespaces: [serviceAccount.namespace], agent };
    const fromMicroseconds = today * 1_000_000;
    const [outcomes, costs] = await Promise.all([
      store.outcomes({ ...of, fromMicroseconds, by: ['metric'], limit: METRICS_MAXIMUM }),
      store.costs({
        ...of,
        fromMicroseconds: (today - WEEK_SECONDS) * 1_000_000,
        toMicroseconds: fromMicroseconds,
        by: [],
        limit: 1,
      }),
    ]);
    const probes = outcomes.find(({ group }) => group.metric === METRIC_OF_PURPOSE.probe);
    return reply.send({
      probesTodayNanoUsd: probes?.costNanoUsd ?? 0,
      weekBeforeNanoUsd: costs[0]?.costNanoUsd ?? 0,
    } satisfies AgentSpending);
  });
}
