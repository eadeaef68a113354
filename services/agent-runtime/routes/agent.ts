/** GET /v1/agent: who this is and what it serves at this moment. */
import type { FastifyInstance } from 'fastify';
import type { AgentRuns } from '../agent-runs.ts';
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
      const error = {
        code: 'unconfigured',
        message: 'the agent has no configuration yet',
        type: 'server_error',
      };
      return reply.code(503).header('retry-after', '5').send({ error });
    }
    const { agent, tools, limits, outputSchema } = served.configuration;
    return {
      agent: { namespace: agent.namespace, name: agent.name, generation: agent.generation },
      pod: options.podName,
      prompt: {
        ...promptIdentity(served),
        variables: served.prompt.variablesSchema,
        ...(served.chatVariable === undefined ? {} : { chatVariable: served.chatVariable }),
      },
      tools,
      limits,
      ...(outputSchema === undefined ? {} : { outputSchema }),
      runsInFlight: options.runs.inFlight,
    };
  });
}
