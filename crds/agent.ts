/** Agent: a prompt, a model policy and limits that the operator turns into a running microservice. */
import { z } from 'zod';
import { AgentProbes, PROBED_AGENT_NAME_MAXIMUM_LENGTH } from './agent-probes.ts';
import { AgentTool } from './agent-tool.ts';
import type { ClaimOf, ConditionTable } from './conditions.ts';
import {
  type CelRule,
  FREE_FORM,
  type KindDefinition,
  type KindObject,
  celRules,
  kindStatus,
  listMap,
} from './kind-definition.ts';
import { DATA_CLASSES } from './model.ts';
import { ResourceName, UsDollars } from './object-meta.ts';

/** Children are named `agent-<name>`, and a Service name may have 63 characters. */
export const AGENT_NAME_MAXIMUM_LENGTH = 57;

/** How much of the texts of a run the ledger is told. */
export const CONTENT_MODES = ['None', 'Digests', 'Full'] as const;
export type ContentMode = (typeof CONTENT_MODES)[number];

export const PromptReference = z
  .strictObject({
    name: ResourceName.optional().describe(
      'Name of the CanaryRollout to follow: the agent serves its stable version and changes with it in under a second.',
    ),
    version: ResourceName.optional().describe('Name of one PromptVersion to stay on, whatever is released.'),
  })
  .meta(
    celRules({
      rule: 'has(self.name) != has(self.version)',
      message:
        'set exactly one of promptRef.name (follow a CanaryRollout) and promptRef.version (stay on one PromptVersion)',
    }),
  )
  .describe('Which prompt the agent serves.');

export const AllowedModel = z.strictObject({
  name: ResourceName.describe('Name of a Model in the same namespace.'),
  weight: z
    .int()
    .min(0)
    .max(1000)
    .optional()
    .describe('Share of requests relative to the other entries; 1 when not given, 0 means fallback only.'),
});

export const ModelPolicy = z
  .strictObject({
    allow: z
      .array(AllowedModel)
      .min(1)
      .max(32)
      .meta({
        ...listMap('name'),
        ...celRules({
          rule: 'self.exists(model, !has(model.weight) || model.weight > 0)',
          message: 'at least one entry of modelPolicy.allow needs a weight above 0',
        }),
      })
      .describe('The Models that the router may choose for this agent. Others are refused.'),
    dataClass: z
      .enum(DATA_CLASSES)
      .optional()
      .describe(
        "How sensitive the agent's data is: only Models that list this data class are used. Internal when not given.",
      ),
  })
  .describe('Which models the router may use for this agent.');

export const AgentAudit = z
  .strictObject({
    content: z
      .enum(CONTENT_MODES)
      .optional()
      .describe(
        'What the ledger keeps of prompts, answers, arguments and results. Digests, when not given: commitments that prove which text was meant. Full: the texts too, encrypted and erasable. None: their lengths alone.',
      ),
    retentionDays: z
      .int()
      .min(1)
      .max(3650)
      .optional()
      .describe('After how many days the texts of a run are erased; 30 when not given.'),
  })
  .describe('What the ledger keeps of the runs.');

export const AgentLimits = z
  .strictObject({
    steps: z.int().min(1).max(100).optional().describe('Most ReAct cycles in one run; 8 when not given.'),
    seconds: z
      .int()
      .min(1)
      .max(3600)
      .optional()
      .describe('Longest duration of one run in seconds; 120 when not given.'),
    usdPerRun: UsDollars.optional().describe(
      'Most US dollars that one run may cost, a decimal string such as "0.05". Each step is estimated from the dearest one before it, and the run stops before one that would pass the limit; the first step cannot be estimated, so a run may pass it by one model call.',
    ),
    outputRepairs: z
      .int()
      .min(0)
      .max(5)
      .optional()
      .describe(
        'How often the model is asked again when its answer does not fit output.schema; 2 when not given.',
      ),
    outputTokens: z
      .int()
      .min(1)
      .max(131072)
      .optional()
      .describe(
        "Most tokens that one model call may write; the prompt's own setting, else 512, when not given.",
      ),
  })
  .describe('Where one run ends at the latest.');

export const Quantity = z
  .string()
  .max(32)
  .regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/);

const ResourceAmounts = z.strictObject({
  cpu: Quantity.optional().describe('Processor time, for example "250m".'),
  memory: Quantity.optional().describe('Memory, for example "256Mi".'),
});

function notAboveLimit(amount: 'cpu' | 'memory'): CelRule {
  const areGiven = ['requests', 'limits'].map((each) => `has(self.${each}) && has(self.${each}.${amount})`);
  return {
    rule: `!(${areGiven.join(' && ')}) || quantity(self.requests.${amount}).compareTo(quantity(self.limits.${amount})) <= 0`,
    message: `resources.requests.${amount} must not be above resources.limits.${amount}`,
  };
}

