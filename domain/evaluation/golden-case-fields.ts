/** What may stand in a case of a file, before defaults and templates are filled in. */
import { z } from 'zod';

const VARIABLES_MAXIMUM = 200;
const ASSERTIONS_MAXIMUM = 64;
const TOOLS_MAXIMUM = 32;
const RESULTS_MAXIMUM = 32;

const weight = z.number().min(0).max(1_000);
const threshold = z.number();
/** Of scores together. With 0 or less any answer would pass, and with more than 1 none. */
const share = z.number().gt(0, 'must be above 0: else any answer passes').max(1);
const metric = z.string().min(1).max(128);
const text = (most: number): z.ZodString => z.string().max(most);

export const AssertionFields = z.strictObject({
  type: z.string().max(64),
  value: z.unknown().optional(),
  threshold: threshold.optional(),
  weight: weight.optional(),
  metric: metric.optional(),
});

export const AssertionSetFields = z.strictObject({
  type: z.literal('assert-set'),
  assert: z.array(z.unknown()).min(1).max(ASSERTIONS_MAXIMUM),
  threshold: share.optional(),
  weight: weight.optional(),
  metric: metric.optional(),
});

const ToolFields = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be a name of letters, digits, "_" and "-"'),
  description: text(4_096).optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  results: z.array(z.unknown()).max(RESULTS_MAXIMUM).optional(),
});

export const CaseFields = z.strictObject({
  id: text(128).min(1).optional(),
  description: text(1_024).optional(),
  vars: z
    .record(z.string(), z.unknown())
    .refine(
      (vars) => Object.keys(vars).length <= VARIABLES_MAXIMUM,
      `has more than ${VARIABLES_MAXIMUM} variables`,
    )
    .optional(),
  assert: z.array(z.unknown()).max(ASSERTIONS_MAXIMUM).optional(),
  threshold: share.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  tags: z.union([z.array(text(64)).max(64), text(1_024)]).optional(),
  critical: z.boolean().optional(),
  tools: z.array(ToolFields).max(TOOLS_MAXIMUM).optional(),
  options: z
    .strictObject({
      disableVarExpansion: z.boolean().optional(),
      disableDefaultAsserts: z.boolean().optional(),
    })
    .optional(),
});
export type CaseFields = z.infer<typeof CaseFields>;

/** Fields of promptfoo that say how a case is run: here the flags of the program do. */
export const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  provider: 'the model is named once for the whole evaluation',
  providers: 'the model is named once for the whole evaluation',
  prompts: 'the prompt is named once for the whole evaluation',
  providerOutput: 'an answer is always asked for anew',
  assertScoringFunction: 'no code of a golden set is run',
  transform: 'no code of a golden set is run',
  transformVars: 'no code of a golden set is run',
  contextTransform: 'no code of a golden set is run',
  rubricPrompt: 'the judge is pinned, with its prompt',
  config: 'no assertion here takes one',
};
