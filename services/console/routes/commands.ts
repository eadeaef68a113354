/** POST /v1/rollouts/NAMESPACE/NAME/commands. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { CommandRequest } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { readRequest } from '../replies.ts';
import { commandRollout } from '../rollouts/command-rollout.ts';
import { BUTTONS, rightOf } from '../rollouts/rollout-buttons.ts';
import { userOf } from '../sessions/check-sessions.ts';
import { visibleRollout } from './rollouts.ts';

/** Of an id that the page draws once for a click. */
const CommandId = z
  .string()
  .regex(/^[\w.-]{8,64}$/, 'must be 8 to 64 letters, digits, dots, dashes or underscores');

const Command = z.strictObject({
  id: CommandId,
  verb: z.enum(BUTTONS),
  reason: z
    .string()
    .trim()
    .min(1, 'say why')
    .max(1_024)
    .refine((text) => text.isWellFormed(), 'must not hold lone surrogates'),
  resourceVersion: z.string().min(1).max(128),
});

export function registerCommands(app: FastifyInstance, parts: ConsoleParts): void {
  app.post<{ Params: { namespace: string; name: string } }>(
    '/v1/rollouts/:namespace/:name/commands',
    async (request, reply) => {
      const user = userOf(request);
      const { namespace, name } = request.params;
      const { verb: button, ...rest } = readRequest(Command, request.body);
      await visibleRollout(parts, user, namespace, name);
      const count = (outcome: 'done' | 'refused'): void => parts.metrics.command(button, outcome);
      try {
        await parts.rights.require(user, rightOf(button), namespace);
        const wanted: CommandRequest = { ...rest, verb: button };
        const answer = await commandRollout(parts.commands, {
          user,
          namespace,
          name,
          button,
          request: wanted,
        });
        count('done');
        return await reply.code(202).send(answer);
      } catch (error) {
        count('refused');
        throw error;
      }
    },
  );
}
