/** PromptRepository: a branch or tag of a git repository whose prompts and golden sets are followed. */
import { z } from 'zod';
import type { ClaimOf, ConditionTable } from './conditions.ts';
import { HOST_AND_PORT, ApiUrl, urlOf } from './http-url.ts';
import { type KindDefinition, type KindObject, celRules, kindStatus } from './kind-definition.ts';
import { ResourceName, Sha256 } from './object-meta.ts';

export const MAXIMUM_PROBLEMS = 50;
const MAXIMUM_PROMPTS = 200;
const MAXIMUM_GOLDEN_SETS = 100;
const LONGEST_PATH = 1024;

const PATH = '[A-Za-z0-9._~:/%+,=-]*';

/** No user and no password in it, for everybody may read a spec; and nothing that could be an option. */
const RepositoryUrl = urlOf(
  /^(https?|ssh|file):\/\//,
  `^((https?|ssh)://([A-Za-z0-9_.][A-Za-z0-9_.-]*@)?${HOST_AND_PORT}(/${PATH})?|file:///${PATH})$`,
  'must be an https:// or ssh:// URL of a host (http:// inside of the cluster, file:/// in tests), with a port (1 to 65535) and a path where needed, and without password, query, fragment or space',
).max(2048);

/** What git allows of it (git check-ref-format), and no more than is usual. */
const ReferenceName = z
  .string()
  .min(1)
  .max(250)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._/+#-]*$/);

const Folder = z
  .string()
  .max(LONGEST_PATH)
  .regex(/^[A-Za-z0-9_.][A-Za-z0-9_./ -]*$/);

const SecretReference = (description: string) =>
  z.strictObject({ name: ResourceName.describe('Name of the Secret.') }).describe(description);

const Commit = z
  .string()
  .max(64)
  .regex(/^[a-f0-9]{40,64}$/);

const oneOf = (message: string, ...fields: readonly string[]) =>
  celRules({
    rule: `[${fields.map((field) => `has(self.${field})`).join(', ')}].filter(given, given).size() == 1`,
    message,
  });

export const PromptRepositorySpec = z
  .strictObject({
    url: RepositoryUrl.describe(
      'Where the repository is: https:// or ssh://, without user name and password (an ssh user may stand in it). http:// is for repositories inside of the cluster, file:// for tests.',
    ),
    reference: z
      .strictObject({
        branch: ReferenceName.optional().describe('Name of a branch.'),
        tag: ReferenceName.optional().describe('Name of a tag.'),
      })
      .meta(oneOf('set either branch or tag', 'branch', 'tag'))
      .optional()
      .describe('What is followed; the branch main when not given.'),
    path: Folder.optional().describe(
      'Folder in which prompts (*.prompt, *.prompt.md) and partials (_*.prompt) stand, at any depth; prompts when not given, "." for the whole repository.',
    ),
    goldenSetsPath: Folder.optional().describe(
      'Folder in which golden sets (*.jsonl, *.json, *.yaml, *.csv) stand; golden-sets when not given.',
    ),
    secretRef: SecretReference(
      'What git shows the server. For https: username and password, or token; ca.crt when the server has an authority of its own. For ssh: identity (a private key) and known_hosts, both required.',
    ).optional(),
    intervalSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .optional()
      .describe('How often the server is asked; 60 when not given. A webhook makes it quicker, not rarer.'),
    webhook: z
      .strictObject({
        secretRef: SecretReference(
          'With a key token: what the server signs with (GitHub, Gitea) or sends (GitLab).',
        ),
      })
      .optional()
      .describe(
        'Lets the server wake it: POST /v1/webhooks/NAMESPACE/NAME of the process prompt-repository.',
      ),
    signatures: z
      .strictObject({
        policy: z
          .enum(['None', 'RequireGood'])
          .describe('RequireGood takes only commits that are signed by one of the keys.'),
        keysFrom: z
          .strictObject({
            secretRef: SecretReference('With the keys.').optional(),
            configMapRef: z
              .strictObject({ name: ResourceName.describe('Name of the ConfigMap.') })
              .optional()
              .describe('With the keys.'),
          })
          .meta(oneOf('set either secretRef or configMapRef', 'secretRef', 'configMapRef'))
          .optional()
          .describe(
            'Key allowed_signers as ssh-keygen reads it, or public-keys.asc with public keys of OpenPGP, or both.',
          ),
      })
      .meta(
        celRules({
          rule: "self.policy == 'None' || has(self.keysFrom)",
          message: 'policy RequireGood needs keysFrom: without keys no signature is good',
        }),
      )
      .optional()
      .describe('Whose commits are taken; everybody who can push when not given.'),
    onForcePush: z
      .enum(['Follow', 'Refuse'])
      .optional()
      .describe(
        'What happens when the applied commit is no ancestor of the new one: Follow (the default) takes the new one, Refuse stays with the applied one.',
      ),
    commitStatus: z
      .strictObject({
        api: z.enum(['GitHub', 'Gitea', 'GitLab']).describe('Whose API the server speaks.'),
        endpoint: ApiUrl.max(2048)
          .optional()
          .describe(
            'Base URL of the API; by the host of the repository when not given (https://api.github.com for github.com).',
          ),
        secretRef: SecretReference('With a key token, which may write commit statuses.'),
      })
      .optional()
      .describe('Tells the server at the commit whether it was taken, and what is wrong with it.'),
    keepVersions: z
      .int()
      .min(0)
      .max(1000)
      .optional()
      .describe(
        'How many PromptVersions (and golden sets) that nobody names any more are kept of each prompt; 20 when not given.',
      ),
    suspend: z
      .boolean()
      .optional()
      .describe('While true nothing is fetched; what was applied last stays wanted.'),
  })
  .meta(
    celRules(
      {
        rule: "!self.url.startsWith('http') || !self.url.contains('@')",
        message: 'url has a user name in it: put it into the Secret that secretRef names',
      },
      {
        rule: "!has(self.secretRef) || !(self.url.startsWith('http://') || self.url.startsWith('file://'))",
        message:
          'secretRef needs an https:// or ssh:// url: over http:// the secret would be read on its way',
      },
    ),
  )
  .describe('Which repository is followed, and what is taken from it.');
