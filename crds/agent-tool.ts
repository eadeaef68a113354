/** What an Agent says of one tool that its model may call. */
import { z } from 'zod';
import { HttpUrl } from './http-url.ts';
import { FREE_FORM, celRules } from './kind-definition.ts';

/** The tools the agent-runtime has in itself. None of them has an effect outside of the run. */
export const BUILT_IN_TOOLS = ['calculate', 'current-time', 'parse-email'] as const;
export type BuiltInTool = (typeof BUILT_IN_TOOLS)[number];

/** Longest wait for the answer of an Http tool. */
const HTTP_TOOL_SECONDS_MAXIMUM = 600;

const EFFECTS = ['None', 'External'] as const;

const HTTP_ONLY_FIELDS = ['description', 'url', 'parameters', 'effect', 'timeoutSeconds'] as const;

export const AgentTool = z
  .strictObject({
    type: z
      .enum(['BuiltIn', 'Http'])
      .describe(
        'Where the tool comes from. BuiltIn tools are part of the agent-runtime; an Http tool is asked with POST at its url.',
      ),
    name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/)
      .describe('By which name the model calls the tool. That of a built-in tool where type is BuiltIn.'),
    description: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .describe('For the model: what an Http tool does and when to use it.'),
    url: HttpUrl.max(2048)
      .optional()
      .describe(
        'Where an Http tool is asked: the arguments are posted as JSON, with the header idempotency-key. Redirects are not followed.',
      ),
    parameters: z
      .record(z.string(), z.unknown())
      .meta(FREE_FORM)
      .optional()
      .describe(
        'JSON Schema (draft 2020-12 or draft-07) of the arguments of an Http tool, with type object. Arguments that do not fit are never sent. A tool without arguments when not given.',
      ),
    effect: z
      .enum(EFFECTS)
      .optional()
      .describe(
        'Whether an Http tool changes something outside of the run. External, when not given: it runs only after the ledger has its intent. None is for tools that only read.',
      ),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(HTTP_TOOL_SECONDS_MAXIMUM)
      .optional()
      .describe('Longest wait for the answer of an Http tool; 10 when not given.'),
  })
  .meta(
    celRules(
      {
        rule: `self.type != 'BuiltIn' || self.name in [${BUILT_IN_TOOLS.map((name) => `'${name}'`).join(', ')}]`,
        message: `a tool of type BuiltIn has one of these names: ${BUILT_IN_TOOLS.join(', ')}`,
      },
      {
        rule: `self.type != 'BuiltIn' || !(${HTTP_ONLY_FIELDS.map((field) => `has(self.${field})`).join(' || ')})`,
        message: `a tool of type BuiltIn has a name only: ${HTTP_ONLY_FIELDS.join(', ')} are for tools of type Http`,
      },
      {
        rule: "self.type != 'Http' || (has(self.url) && has(self.description))",
        message: 'a tool of type Http needs a url, and a description for the model',
      },
    ),
  )
  .describe('One tool that the model may call.');
export type AgentTool = z.infer<typeof AgentTool>;
