/** GET /v1/agent: who this is and what it serves at this moment. */
import type { FastifyInstance } from 'fastify';
import type { AgentRuns } from '../agent-runs.ts';
import { refuseRun } from '../request-checks.ts';
import { promptIdentity } from '../run-answer.ts';
import type { ServedConfiguration } from '../served-configuration.ts';

export function registerAgent(
  app: FastifyInstance,
  options: {
    readonly current: () => ServedConfiguration | undefined;
    readonly runs: AgentRuns;
    readonly podName: string;
  },
): void {
  app.get('/v1/agent', async (_request, reply) => {
    const served = options.current();
    if (served === undefined) {
      refuseRun(reply, 'unconfigured');
      return reply;
    }
    const { agent, limits, outputSchema } = served.configuration;
    return {
      agent: { namespace: agent.namespace, name: agent.name, generation: agent.generation },
      pod: options.podName,
      prompt: {
        ...promptIdentity(served),
        variables: served.prompt.variablesSchema,
        ...(served.chatVariable === undefined ? {} : { chatVariable: served.chatVariable }),
      },
      tools: served.tools.map(({ name }) => name),
      limits,
      ...(outputSchema === undefined ? {} : { outputSchema }),
      runsInFlight: options.runs.inFlight,
    };
  });
}
