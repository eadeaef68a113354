/** Arbitrary specs inside the bounds of a schema, for property tests. */
import * as fc from 'fast-check';
import type { StructuralSchema } from '#crds/structural-schema.ts';

type Spec = Readonly<Record<string, unknown>>;

export function validSpecs(kind: string, schema: StructuralSchema): fc.Arbitrary<Spec> {
  return (arbitrary(schema) as fc.Arbitrary<Spec>).map((spec) => KEEP_THE_RULES[kind]?.(spec) ?? spec);
}

/** A schema knows nothing of the CEL rules: what breaks one is put right here. */
const KEEP_THE_RULES: Readonly<Partial<Record<string, (spec: Spec) => Spec>>> = {
  Agent: ({ replicas, autoscaling, resources, tools, probes, image, ...spec }) => {
    const policy = spec['modelPolicy'] as { readonly allow: readonly Spec[] };
    const [first, ...others] = policy.allow;
    return {
      ...spec,
      // Requests alone cannot be above a limit.
      ...(resources === undefined ? {} : { resources: { ...resources, limits: {} } }),
      ...(tools === undefined ? {} : { tools: (tools as readonly Spec[]).map(whole) }),
      ...probing(probes as Spec | undefined, image, first?.['name']),
      ...scaling(replicas, autoscaling as ScalingBounds | undefined),
      promptRef: onePrompt(spec['promptRef'] as PromptReference),
      modelPolicy: { ...policy, allow: [{ ...first, weight: 1 }, ...others] },
    };
  },
  CanaryRollout: ({ steps, analysis, ...spec }) => ({
    ...spec,
    versionRef: spec['versionRef'] ?? { name: 'some-version' },
    source: undefined,
    ...(steps === undefined ? {} : { steps: oneThingEach(steps as readonly Spec[]) }),
    ...(analysis === undefined ? {} : { analysis: wholeMetrics(analysis as Spec) }),
  }),
  PromptRepository: ({ reference, signatures, ...spec }) => ({
    ...spec,
    url: 'https://git.example.com/prompts.git',
    ...(reference === undefined ? {} : { reference: { branch: 'main' } }),
    ...(signatures === undefined
      ? {}
      : { signatures: { policy: 'RequireGood', keysFrom: { secretRef: { name: 'keys' } } } }),
  }),
  Model: (spec) => ({
    ...spec,
    endpoint: 'https://models.example.com/v1',
    keyFrom: spec['keyFrom'] ?? { secretRef: { name: 'model-key' } },
    price: spec['price'] ?? { inputUsdPerMillionTokens: '0', outputUsdPerMillionTokens: '0' },
  }),
};

/** The first thing that each of them is, and none that lowers the exposure. */
function oneThingEach(steps: readonly Spec[]): readonly Spec[] {
  return steps.map((step) => {
    const first = Object.entries(step).find(([name]) => name !== 'setExposure');
    const [kind, value] = first ?? ['approve', {}];
    return { [kind]: kind === 'gate' ? judgedByOne(value as Spec) : value };
  });
}

/** By one Model, and an odd number of votes. */
function judgedByOne({ judge, ...gate }: Spec): Spec {
  return judge === undefined ? gate : { ...gate, judge: { modelRef: { name: 'large' }, votes: 3 } };
}

/** Each metric once, with what some of them need. */
function wholeMetrics({ metrics, ...analysis }: Spec): Spec {
  if (metrics === undefined) return analysis;
  const byName = new Map((metrics as readonly Spec[]).map((metric) => [metric['metric'], metric]));
  return {
    ...analysis,
    metrics: [...byName.values()].map((metric) => Object.assign({ usdPerRun: '1', seconds: 1 }, metric)),
  };
}

/** An Http tool, which any tool can be. */
function whole(tool: Spec): Spec {
  return { description: 'Books.', url: 'https://example.com/', ...tool, type: 'Http' };
}

/** What is probed has no image of its own, and its judge is one of its Models. */
function probing(probes: Spec | undefined, image: unknown, model: unknown): Spec {
  if (probes === undefined) return image === undefined ? {} : { image };
  const { judge, ...others } = probes;
  const judged = judge === undefined ? {} : { judge: { modelRef: { name: model }, votes: 3 } };
  return { probes: { ...others, ...judged, everyMinutes: 120 } };
}

interface ScalingBounds {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

function scaling(replicas: unknown, bounds: ScalingBounds | undefined): Spec {
  if (!bounds) return replicas === undefined ? {} : { replicas };
  return { autoscaling: { ...bounds, maxReplicas: Math.max(bounds.minReplicas, bounds.maxReplicas) } };
}

interface PromptReference {
  readonly name?: string;
  readonly version?: string;
}

function onePrompt({ name, version }: PromptReference): PromptReference {
  return version === undefined ? { name: name ?? 'any' } : { version };
}

function arbitrary(schema: StructuralSchema): fc.Arbitrary<unknown> {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true)
    // JSON has no negative zero, and zod leaves out a key that would become a prototype.
    return fc
      .dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.jsonValue(),
      )
      .map((value): unknown => JSON.parse(JSON.stringify(value)));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.type === 'integer')
    return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000_000 });
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'string') return texts(schema);
  return schema.type === 'array' ? lists(schema) : objects(schema);
}

/** A text that must match by a CEL rule is made by that rule. */
const MATCHES = /^self\.matches\(r'(.*)'\)$/;

function texts(schema: StructuralSchema): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = 0 } = schema;
  const [byRule] = (schema['x-kubernetes-validations'] ?? []).flatMap(
    ({ rule }) => MATCHES.exec(rule)?.[1] ?? [],
  );
  const pattern = byRule ?? schema.pattern;
  const bounded = { minLength, maxLength: Math.min(maxLength, 2000) };
  const any =
    pattern === undefined
      ? fc.string({ ...bounded, unit: 'binary' })
      : fc.stringMatching(new RegExp(pattern), { maxLength });
  // zod counts UTF-16 units and the API server code points: zod is the stricter of the two.
  return any.filter((text) => text.length >= minLength && text.length <= maxLength);
}

function lists(schema: StructuralSchema): fc.Arbitrary<unknown[]> {
  const keys = schema['x-kubernetes-list-map-keys'];
  const selector = (value: unknown): unknown =>
    keys ? JSON.stringify(keys.map((key) => (value as Spec)[key])) : value;
  const bounds = { minLength: schema.minItems ?? 0, maxLength: schema.maxItems ?? 10 };
  return fc.uniqueArray(arbitrary(schema.items ?? {}), { ...bounds, selector });
}

function objects(schema: StructuralSchema): fc.Arbitrary<Spec> {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, field]) => [name, arbitrary(field)] as const,
  );
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: [...(schema.required ?? [])],
    noNullPrototype: true,
  });
}
