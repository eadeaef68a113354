/**
 * For each CEL rule of the kinds, objects that keep it and objects that break it. `rule` is the path of the schema
 * node that carries it and the beginning of its message, which is also what the refusal must say.
 */
import { PROBE_CASES } from './probe-rule-cases.ts';
import { REPOSITORY_CASES } from './repository-rule-cases.ts';
import { ROLLOUT_CASES } from './rollout-rule-cases.ts';
import { URL_CASES } from './url-rule-cases.ts';
import { type RuleCase, casesFor, named } from './rule-case.ts';
import { SAMPLES, type SampleObject, changed } from './sample-objects.ts';

export type { RuleCase } from './rule-case.ts';

const { agentThatFollows, agentThatScales, promptVersion, canaryRollout, model } = SAMPLES;

function modelWith(changes: Readonly<Record<string, unknown>>): SampleObject {
  return { ...model, spec: { ...model.spec, ...changes } };
}

const AGENT_CASES: readonly RuleCase[] = [
  ...casesFor(
    { kind: 'Agent', path: '', message: 'metadata.name of an Agent may have at most 57 characters' },
    {
      'accepts an Agent with a name of 57 characters': ['accepted', named(agentThatFollows, 'a'.repeat(57))],
      'accepts an Agent whose name begins with a digit': ['accepted', named(agentThatFollows, '1st-agent')],
      'refuses an Agent with a name of 58 characters': ['refused', named(agentThatFollows, 'a'.repeat(58))],
      'refuses an Agent with a dot in its name': ['refused', named(agentThatFollows, 'mail.classifier')],
    },
  ),
  ...casesFor(
    { kind: 'Agent', path: 'spec', message: 'set replicas or autoscaling, not both' },
    {
      'accepts an Agent with replicas and no autoscaling': ['accepted', agentThatFollows],
      'accepts an Agent with autoscaling and no replicas': ['accepted', agentThatScales],
      'accepts an Agent with neither': ['accepted', changed(agentThatFollows, 'spec.replicas', undefined)],
      'refuses an Agent with replicas and autoscaling': [
        'refused',
        changed(agentThatScales, 'spec.replicas', 2),
      ],
    },
  ),
  ...casesFor(
    {
      kind: 'Agent',
      path: 'spec.promptRef',
      message: 'set exactly one of promptRef.name (follow a CanaryRollout) and promptRef.version',
    },
    {
      'accepts an Agent that follows a CanaryRollout': ['accepted', agentThatFollows],
      'accepts an Agent that stays on one PromptVersion': ['accepted', agentThatScales],
      'refuses an Agent that follows and stays': [
        'refused',
        changed(agentThatFollows, 'spec.promptRef.version', 'email-classifier-aaaaaaaaaaaa'),
      ],
      'refuses an Agent with an empty promptRef': [
        'refused',
        changed(agentThatFollows, 'spec.promptRef', {}),
      ],
    },
  ),
  ...casesFor(
    {
      kind: 'Agent',
      path: 'spec.modelPolicy.allow',
      message: 'at least one entry of modelPolicy.allow needs a weight above 0',
    },
    {
      'accepts an Agent with a fallback beside a weighted Model': [
        'accepted',
        changed(agentThatFollows, 'spec.modelPolicy.allow', [
          { name: 'a', weight: 1 },
          { name: 'b', weight: 0 },
        ]),
      ],
      'accepts an Agent whose only Model has no weight, which is 1': ['accepted', agentThatScales],
      'refuses an Agent with nothing but fallbacks': [
        'refused',
        changed(agentThatFollows, 'spec.modelPolicy.allow', [
          { name: 'a', weight: 0 },
          { name: 'b', weight: 0 },
        ]),
      ],
    },
  ),
  ...casesFor(
    {
      kind: 'Agent',
      path: 'spec.autoscaling',
      message: 'autoscaling.minReplicas must not be above autoscaling.maxReplicas',
    },
    {
      'accepts an Agent that scales between equal bounds': [
        'accepted',
        changed(agentThatScales, 'spec.autoscaling', { minReplicas: 3, maxReplicas: 3 }),
      ],
      'refuses an Agent that scales from 4 down to 3': [
        'refused',
        changed(agentThatScales, 'spec.autoscaling', { minReplicas: 4, maxReplicas: 3 }),
      ],
    },
  ),
];