export type PromptRepositorySpec = z.infer<typeof PromptRepositorySpec>;

export const PROMPT_REPOSITORY_CONDITIONS = {
  Fetched: {
    Fetched: { status: 'True', meaning: 'The commit that the branch or tag points to was fetched.' },
    Suspended: { status: 'Unknown', meaning: '`spec.suspend` is true: nothing is fetched.' },
    SecretNotFound: {
      status: 'False',
      meaning: 'A Secret or ConfigMap that the spec names does not exist, or may not be read.',
      remedy: 'Create it in the namespace of the repository, or name another.',
    },
    SecretInvalid: {
      status: 'False',
      meaning: 'A Secret or ConfigMap lacks the keys that are needed.',
      remedy: 'The message names the keys.',
    },
    UrlNotAllowed: {
      status: 'False',
      meaning: 'This installation does not fetch from such a URL.',
      remedy: 'Use https:// or ssh://.',
    },
    Unreachable: {
      status: 'False',
      meaning: 'The server cannot be reached, or does not answer as one of git.',
      remedy: 'Check the URL, and that the NetworkPolicy lets the process out to it.',
    },
    AccessDenied: {
      status: 'False',
      meaning: 'The server does not let us in, or knows no such repository.',
      remedy: 'Check the URL and the Secret.',
    },
    HostKeyRefused: {
      status: 'False',
      meaning: 'The key of the ssh server is not among known_hosts.',
      remedy: 'Put the key that the owner of the server tells you into known_hosts of the Secret.',
    },
    ReferenceNotFound: {
      status: 'False',
      meaning: 'The repository has no such branch or tag.',
      remedy: 'Push it, or name another.',
    },
    TooLarge: {
      status: 'False',
      meaning: 'The commit is larger than what is fetched of a repository.',
      remedy: 'Keep prompts in a repository of their own.',
    },
    TimedOut: {
      status: 'False',
      meaning: 'The server took too long.',
      remedy: 'It is tried again by itself; if it stays so, the repository may be too large.',
    },
    FetchFailed: { status: 'False', meaning: 'git failed otherwise.', remedy: 'The message has its words.' },
  },
  Applied: {
    Applied: {
      status: 'True',
      meaning: 'The commit that was seen is applied: its versions are the wanted ones.',
    },
    NothingFetched: { status: 'False', meaning: 'No commit was fetched yet.', remedy: 'See `Fetched`.' },
    ProblemsFound: {
      status: 'False',
      meaning: 'Files of the commit cannot be taken, so none of it is.',
      remedy: 'Mend what `status.problems` lists, and push.',
    },
    HistoryRewritten: {
      status: 'False',
      meaning: 'The applied commit is no ancestor of the new one, and `spec.onForcePush` is Refuse.',
      remedy: 'Push a commit on top of the applied one, or set `onForcePush: Follow`.',
    },
    SignatureMissing: {
      status: 'False',
      meaning: 'The commit is not signed.',
      remedy: 'Sign it (`git commit --amend -S`) and push.',
    },
    SignatureRefused: {
      status: 'False',
      meaning: 'The signature is not a good one by one of the keys.',
      remedy: 'Sign with a key that `spec.signatures.keysFrom` holds, or add the key.',
    },
    WriteRefused: {
      status: 'False',
      meaning: 'The API server does not take what the commit holds, or the name is held by something else.',
      remedy: 'The message has its words.',
    },
  },
  Reported: {
    Reported: { status: 'True', meaning: 'The server was told how the commit stands.' },
    NotReported: {
      status: 'False',
      meaning: 'The server did not take the commit status. Nothing else depends on it.',
      remedy: 'Check `spec.commitStatus` and the rights of its token.',
    },
  },
  Ready: {
    Synced: { status: 'True', meaning: 'The newest commit is applied.' },
    Suspended: {
      status: 'True',
      meaning: '`spec.suspend` is true: what was applied last stays wanted.',
    },
    NotFetched: {
      status: 'False',
      meaning: 'It cannot be fetched. What was applied last stays wanted.',
      remedy: 'See `Fetched`.',
    },
    NotApplied: {
      status: 'False',
      meaning: 'The newest commit is not taken. What was applied last stays wanted.',
      remedy: 'See `Applied`.',
    },
  },
} as const satisfies ConditionTable;
export type PromptRepositoryConditionClaim = ClaimOf<typeof PROMPT_REPOSITORY_CONDITIONS>;