export const AgentSpec = z
  .strictObject({
    description: z.string().max(1024).optional().describe('What the agent is for, in words for people.'),
    promptRef: PromptReference,
    modelPolicy: ModelPolicy,
    tools: z
      .array(AgentTool)
      .max(32)
      .optional()
      .meta(listMap('name'))
      .describe('The tools that the model may call.'),
    output: z
      .strictObject({
        schema: z
          .record(z.string(), z.unknown())
          .meta(FREE_FORM)
          .describe(
            'JSON Schema (draft 2020-12 or draft-07) of the answer. An answer that does not fit is repaired or refused.',
          ),
      })
      .optional()
      .describe('What the answer must look like. Without it the answer is plain text.'),
    limits: AgentLimits.optional(),
    audit: AgentAudit.optional(),
    probes: AgentProbes.optional(),
    replicas: z
      .int()
      .min(0)
      .max(1000)
      .optional()
      .describe('How many pods serve the agent; 1 when not given. "kubectl scale" needs it to be given.'),
    autoscaling: z
      .strictObject({
        minReplicas: z.int().min(1).max(1000).describe('Fewest pods.'),
        maxReplicas: z.int().min(1).max(1000).describe('Most pods.'),
        targetCpuPercent: z
          .int()
          .min(1)
          .max(100)
          .optional()
          .describe('Mean processor use, in percent of the request, that is aimed at; 70 when not given.'),
      })
      .optional()
      .meta(
        celRules({
          rule: 'self.minReplicas <= self.maxReplicas',
          message: 'autoscaling.minReplicas must not be above autoscaling.maxReplicas',
        }),
      )
      .describe('Lets a HorizontalPodAutoscaler choose the number of pods.'),
    resources: z
      .strictObject({
        requests: ResourceAmounts.optional().describe('What each pod is promised.'),
        limits: ResourceAmounts.optional().describe('What each pod may use at most.'),
      })
      .optional()
      .meta(celRules(notAboveLimit('cpu'), notAboveLimit('memory')))
      .describe('Processor time and memory of each pod.'),
    image: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe(
        'Bring your own: an image that serves HTTP on port 8080 and GET /readyz, run in place of the agent-runtime with the same identity and configuration.',
      ),
  })
  .meta(
    celRules(
      {
        rule: '!(has(self.replicas) && has(self.autoscaling))',
        message: 'set replicas or autoscaling, not both',
      },
      {
        rule: '!(has(self.probes) && has(self.image))',
        message:
          'probes run the prompt as the agent-runtime does, which says nothing of an image of your own: set probes or image, not both',
      },
      {
        rule: '!has(self.probes) || !has(self.probes.judge) || self.modelPolicy.allow.exists(model, model.name == self.probes.judge.modelRef.name)',
        message:
          'the Model of probes.judge must be in modelPolicy.allow, with weight: 0 when it is to grade only',
      },
    ),
  )
  .describe('What the agent is.');
export type AgentSpec = z.infer<typeof AgentSpec>;