const RESOURCE_CASES: readonly RuleCase[] = (['cpu', 'memory'] as const).flatMap((amount) =>
  casesFor(
    {
      kind: 'Agent',
      path: 'spec.resources',
      message: `resources.requests.${amount} must not be above resources.limits.${amount}`,
    },
    {
      [`accepts an Agent whose request of ${amount} is its limit, in another unit`]: [
        'accepted',
        withResources({ [amount]: '1024Mi' }, { [amount]: '1Gi' }),
      ],
      [`accepts an Agent with a request of ${amount} and no limit`]: [
        'accepted',
        withResources({ [amount]: '2' }),
      ],
      [`accepts an Agent with a limit of ${amount} and no request`]: [
        'accepted',
        withResources(undefined, { [amount]: '2' }),
      ],
      [`refuses an Agent whose request of ${amount} is above its limit`]: [
        'refused',
        withResources({ [amount]: '1025Mi' }, { [amount]: '1Gi' }),
      ],
    },
  ),
);

const TOOL_CASES: readonly RuleCase[] = [
  ...casesFor(
    { kind: 'Agent', path: 'spec.tools[]', message: 'a tool of type BuiltIn has one of these names' },
    {
      'accepts an Agent with a built-in tool': [
        'accepted',
        withTools({ type: 'BuiltIn', name: 'current-time' }),
      ],
      'refuses an Agent with a built-in tool that there is not': [
        'refused',
        withTools({ type: 'BuiltIn', name: 'book-room' }),
      ],
    },
  ),
  ...casesFor(
    { kind: 'Agent', path: 'spec.tools[]', message: 'a tool of type BuiltIn has a name only' },
    {
      'accepts an Agent with a built-in tool beside an Http tool of the same agent': [
        'accepted',
        agentThatFollows,
      ],
      'refuses an Agent with a built-in tool that has a url': [
        'refused',
        withTools({ type: 'BuiltIn', name: 'calculate', url: 'https://example.com/' }),
      ],
      'refuses an Agent with a built-in tool that is said to have no effect': [
        'refused',
        withTools({ type: 'BuiltIn', name: 'calculate', effect: 'None' }),
      ],
    },
  ),
  ...casesFor(
    { kind: 'Agent', path: 'spec.tools[]', message: 'a tool of type Http needs a url' },
    {
      'accepts an Agent with an Http tool that says no more than it must': [
        'accepted',
        withTools({
          type: 'Http',
          name: 'book',
          description: 'Books.',
          url: 'http://rooms.office.svc:8080/?kind=1',
        }),
      ],
      'refuses an Agent with an Http tool without a url': [
        'refused',
        withTools({ type: 'Http', name: 'book', description: 'Books.' }),
      ],
      'refuses an Agent with an Http tool that tells the model nothing': [
        'refused',
        withTools({ type: 'Http', name: 'book', url: 'https://example.com/' }),
      ],
    },
  ),
];

function withTools(...tools: readonly object[]): SampleObject {
  return changed(agentThatFollows, 'spec.tools', tools);
}

function withResources(
  requests?: Readonly<Record<string, string>>,
  limits?: Readonly<Record<string, string>>,
): SampleObject {
  return changed(agentThatFollows, 'spec.resources', { requests, limits });
}

const LABELLED = { ...promptVersion.metadata, labels: { reviewed: 'yes' } };

const RELEASE_CASES: readonly RuleCase[] = [
  ...casesFor(
    { kind: 'PromptVersion', path: 'spec', message: 'a PromptVersion never changes' },
    {
      'accepts a new label on a PromptVersion': [
        'accepted',
        { ...promptVersion, metadata: LABELLED },
        promptVersion,
      ],
      'refuses another text in a PromptVersion': [
        'refused',
        changed(promptVersion, 'spec.text', 'Sort {{mail}} well.'),
        promptVersion,
      ],
      'accepts the same text from another source in a PromptVersion': [
        'accepted',
        changed(promptVersion, 'spec.source', undefined),
        promptVersion,
      ],
      'refuses another digest in a PromptVersion': [
        'refused',
        changed(promptVersion, 'spec.digest', 'f'.repeat(64)),
        promptVersion,
      ],
      'refuses to take the golden set away from a PromptVersion': [
        'refused',
        changed(promptVersion, 'spec.goldenSet', undefined),
        promptVersion,
      ],
    },
  ),
  ...casesFor(
    { kind: 'CanaryRollout', path: 'spec.prompt', message: 'spec.prompt never changes' },
    {
      'accepts the release of another version by a CanaryRollout': [
        'accepted',
        changed(canaryRollout, 'spec.versionRef.name', 'email-classifier-bbbbbbbbbbbb'),
        canaryRollout,
      ],
      'refuses another prompt in a CanaryRollout': [
        'refused',
        changed(canaryRollout, 'spec.prompt', 'summary'),
        canaryRollout,
      ],
    },
  ),
];