const Time = z.string().max(64).meta({ format: 'date-time' });

export const PromptRepositoryStatus = kindStatus(
  {
    seenCommit: Commit.optional().describe('What the branch or tag pointed to when it was fetched last.'),
    appliedCommit: Commit.optional().describe('The commit whose prompts are wanted.'),
    lastSyncTime: Time.optional().describe(
      'About when it was fetched last: written with every change, and else every ten minutes.',
    ),
    prompts: z
      .array(
        z.strictObject({
          prompt: ResourceName.describe('Name of the prompt.'),
          version: ResourceName.describe('Name of its PromptVersion.'),
          digest: Sha256.describe('Digest of the version.'),
          path: z.string().max(LONGEST_PATH).describe('Its file.'),
        }),
      )
      .max(MAXIMUM_PROMPTS)
      .optional()
      .describe('The wanted version of each prompt, by the applied commit.'),
    goldenSets: z
      .array(
        z.strictObject({
          name: ResourceName.describe('Name of the set.'),
          digest: Sha256.describe('Digest of the set.'),
          configMap: ResourceName.describe('The ConfigMap that holds it.'),
        }),
      )
      .max(MAXIMUM_GOLDEN_SETS)
      .optional()
      .describe('The golden sets of the applied commit.'),
    problems: z
      .array(
        z.strictObject({
          path: z.string().max(LONGEST_PATH).describe('The file.'),
          line: z.int().min(1).describe('Its line, from 1.'),
          message: z.string().max(1024).describe('What is wrong, and how to mend it.'),
        }),
      )
      .max(MAXIMUM_PROBLEMS)
      .optional()
      .describe('Why the seen commit is not taken; the first ones when there are many.'),
    problemCount: z.int().min(0).optional().describe('How many problems there are.'),
    reportedCommit: Commit.optional().describe('The commit that the server was told of last.'),
    reportedState: z.enum(['Success', 'Failure']).optional().describe('What it was told.'),
  },
  'What was seen and taken.',
);
export type PromptRepositoryStatus = z.infer<typeof PromptRepositoryStatus>;
export type PromptRepository = KindObject<PromptRepositorySpec, PromptRepositoryStatus>;

export const PROMPT_REPOSITORY = {
  kind: 'PromptRepository',
  plural: 'promptrepositories',
  shortNames: ['promptrepo'],
  description: 'PromptRepository follows the prompts and golden sets of a git repository.',
  spec: PromptRepositorySpec,
  status: PromptRepositoryStatus,
  conditions: PROMPT_REPOSITORY_CONDITIONS,
  rules: [
    {
      // Its name is a label of what it makes.
      rule: 'self.metadata.name.size() <= 63',
      message: 'metadata.name of a PromptRepository may have at most 63 characters',
    },
  ],
  printerColumns: [
    { name: 'URL', type: 'string', jsonPath: '.spec.url', description: 'The repository.' },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether the newest commit is applied.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: 'Why or why not.',
    },
    {
      name: 'Commit',
      type: 'string',
      jsonPath: '.status.appliedCommit',
      description: 'The applied commit.',
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'When it was created.',
    },
  ],
} satisfies KindDefinition;
