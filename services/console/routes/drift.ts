/** GET /v1/drift: whose quality drifted, by which signals and why; and how many are watched at all. */
import type { FastifyInstance } from 'fastify';
import type { DriftAnswer, ShownRow } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { shownHistory } from '../rights/shown-history.ts';
import { shownRow } from '../rights/shown-rows.ts';
import { visibleTo } from '../rights/visible.ts';
import { userOf } from '../sessions/check-sessions.ts';

/** Of whom the signals are shown: those that drifted first. */
const MOST_AGENTS = 50;
/** The observer's own budget for the whole fleet. */
const FALSE_ALARMS_PER_WEEK = 1;

export function registerDrift(app: FastifyInstance, parts: ConsoleParts): void {
  app.get('/v1/drift', async (request, reply) => {
    const visible = await visibleTo(parts.rights, userOf(request));
    const rows = parts.fleet
      .rows()
      .flatMap((row) => shownRow(row, visible) ?? [])
      .filter(({ namespace }) => visible.runs.includes(namespace));
    const shown = rows.toSorted(driftedFirst).slice(0, MOST_AGENTS);
    let problem: string | null = null;
    const agents = await Promise.all(
      shown.map(async ({ namespace, name, drift, probed, prompt }) => {
        const history = await parts.agentHistory(namespace, name).catch((error: unknown) => {
          problem = error instanceof Error ? error.message : 'The observer does not answer.';
          return undefined;
        });
        const { signals, causes } =
          history === undefined ? { signals: [], causes: [] } : shownHistory(history, namespace, visible);
        return { namespace, name, drift, probed, prompt, signals, causes };
      }),
    );
    const currency = parts.fleet.currency();
    const unknown = rows.filter(({ drift }) => drift.status === 'Unknown');
    const learning = unknown.filter(({ drift }) => drift.reason === 'Learning').length;
    const answer: DriftAnswer = {
      ...currency,
      problem: currency.problem ?? problem,
      agents,
      watching: rows.length - unknown.length,
      learning,
      unknown: unknown.length - learning,
      falseAlarmsPerWeek: FALSE_ALARMS_PER_WEEK,
    };
    return reply.send(answer);
  });
}

const ORDER: Readonly<Record<ShownRow['drift']['status'], number>> = { True: 0, False: 1, Unknown: 2 };

function driftedFirst(one: ShownRow, other: ShownRow): number {
  return (
    ORDER[one.drift.status] - ORDER[other.drift.status] ||
    one.namespace.localeCompare(other.namespace) ||
    one.name.localeCompare(other.name)
  );
}