export const AGENT_CONDITIONS = {
  Accepted: {
    Accepted: { status: 'True', meaning: 'The spec can be run.' },
    OutputSchemaInvalid: {
      status: 'False',
      meaning:
        '`spec.output.schema` is not a JSON Schema that can be checked. The last good configuration goes on.',
      remedy: 'Correct the schema.',
    },
    ToolInvalid: {
      status: 'False',
      meaning:
        'An Http tool of `spec.tools` cannot be offered: its `parameters` are not a JSON Schema that can be checked, or its `url` is none that may be asked. The last good configuration goes on.',
      remedy: 'Correct what the message names.',
    },
    ChildNameTaken: {
      status: 'False',
      meaning: 'An object called `agent-NAME` exists and belongs to somebody else. It is not overwritten.',
      remedy: 'Delete or rename it, or give the Agent another name.',
    },
  },
  ResolvedRefs: {
    Resolved: { status: 'True', meaning: 'The prompt and every allowed Model exist, and a Model is usable.' },
    RolloutNotFound: {
      status: 'False',
      meaning: '`spec.promptRef.name` names a CanaryRollout that does not exist in this namespace.',
      remedy: 'Create it, or name another.',
    },
    RolloutHasNoStable: {
      status: 'False',
      meaning: 'The CanaryRollout exists and has no stable version yet.',
      remedy: '`kubectl describe canary NAME` says why.',
    },
    PromptVersionNotFound: {
      status: 'False',
      meaning: 'The PromptVersion does not exist in this namespace.',
      remedy: 'Create it, or name another.',
    },
    PromptVersionNotAccepted: {
      status: 'False',
      meaning: 'The PromptVersion exists and cannot be served, or was not yet checked.',
      remedy: '`kubectl describe prompt NAME` says why; name another.',
    },
    ModelNotFound: {
      status: 'False',
      meaning:
        '`spec.modelPolicy.allow` names a Model that does not exist in this namespace. The Agent runs all the same while another allowed Model is usable.',
      remedy: 'Create it, or take it off the list.',
    },
    ModelNotReady: {
      status: 'False',
      meaning: 'None of the allowed Models is usable.',
      remedy: '`kubectl describe model NAME` says why.',
    },
    ProbesNotPossible: {
      status: 'False',
      meaning:
        'All that the Agent needs to answer is there, and something is missing without which it cannot be probed: the ConfigMap of `spec.probes.goldenSetRef`, or a ledger. The Agent runs all the same.',
      remedy: 'Create what the message names.',
    },
  },
  Ready: {
    PodsReady: { status: 'True', meaning: 'Every pod is ready and serves the present spec.' },
    ScaledToZero: {
      status: 'True',
      meaning: '`spec.replicas` is 0: what was asked for is so, and nothing answers.',
      remedy: 'Raise it.',
    },
    NotAccepted: {
      status: 'False',
      meaning: '`Accepted` is not True. What ran before goes on.',
      remedy: 'See `Accepted`.',
    },
    RefsNotResolved: {
      status: 'False',
      meaning: 'A reference is missing that the Agent cannot do without. What ran before goes on.',
      remedy: 'See `ResolvedRefs`.',
    },
    PodsNotReady: {
      status: 'False',
      meaning:
        'Pods are being started or replaced (then `Reconciling` is True), or fail. The message names the trouble of the pod.',
      remedy: 'Wait, or mend what the message names.',
    },
  },
} as const satisfies ConditionTable;
export type AgentConditionClaim = ClaimOf<typeof AGENT_CONDITIONS>;

export const AgentStatus = kindStatus(
  {
    endpoint: z.string().max(512).optional().describe('Base URL of the agent inside the cluster.'),
    replicas: z.int().min(0).optional().describe('Pods that exist.'),
    readyReplicas: z.int().min(0).optional().describe('Pods that are ready.'),
    selector: z
      .string()
      .max(512)
      .optional()
      .describe('Label selector of the pods, for the scale subresource.'),
    rollout: ResourceName.optional().describe('The CanaryRollout that is followed.'),
    arm: z
      .enum(['stable', 'candidate'])
      .optional()
      .describe('Which version of the rollout the agent takes; written within minutes of a release.'),
    prompt: z
      .strictObject({
        version: ResourceName.optional().describe(
          'Name of the PromptVersion that the agent is told to serve.',
        ),
        digest: z.string().max(64).optional().describe('Its digest.'),
      })
      .optional()
      .describe(
        'The prompt being served. Where a rollout is followed its status is newer: this is written within minutes of a release.',
      ),
  },
  'What was observed of the agent.',
);
export type AgentStatus = z.infer<typeof AgentStatus>;
export type Agent = KindObject<AgentSpec, AgentStatus>;

export const AGENT = {
  kind: 'Agent',
  plural: 'agents',
  shortNames: ['agent'],
  description:
    'Agent is a prompt, a model policy and limits. The operator runs it as a self-healing microservice with its own API.',
  spec: AgentSpec,
  status: AgentStatus,
  conditions: AGENT_CONDITIONS,
  rules: [
    {
      rule: `self.metadata.name.size() <= ${AGENT_NAME_MAXIMUM_LENGTH} && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,
      message: `metadata.name of an Agent may have at most ${AGENT_NAME_MAXIMUM_LENGTH} characters, only a-z, 0-9 and "-", because its Service is called agent-<name>`,
    },
    {
      rule: `!has(self.spec.probes) || self.metadata.name.size() <= ${PROBED_AGENT_NAME_MAXIMUM_LENGTH}`,
      message: `metadata.name of an Agent with spec.probes may have at most ${PROBED_AGENT_NAME_MAXIMUM_LENGTH} characters, because its CronJob is called agent-<name>`,
    },
  ],
  printerColumns: [
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether the agent answers.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: 'Why it is ready or not.',
    },
    {
      name: 'Prompt',
      type: 'string',
      jsonPath: '.status.prompt.version',
      description: 'The PromptVersion being served.',
    },
    { name: 'Pods', type: 'integer', jsonPath: '.status.readyReplicas', description: 'Pods that are ready.' },
    {
      name: 'Endpoint',
      type: 'string',
      jsonPath: '.status.endpoint',
      description: 'Base URL inside the cluster.',
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
