/**
 * Why quality drifted: what is known of the world around it, asked in the order in which it explains most. Something that answers
 * under the name of the model and is another one goes before our own changes, those before what only probes or the
 * traffic tell. Nothing is guessed: without any of them the cause is not known.
 */
export const DRIFT_CAUSES = [
  /** Another model or another build answers under the same name. */
  'served_model_changed',
  'prompt_changed',
  'model_changed',
  'tools_changed',
  'price_changed',
  'agent_changed',
  'knowledge_changed',
  /** The same questions are answered worse: it is the provider, whatever it says. */
  'probes_fell',
  /** Probes are as ever: what comes in is another. */
  'input_shifted',
  'retrieval_fell',
  'one_source',
  'unknown',
] as const;
export type DriftCause = (typeof DRIFT_CAUSES)[number];

export interface DatedEvidence {
  readonly atMicroseconds: number;
  readonly sentence: string;
}

export interface OurChange extends DatedEvidence {
  readonly kind: 'prompt' | 'model' | 'tools' | 'price' | 'agent' | 'knowledge';
}

export type Trend = 'fell' | 'steady' | 'unknown';

export interface DriftEvidence {
  /** Where the change began, by the estimate of the CUSUM that found it. */
  readonly sinceMicroseconds: number;
  readonly foundMicroseconds: number;
  /** Of the Models that the agent uses. */
  readonly servedChanges: readonly DatedEvidence[];
  readonly ourChanges: readonly OurChange[];
  readonly probes: {
    readonly trend: Trend;
    readonly sinceMicroseconds: number | null;
    readonly sentence: string;
  };
  /** Of what comes in; undefined: as ever, or not known. */
  readonly inputShift: DatedEvidence | undefined;
  readonly retrieval: { readonly trend: Trend; readonly sentence: string };
  /** Most of what went badly came from one source, and most of the rest did not. */
  readonly oneSource: string | undefined;
}

export interface Attributed {
  readonly cause: DriftCause;
  readonly sentence: string;
  readonly atMicroseconds: number | null;
}

/** The estimate of the beginning is late by the runs that went well by chance, and early by those that went badly. */
const BEFORE_MICROSECONDS = 24 * 3_600_000_000;

/** Most likely first; at least one. */
export function attributeDrift(evidence: DriftEvidence): readonly Attributed[] {
  const { probes, inputShift, retrieval, oneSource } = evidence;
  const causes: Attributed[] = nearest(evidence, evidence.servedChanges).map((change) =>
    attributed('served_model_changed', change.sentence, change.atMicroseconds),
  );
  // Who answers has changed: our own releases of that time are no explanation beside it.
  if (causes.length === 0) {
    for (const change of nearest(evidence, evidence.ourChanges)) {
      causes.push(attributed(`${change.kind}_changed`, change.sentence, change.atMicroseconds));
    }
  }
  if (probes.trend === 'fell') {
    causes.push(attributed('probes_fell', probes.sentence, probes.sinceMicroseconds));
  } else {
    if (inputShift !== undefined && isNear(evidence, inputShift)) {
      causes.push(attributed('input_shifted', inputShift.sentence, inputShift.atMicroseconds));
    }
    if (retrieval.trend === 'fell') causes.push(attributed('retrieval_fell', retrieval.sentence, null));
    if (oneSource !== undefined) causes.push(attributed('one_source', oneSource, null));
  }
  if (causes.length > 0) return causes;
  return [attributed('unknown', unknownSentence(probes.trend), null)];
}

const OF_ENVIRONMENT: ReadonlySet<string> = new Set<DriftCause>([
  'served_model_changed',
  'probes_fell',
  'input_shifted',
  'retrieval_fell',
  'one_source',
  'unknown',
]);

/** Causes outside of what we release: with these a rollout must not blame its prompt. */
export function isOfEnvironment(cause: string): boolean {
  return OF_ENVIRONMENT.has(cause);
}

function attributed(cause: DriftCause, sentence: string, atMicroseconds: number | null): Attributed {
  return { cause, sentence, atMicroseconds };
}

function nearest<Change extends DatedEvidence>(
  evidence: DriftEvidence,
  changes: readonly Change[],
): readonly Change[] {
  const distance = ({ atMicroseconds }: Change): number =>
    Math.abs(atMicroseconds - evidence.sinceMicroseconds);
  return changes
    .filter((change) => isNear(evidence, change))
    .toSorted((one, other) => distance(one) - distance(other));
}

function isNear(
  { sinceMicroseconds, foundMicroseconds }: DriftEvidence,
  { atMicroseconds }: DatedEvidence,
): boolean {
  return atMicroseconds >= sinceMicroseconds - BEFORE_MICROSECONDS && atMicroseconds <= foundMicroseconds;
}

function unknownSentence(probes: Trend): string {
  const probed =
    probes === 'steady' ? 'probes answer as ever' : 'no probes tell whether the model answers as ever';
  return `Nothing that is known changed at that time: the same models answer, nothing of ours was changed, ${probed}, and no source stands out.`;
}