const KEYLESS = { keyFrom: undefined };
const SERVICE = 'http://model.models.svc:8080/v1';

const MODEL_CASES: readonly RuleCase[] = [
  ...casesFor(
    { kind: 'Model', path: 'spec', message: 'an OpenAICompatible model needs an endpoint' },
    {
      'accepts an OpenAI Model without an endpoint': [
        'accepted',
        modelWith({ provider: 'OpenAI', endpoint: undefined }),
      ],
      'refuses an OpenAICompatible Model without an endpoint': [
        'refused',
        modelWith({ endpoint: undefined }),
      ],
    },
  ),
  ...casesFor(
    { kind: 'Model', path: 'spec', message: 'models of OpenAI, Anthropic and Gemini need keyFrom.secretRef' },
    {
      'accepts an OpenAICompatible Model without a key': ['accepted', modelWith(KEYLESS)],
      'accepts an Anthropic Model with a key': ['accepted', modelWith({ provider: 'Anthropic' })],
      'refuses an OpenAI Model without a key': ['refused', modelWith({ ...KEYLESS, provider: 'OpenAI' })],
      'refuses an Anthropic Model without a key': [
        'refused',
        modelWith({ ...KEYLESS, provider: 'Anthropic' }),
      ],
      'refuses a Gemini Model without a key': ['refused', modelWith({ ...KEYLESS, provider: 'Gemini' })],
    },
  ),
  ...casesFor(
    { kind: 'Model', path: 'spec', message: 'an OpenAICompatible model needs a price' },
    {
      'accepts a Gemini Model without a price': [
        'accepted',
        modelWith({ provider: 'Gemini', price: undefined }),
      ],
      'accepts an OpenAICompatible Model that costs nothing': [
        'accepted',
        modelWith({ price: { inputUsdPerMillionTokens: '0', outputUsdPerMillionTokens: '0' } }),
      ],
      'refuses an OpenAICompatible Model without a price': ['refused', modelWith({ price: undefined })],
    },
  ),
  ...casesFor(
    {
      kind: 'Model',
      path: 'spec',
      message: 'a key is only sent over https://, or to a Service of this cluster',
    },
    {
      'accepts a key for an https endpoint': ['accepted', model],
      'accepts a key for a Service of the cluster over http': ['accepted', modelWith({ endpoint: SERVICE })],
      'accepts a key for a Service written out in full': [
        'accepted',
        modelWith({ endpoint: 'http://model.models.svc.cluster.local/v1' }),
      ],
      'accepts any http endpoint that gets no key': [
        'accepted',
        modelWith({ ...KEYLESS, endpoint: 'http://10.0.0.7:8000/v1' }),
      ],
      'refuses a key for an http endpoint outside of the cluster': [
        'refused',
        modelWith({ endpoint: 'http://models.example.com/v1' }),
      ],
      'refuses a key for an http host that only begins like a Service': [
        'refused',
        modelWith({ endpoint: 'http://model.models.svc.example.com/v1' }),
      ],
      'refuses a key for an http host with a Service in its path': [
        'refused',
        modelWith({ endpoint: 'http://example.com/model.models.svc' }),
      ],
    },
  ),
];

export const RULE_CASES: readonly RuleCase[] = [
  ...REPOSITORY_CASES,
  ...URL_CASES,
  ...AGENT_CASES,
  ...RESOURCE_CASES,
  ...TOOL_CASES,
  ...PROBE_CASES,
  ...RELEASE_CASES,
  ...ROLLOUT_CASES,
  ...MODEL_CASES,
];
