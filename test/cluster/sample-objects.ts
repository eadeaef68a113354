/** Objects that every rule accepts. Tests change one field of one of them. */

export interface SampleObject {
  readonly apiVersion: 'capataz.dev/v1alpha1';
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: 'default' };
  readonly spec: Readonly<Record<string, unknown>>;
}

function sample(kind: string, name: string, spec: SampleObject['spec']): SampleObject {
  return { apiVersion: 'capataz.dev/v1alpha1', kind, metadata: { name, namespace: 'default' }, spec };
}

const DIGEST = 'a'.repeat(64);

/** A rollout that begins with each of these steps. */
function stepSamples<Kind extends string>(
  steps: Readonly<Record<Kind, object>>,
): Readonly<Record<`canaryRollout-${Kind}`, SampleObject>> {
  const samples = Object.entries(steps).map(([kind, step]) => [
    `canaryRollout-${kind}`,
    sample('CanaryRollout', `begins-with-${kind.toLowerCase()}`, {
      prompt: 'email-classifier',
      versionRef: { name: 'email-classifier-aaaaaaaaaaaa' },
      steps: [{ [kind]: step }],
    }),
  ]);
  return Object.fromEntries(samples);
}

/** Every field of every spec stands in at least one of the samples of its kind. */
export const SAMPLES = {
  agentThatFollows: sample('Agent', 'classifier', {
    description: 'Sorts mail.',
    promptRef: { name: 'email-classifier' },
    modelPolicy: { allow: [{ name: 'first', weight: 9 }, { name: 'second' }], dataClass: 'Internal' },
    tools: [
      {
        type: 'Http',
        name: 'book-room',
        description: 'Books a room.',
        url: 'https://rooms.example.com/bookings',
        parameters: { type: 'object' },
        effect: 'External',
        timeoutSeconds: 30,
      },
      { type: 'BuiltIn', name: 'parse-email' },
    ],
    audit: { content: 'Digests', retentionDays: 30 },
    output: { schema: { type: 'object', required: ['label'] } },
    limits: { steps: 8, seconds: 60, usdPerRun: '0.05', outputRepairs: 2, outputTokens: 512 },
    replicas: 2,
    resources: { requests: { cpu: '100m', memory: '128Mi' } },
    image: 'example.com/agent:1',
  }),
  agentThatScales: sample('Agent', 'pinned', {
    promptRef: { version: 'email-classifier-aaaaaaaaaaaa' },
    modelPolicy: { allow: [{ name: 'first' }] },
    resources: { limits: { cpu: '1', memory: '256Mi' } },
    autoscaling: { minReplicas: 1, maxReplicas: 1000, targetCpuPercent: 70 },
    probes: {
      goldenSetRef: { name: 'spam' },
      everyMinutes: 60,
      casesPerRound: 20,
      maximumUsdPerDay: '0.50',
      judge: { modelRef: { name: 'first' }, votes: 3 },
    },
  }),
  promptVersion: sample('PromptVersion', 'email-classifier-aaaaaaaaaaaa', {
    prompt: 'email-classifier',
    text: 'Sort {{mail}}.',
    digest: DIGEST,
    source: { commit: 'abcdef0', path: 'prompts/email-classifier.prompt', author: 'Ana <ana@example.com>' },
    goldenSet: { name: 'spam', digest: DIGEST },
  }),
  canaryRollout: sample('CanaryRollout', 'email-classifier', {
    prompt: 'email-classifier',
    versionRef: { name: 'email-classifier-aaaaaaaaaaaa' },
  }),
  canaryRolloutInSteps: sample('CanaryRollout', 'in-steps', {
    prompt: 'email-classifier',
    versionRef: { name: 'email-classifier-aaaaaaaaaaaa' },
    exposure: { unit: 'Session' },
    steps: [
      {
        gate: {
          agentRef: { name: 'classifier' },
          goldenSetRef: { name: 'email-triage' },
          repeats: 3,
          judge: { modelRef: { name: 'large' }, votes: 3 },
          minimumPassPercent: '80',
          maximumUsd: '5',
          timeoutSeconds: 3600,
        },
      },
      { setExposure: { percent: '0.25' } },
      { analyse: {} },
      { setExposure: { percent: '100' } },
      { bake: { seconds: 3600 } },
    ],
    analysis: {
      metrics: [
        {
          metric: 'WithinCost',
          marginPercent: '1',
          promotionMarginPercent: '5',
          usdPerRun: '0.05',
          seconds: 30,
          feedbackMetric: 'helpful',
          isRequired: true,
        },
      ],
      falseRollbackPercent: '1',
      guards: { consecutiveSchemaFailures: 3, costFactor: 5, safetyEvents: 1 },
    },
    windows: [{ days: ['Mon', 'Tue'], start: '09:00', hours: 8, timeZone: 'Europe/Madrid' }],
    progressDeadlineSeconds: 172_800,
    onProgressDeadline: 'Rollback',
  }),
  ...stepSamples({
    setExposure: { percent: '1' },
    analyse: { minSamples: 250, maximumSeconds: 86_400, onInconclusive: 'Pause' },
    pause: { seconds: 60 },
    approve: {},
    bake: { seconds: 3600 },
  }),
  canaryRolloutOfRepository: sample('CanaryRollout', 'of-repository', {
    prompt: 'email-classifier',
    source: { repositoryRef: { name: 'prompts' } },
  }),
  promptRepository: sample('PromptRepository', 'prompts', {
    url: 'https://git.example.com/team/prompts.git',
    reference: { branch: 'main' },
    path: 'prompts',
    goldenSetsPath: 'golden-sets',
    secretRef: { name: 'git' },
    intervalSeconds: 60,
    webhook: { secretRef: { name: 'webhook' } },
    signatures: { policy: 'RequireGood', keysFrom: { secretRef: { name: 'keys' } } },
    onForcePush: 'Refuse',
    commitStatus: { api: 'Gitea', endpoint: 'https://git.example.com/api/v1', secretRef: { name: 'status' } },
    keepVersions: 20,
    suspend: false,
  }),
  promptRepositoryOfTag: sample('PromptRepository', 'prompts-of-tag', {
    url: 'ssh://git@git.example.com/team/prompts.git',
    reference: { tag: 'v1' },
    signatures: { policy: 'RequireGood', keysFrom: { configMapRef: { name: 'keys' } } },
  }),
  model: sample('Model', 'first', {
    provider: 'OpenAICompatible',
    endpoint: 'https://models.example.com/v1',
    model: 'small',
    keyFrom: { secretRef: { name: 'model-key', key: 'key' } },
    capabilities: ['Chat'],
    contextTokens: 8192,
    price: {
      inputUsdPerMillionTokens: '0.15',
      outputUsdPerMillionTokens: '0.60',
      cachedInputUsdPerMillionTokens: '0.01',
      cacheWriteUsdPerMillionTokens: '0.2',
    },
    dataClasses: ['Public'],
    timeouts: { connectSeconds: 5, firstByteSeconds: 60, idleSeconds: 30, totalSeconds: 300 },
  }),
} as const satisfies Readonly<Record<string, SampleObject>>;

/** A path such as `spec.modelPolicy.allow[0].weight`, as keys. */
function keysOf(path: string): readonly string[] {
  return path.split(/[.[\]]+/).filter((key) => key !== '');
}

type Tree = Record<string, unknown>;

/** A copy with another value at one path; `undefined` removes the field. The parent must be there. */
export function changed(object: SampleObject, path: string, value: unknown): SampleObject {
  const copy = structuredClone(object);
  const keys = keysOf(path);
  const parent = keys.slice(0, -1).reduce((node, key) => node[key] as Tree, copy as unknown as Tree);
  const last = keys.at(-1) ?? '';
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

/** The value at a path, or undefined. */
export function valueAt(object: SampleObject, path: string): unknown {
  return keysOf(path).reduce<unknown>((node, key) => (node as Tree | undefined)?.[key], object);
}
