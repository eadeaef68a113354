/** PromptVersion: one immutable version of a prompt, identified by the digest of its text. */
import { z } from 'zod';
import type { ClaimOf, ConditionTable } from './conditions.ts';
import { type KindDefinition, type KindObject, celRules, kindStatus } from './kind-definition.ts';
import { ResourceName, Sha256 } from './object-meta.ts';

/**
 * Characters, as the API server counts them. Each takes up to 6 bytes as JSON, so that a text of 786,432 bytes fits
 * into the agent's ConfigMap (1 MiB), which carries it, and into an object of etcd (1.5 MiB).
 */
export const PROMPT_TEXT_MAXIMUM_LENGTH = 131_072;

export const PromptVersionSpec = z
  .strictObject({
    prompt: ResourceName.describe(
      'Name of the prompt that this is a version of, for example email-classifier.',
    ),
    text: z
      .string()
      .min(1)
      .max(PROMPT_TEXT_MAXIMUM_LENGTH)
      .describe(
        'The whole dotprompt file (https://google.github.io/dotprompt): front matter, which may be left out, with model settings and the schema of the variables, then the Handlebars template. Up to 524288 bytes; one of more than some 260000 bytes needs kubectl apply --server-side.',
      ),
    digest: Sha256.describe(
      'SHA-256 of the text in hexadecimal, with LF line ends and no byte order mark: the identity of the version.',
    ),
    source: z
      .strictObject({
        commit: z
          .string()
          .max(64)
          .regex(/^[a-f0-9]{7,64}$/)
          .optional()
          .describe('Git commit that the text was read at.'),
        path: z.string().max(1024).optional().describe('Path of the file in the repository.'),
        author: z.string().max(256).optional().describe('Who wrote the change.'),
      })
      .optional()
      .describe('Where the text comes from. It is not part of the identity and may change.'),
    goldenSet: z
      .strictObject({
        name: ResourceName.describe('Name of the golden set.'),
        digest: Sha256.describe('SHA-256 of the golden set.'),
      })
      .optional()
      .describe('The cases that this version is to be tested on.'),
  })
  .meta(
    celRules({
      // All but the source: the same text may be rendered from another commit, and is still the same version.
      rule: 'self.prompt == oldSelf.prompt && self.text == oldSelf.text && self.digest == oldSelf.digest && has(self.goldenSet) == has(oldSelf.goldenSet) && (!has(self.goldenSet) || self.goldenSet == oldSelf.goldenSet)',
      message: 'a PromptVersion never changes: create a new one for a new text',
    }),
  )
  .describe('The version. All but its source can be set once and never changes.');
export type PromptVersionSpec = z.infer<typeof PromptVersionSpec>;

export const PROMPT_VERSION_CONDITIONS = {
  Accepted: {
    Accepted: { status: 'True', meaning: 'The version can be served.' },
    DigestMismatch: {
      status: 'False',
      meaning: '`spec.digest` is not the SHA-256 of `spec.text`.',
      remedy: 'Create the version with `npm run prompt-version`.',
    },
    FrontMatterInvalid: {
      status: 'False',
      meaning: 'The front matter is not YAML, or has a field that is not known or not supported.',
      remedy: 'Correct the file.',
    },
    TemplateInvalid: {
      status: 'False',
      meaning: 'The Handlebars template does not parse, or uses what is not declared.',
      remedy: 'Correct the file.',
    },
    VariablesSchemaInvalid: {
      status: 'False',
      meaning: 'The schema of the variables cannot be used.',
      remedy: 'Correct the file.',
    },
  },
  Ready: {
    Accepted: { status: 'True', meaning: '`Accepted` is True.' },
    NotAccepted: { status: 'False', meaning: '`Accepted` is False.', remedy: 'See `Accepted`.' },
  },
} as const satisfies ConditionTable;
export type PromptVersionConditionClaim = ClaimOf<typeof PROMPT_VERSION_CONDITIONS>;

export const PromptVersionStatus = kindStatus(
  {
    variables: z
      .array(z.string().max(128))
      .max(64)
      .optional()
      .describe('Names of the variables that the template takes.'),
  },
  'What was observed of the version.',
);
export type PromptVersionStatus = z.infer<typeof PromptVersionStatus>;
export type PromptVersion = KindObject<PromptVersionSpec, PromptVersionStatus>;

export const PROMPT_VERSION = {
  kind: 'PromptVersion',
  plural: 'promptversions',
  // Not `pv`: that is PersistentVolume's, which wins, and every user of it would be warned of the clash.
  shortNames: ['prompt'],
  description: 'PromptVersion is one immutable version of a prompt.',
  spec: PromptVersionSpec,
  status: PromptVersionStatus,
  conditions: PROMPT_VERSION_CONDITIONS,
  conditionsNote:
    'A version never changes: what is wrong is mended in the file, and a new version is created from it.',
  printerColumns: [
    {
      name: 'Prompt',
      type: 'string',
      jsonPath: '.spec.prompt',
      description: 'The prompt that this is a version of.',
    },
    {
      name: 'Accepted',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
      description: 'Whether it can be served.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Accepted")].reason',
      description: 'Why or why not.',
    },
    {
      name: 'Digest',
      type: 'string',
      jsonPath: '.spec.digest',
      description: 'SHA-256 of the text.',
      priority: 1,
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'When it was created.',
    },
  ],
} satisfies KindDefinition;
