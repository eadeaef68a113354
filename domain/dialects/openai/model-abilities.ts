/**
 * What OpenAI's families of models are known to refuse, by their names
 * (https://platform.openai.com/docs/guides/reasoning, .../guides/latest-model). A name that is not known here is taken for a
 * model that takes everything: the provider says so when it does not.
 */
export interface ModelAbilities {
  /** A reasoning model: no temperature, penalties, log probabilities or stop sequences, and another word for the limit. */
  readonly isReasoning: boolean;
  /** The reasoning efforts that it knows, from little to much; undefined where nothing is known about it. */
  readonly efforts: readonly string[] | undefined;
  /** Models that think nothing when told so take the parameters of sampling then. */
  readonly samplesWithoutReasoning: boolean;
  /** The o-series calls one tool at a time, and refuses to be told. */
  readonly takesParallelToolCalls: boolean;
  readonly takesVerbosity: boolean;
}

const UNKNOWN: ModelAbilities = {
  isReasoning: false,
  efforts: undefined,
  samplesWithoutReasoning: false,
  takesParallelToolCalls: true,
  takesVerbosity: true,
};
const REASONING: ModelAbilities = { ...UNKNOWN, isReasoning: true };

/** The first that fits. A prefix such as `openai/` or `ft:` is not part of the name. */
const FAMILIES: readonly (readonly [RegExp, ModelAbilities])[] = [
  [/^gpt-5(?:\.\d+)?-chat/, { ...UNKNOWN, efforts: [] }],
  [/^(?:gpt-3|gpt-4|chatgpt-)/, { ...UNKNOWN, efforts: [], takesVerbosity: false }],
  [
    /^o\d/,
    {
      ...REASONING,
      efforts: ['low', 'medium', 'high'],
      takesParallelToolCalls: false,
      takesVerbosity: false,
    },
  ],
  [/^gpt-5(?:\.\d+)?-pro/, { ...REASONING, efforts: ['medium', 'high', 'xhigh'] }],
  [/^gpt-5(?:\.\d+)?-codex/, { ...REASONING, efforts: ['low', 'medium', 'high'] }],
  [/^gpt-5(?!\.)/, { ...REASONING, efforts: ['minimal', 'low', 'medium', 'high'] }],
  [
    /^gpt-5\.\d/,
    { ...REASONING, efforts: ['none', 'low', 'medium', 'high', 'xhigh'], samplesWithoutReasoning: true },
  ],
];

export function abilitiesOf(model: string): ModelAbilities {
  const name = model.toLowerCase().replace(/^ft:/, '').replace(/^.*\//, '');
  return FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? UNKNOWN;
}

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/**
 * The nearest effort that the model knows: never more than was asked for, unless that is less than it can do. Undefined where
 * none is to be said: a model that does not think has no effort.
 */
export function nearestEffort(effort: string | undefined, { efforts }: ModelAbilities): string | undefined {
  const wanted = EFFORTS.indexOf(effort ?? '');
  if (efforts === undefined || (wanted === -1 && efforts.length > 0)) return effort;
  return efforts.findLast((known) => EFFORTS.indexOf(known) <= wanted) ?? efforts[0];
}
