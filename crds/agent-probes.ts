/** What of an Agent is asked again and again, though no user asks. */
import { z } from 'zod';
import { celRules } from './kind-definition.ts';
import { ResourceName, UsDollars } from './object-meta.ts';

/** Its CronJob is called `agent-<name>` too, and the name of a CronJob may have 52 characters. */
export const PROBED_AGENT_NAME_MAXIMUM_LENGTH = 46;

export const AgentProbes = z
  .strictObject({
    goldenSetRef: z
      .strictObject({ name: ResourceName.describe('Name of a ConfigMap with one golden set.') })
      .describe('The cases, in the formats of golden sets.'),
    everyMinutes: z
      .int()
      .min(5)
      .max(1440)
      .optional()
      .meta(
        celRules({
          rule: '(self <= 60 && 60 % self == 0) || (self > 60 && self % 60 == 0 && 1440 % self == 0)',
          message:
            'probes.everyMinutes must divide an hour (5, 6, 10, 12, 15, 20, 30, 60) or be hours that divide a day (120, 180, 240, 360, 480, 720, 1440)',
        }),
      )
      .describe(
        'Minutes between two rounds; 60 when not given. At which minute follows from the name of the agent, so that agents do not ask all at once.',
      ),
    casesPerRound: z
      .int()
      .min(1)
      .max(200)
      .optional()
      .describe(
        'How many cases a round asks; 20 when not given. Rounds take turns through all cases, with every class in its share.',
      ),
    maximumUsdPerDay: UsDollars.optional().describe(
      'Most US dollars that probes may cost on a day (UTC), a decimal string such as "0.50"; no case is begun behind it. When not given: 0.5 % of what the agent spent on a day of the week before, and at least "0.05".',
    ),
    judge: z
      .strictObject({
        modelRef: z
          .strictObject({
            name: ResourceName.meta(
              celRules({
                rule: "self != 'auto'",
                message:
                  'the judge is one Model, the same for all answers, and auto leaves it to the router: name one',
              }),
            ).describe('Name of a Model in the same namespace.'),
          })
          .describe(
            'The Model that grades. It must be in modelPolicy.allow, with weight: 0 when it is to grade only.',
          ),
        votes: z
          .int()
          .min(1)
          .max(15)
          .optional()
          .meta(
            celRules({
              rule: 'self % 2 == 1',
              message: 'probes.judge.votes must be odd, so that votes have a majority',
            }),
          )
          .describe('How often it is asked about each answer, an odd number; 3 when not given.'),
      })
      .optional()
      .describe('Who grades assertions that a model judges; needed only where the golden set has some.'),
  })
  .describe(
    'Asks the agent cases of a golden set again and again, so that a model that has changed is seen before users see it. Off when not given.',
  );
export type AgentProbes = z.infer<typeof AgentProbes>;
