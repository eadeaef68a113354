/** GET /v1/rollouts and one of them, with its buttons. */
import type { FastifyInstance } from 'fastify';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { RolloutAnswer, RolloutButton, RolloutsAnswer } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { type RolloutObject, rolloutRow } from '../objects/rollout-objects.ts';
import { notFound } from '../replies.ts';
import { BUTTONS, possibilityOf, rightOf } from '../rollouts/rollout-buttons.ts';
import { rolloutHistory } from '../rollouts/rollout-history.ts';
import { rolloutMetrics } from '../rollouts/rollout-metrics.ts';
import { userOf } from '../sessions/check-sessions.ts';

const MOST_ROLLOUTS = 1_000;

export function registerRollouts(app: FastifyInstance, parts: ConsoleParts): void {
  app.get('/v1/rollouts', async (request, reply) => {
    const user = userOf(request);
    const [agents, rollouts] = await Promise.all([
      parts.rights.scope(user, 'get agents'),
      parts.rights.scope(user, 'get canaryrollouts'),
    ]);
    const answer: RolloutsAnswer = {
      rollouts: parts.rollouts
        .list()
        .filter(({ metadata: { namespace } }) => agents.includes(namespace) && rollouts.includes(namespace))
        .map(rolloutRow)
        .toSorted(movingFirst)
        .slice(0, MOST_ROLLOUTS),
    };
    return reply.send(answer);
  });

  app.get<{ Params: { namespace: string; name: string } }>(
    '/v1/rollouts/:namespace/:name',
    async (request, reply) => {
      const user = userOf(request);
      const { namespace, name } = request.params;
      const rollout = await visibleRollout(parts, user, namespace, name);
      const [commands, history] = await Promise.all([
        buttonsFor(parts, user, rollout),
        rolloutHistory(parts, user, namespace, name),
      ]);
      const answer: RolloutAnswer = {
        row: rolloutRow(rollout),
        resourceVersion: rollout.metadata.resourceVersion,
        spec: { ...rollout.spec },
        status: { ...rollout.status },
        metrics: rolloutMetrics(rollout.spec, rollout.status),
        commands,
        history,
      };
      return reply.send(answer);
    },
  );
}

/** Whoever may not see it is told what somebody is told where there is none. */
export async function visibleRollout(
  { rights, rollouts }: Pick<ConsoleParts, 'rights' | 'rollouts'>,
  user: UserInfo,
  namespace: string,
  name: string,
): Promise<RolloutObject> {
  const isVisible =
    (await rights.has(user, 'get agents', namespace)) &&
    (await rights.has(user, 'get canaryrollouts', namespace));
  const rollout = isVisible ? rollouts.get(`${namespace}/${name}`) : undefined;
  if (rollout === undefined) throw notFound(`CanaryRollout ${name} in namespace ${namespace}`);
  return rollout;
}

async function buttonsFor(
  { rights, nowSeconds }: ConsoleParts,
  user: UserInfo,
  { metadata, spec, status }: RolloutObject,
): Promise<readonly RolloutButton[]> {
  const now = new Date(nowSeconds() * 1_000);
  return await Promise.all(
    BUTTONS.map(async (verb) => {
      const right = rightOf(verb);
      const isAllowed = await rights.has(user, right, metadata.namespace);
      const { isPossible, sentence } = possibilityOf(verb, { spec, status, now });
      return { verb, isPossible, sentence, right, isAllowed };
    }),
  );
}

function movingFirst(
  one: RolloutsAnswer['rollouts'][number],
  other: RolloutsAnswer['rollouts'][number],
): number {
  const isIdle = (phase: string): number => (phase === 'Idle' ? 1 : 0);
  return (
    isIdle(one.phase) - isIdle(other.phase) ||
    one.namespace.localeCompare(other.namespace) ||
    one.name.localeCompare(other.name)
  );
}
