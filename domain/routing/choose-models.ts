/**
 * Which models may answer a request, and in which order they are asked. Pure: chance and health come in, and every
 * model that is left out carries its reason, so that each decision can be told in one line.
 *
 *   allowed by the agent -> exists -> has the capabilities -> may see the data class -> has a known price
 *   -> has its key -> has room for the request -> healthy -> weighted order
 */
import type { RequestNeeds } from './request-needs.ts';
import type { RoutableAgent, RoutableModel } from './routable-model.ts';

export const REJECTIONS = [
  'notAllowed',
  'notFound',
  'capabilityMissing',
  'dataClassRefused',
  'priceUnknown',
  'keyUnavailable',
  'contextTooSmall',
  'keyRefused',
  'weightZero',
] as const;
export type Rejection = (typeof REJECTIONS)[number];

export interface RejectedModel {
  readonly name: string;
  readonly reason: Rejection;
  /** A clause that follows the model's name: "does not have the capability Tools". */
  readonly explanation: string;
}

/**
 * Health of a target as it is known before asking. `benchedMilliseconds` is how long it should rest, 0 when it is fit:
 * a resting model is asked last, never left out, for when all rest, asking is better than refusing. Only a target that
 * said itself when to come back (`mustWait`) is not asked before that.
 */
export type TargetHealth =
  | { readonly usable: true; readonly benchedMilliseconds: number; readonly mustWait: boolean }
  | { readonly usable: false; readonly explanation: string };

export interface Candidate {
  readonly model: RoutableModel;
  readonly benchedMilliseconds: number;
  readonly mustWait: boolean;
}

export interface ModelChoice {
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly RejectedModel[];
}

export const ANY_MODEL = 'auto';

export interface ChoiceInput {
  /** `auto`, or the name of one Model. */
  readonly requestedModel: string;
  readonly needs: RequestNeeds;
  readonly agent: RoutableAgent;
  readonly findModel: (name: string) => RoutableModel | undefined;
  readonly healthOf: (model: RoutableModel) => TargetHealth;
  /** Yields [0, 1). */
  readonly random: () => number;
}

export function chooseModels(input: ChoiceInput): ModelChoice {
  const { requestedModel, agent } = input;
  const named = agent.allow.filter(({ model }) => model === requestedModel);
  if (requestedModel !== ANY_MODEL && named.length === 0) {
    const explanation = `is not in modelPolicy.allow of the Agent ${agent.namespace}/${agent.name}`;
    return { candidates: [], rejected: [{ name: requestedModel, reason: 'notAllowed', explanation }] };
  }
  // A model that is asked for by name is used whatever its weight is.
  const entries =
    requestedModel === ANY_MODEL ? agent.allow : named.map(({ model }) => ({ model, weight: 1 }));
  const rejected: RejectedModel[] = [];
  const eligible: WeightedCandidate[] = [];
  for (const { model: name, weight } of entries) {
    const verdict = judge(name, input);
    if ('reason' in verdict) rejected.push(verdict);
    else eligible.push({ ...verdict, weight });
  }
  return { candidates: order(eligible, input.random), rejected };
}

interface WeightedCandidate extends Candidate {
  readonly weight: number;
}

function judge(name: string, input: ChoiceInput): Candidate | RejectedModel {
  const model = input.findModel(name);
  const reject = (reason: Rejection, explanation: string): RejectedModel => ({ name, reason, explanation });
  if (model === undefined) {
    return reject('notFound', `does not exist in namespace ${input.agent.namespace}`);
  }
  const missing = input.needs.capabilities.find((capability) => !model.capabilities.has(capability));
  if (missing !== undefined) {
    return reject('capabilityMissing', `does not have the capability ${missing}`);
  }
  if (!model.dataClasses.has(input.agent.dataClass)) {
    return reject('dataClassRefused', `may not see data of class ${input.agent.dataClass}`);
  }
  if (model.price === undefined) {
    return reject('priceUnknown', `has no known price, and an unknown price is never free: set spec.price`);
  }
  if (model.key.state !== 'resolved' && model.key.state !== 'notNeeded') {
    return reject('keyUnavailable', model.key.problem);
  }
  if (model.contextTokens !== undefined && isFarTooLong(input.needs, model.contextTokens)) {
    return reject('contextTooSmall', `has room for ${model.contextTokens} tokens only`);
  }
  const health = input.healthOf(model);
  return health.usable
    ? { model, benchedMilliseconds: health.benchedMilliseconds, mustWait: health.mustWait }
    : reject('keyRefused', health.explanation);
}

/** The estimate is rough and errs high, so only what cannot fit by any count is left out before it is asked. */
function isFarTooLong(needs: RequestNeeds, contextTokens: number): boolean {
  return needs.estimatedInputTokens > contextTokens * 3;
}

/** Fit before benched; of the fit, weighted before weightless. Benched ones by the end of their rest. */
function order(eligible: readonly WeightedCandidate[], random: () => number): readonly Candidate[] {
  if (eligible.length === 1) return eligible;
  const fit = eligible.filter(({ benchedMilliseconds }) => benchedMilliseconds === 0);
  const benched = eligible.filter(({ benchedMilliseconds }) => benchedMilliseconds > 0);
  return [
    ...drawByWeight(
      fit.filter(({ weight }) => weight > 0),
      random,
    ),
    ...fit.filter(({ weight }) => weight === 0),
    ...benched.toSorted((one, other) => one.benchedMilliseconds - other.benchedMilliseconds),
  ];
}

/** Draws without putting back: the first place is won with the probability weight / sum of weights. */
function drawByWeight(
  candidates: readonly WeightedCandidate[],
  random: () => number,
): readonly WeightedCandidate[] {
  const left = [...candidates];
  const drawn: WeightedCandidate[] = [];
  while (left.length > 0) {
    let ticket = random() * left.reduce((sum, { weight }) => sum + weight, 0);
    let winner = left.findIndex(({ weight }) => (ticket -= weight) < 0);
    if (winner === -1) winner = left.length - 1;
    drawn.push(...left.splice(winner, 1));
  }
  return drawn;
}

/** One sentence for the caller who got no model: every model and why it was not used. */
export function explainNoModel(requestedModel: string, rejected: readonly RejectedModel[]): string {
  const reasons = rejected.map(({ name, explanation }) => `${shortened(name)} ${explanation}`).join('; ');
  const what =
    requestedModel === ANY_MODEL ? 'No model may answer this request' : 'This model may not be used';
  return `${what}: ${reasons}.`;
}

/** A name that no policy knows is the caller's own text, of any length. */
function shortened(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}…`;
}

/** No object of Kubernetes has a longer one. */
const LONGEST_NAME = 253;

/** Short enough for a header: the order of asking, then what was left out. Kubernetes names are plain ASCII. */
export function describeChoice(choice: ModelChoice): string {
  const candidates = choice.candidates.map(({ model, benchedMilliseconds }) =>
    benchedMilliseconds > 0 ? `${model.name}(benched)` : model.name,
  );
  // A name that no policy knows is the caller's own text, which may be no fit for a header.
  const rejected = choice.rejected.map(({ name, reason }) =>
    reason === 'notAllowed' ? reason : `${name}:${reason}`,
  );
  const text = `order=${candidates.join(',')}${rejected.length > 0 ? ` rejected=${rejected.join(',')}` : ''}`;
  return text.length <= 400 ? text : `${text.slice(0, 397)}...`;
}
