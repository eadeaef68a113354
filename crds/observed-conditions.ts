/**
 * What the observer says of an Agent, beside what the operator says: how it does, not whether it stands. Entries of the same
 * list of conditions, owned by another field manager; neither writes nor takes away what is the other's.
 */
import type { ReasonMeaning } from './conditions.ts';

const LEARNING = {
  status: 'Unknown',
  meaning: 'Too little was seen of it yet to say what is usual. The message says how much is there.',
} as const;

export const OBSERVED_CONDITIONS = {
  CostNormal: {
    AsUsual: { status: 'True', meaning: 'It costs what is usual for it in this hour of the week.' },
    Expected: { status: 'True', meaning: 'It costs more, and somebody said until when that is expected.' },
    AboveUsual: {
      status: 'False',
      meaning: 'It has cost clearly more than is usual for it, hour after hour or all at once.',
      remedy: 'The message has the numbers, the console what made the difference.',
    },
    Learning: LEARNING,
    NothingKnown: { status: 'Unknown', meaning: 'Nothing was recorded of it, or prices are not known.' },
  },
  LatencyNormal: {
    AsUsual: { status: 'True', meaning: 'Its runs take as long as they usually do at this hour.' },
    Expected: { status: 'True', meaning: 'They take longer, and somebody said until when that is expected.' },
    AboveUsual: {
      status: 'False',
      meaning: 'Its runs take clearly longer than they usually do.',
      remedy: 'Look whether it is one Model or all: the console shows both.',
    },
    Learning: LEARNING,
    NothingKnown: { status: 'Unknown', meaning: 'There were no runs to say anything of.' },
  },
  Drift: {
    QualityDrifted: {
      status: 'True',
      meaning:
        'Runs go badly more often than they used to on this prompt: answers that do not fit, refusals, failed tools, or others. True is bad news here.',
      remedy: 'The message names the signal; the console ranks what may have caused it.',
    },
    AsUsual: { status: 'False', meaning: 'All signals of quality are as they usually are.' },
    Expected: {
      status: 'False',
      meaning: 'They have changed, and somebody said until when that is expected.',
    },
    Learning: LEARNING,
    NoRuns: { status: 'Unknown', meaning: 'There were no runs in the last day.' },
  },
  Probed: {
    AsUsual: { status: 'True', meaning: 'Probes with known answers are answered as well as usual.' },
    ProbesFell: {
      status: 'False',
      meaning: 'Probes are answered worse than they used to be: something changed that is not the input.',
      remedy: 'Look at what the provider served, and at what was changed here.',
    },
    ProbesMissed: {
      status: 'Unknown',
      meaning: 'Two rounds of probes or more are missing.',
      remedy: 'See why they do not run.',
    },
    NothingAsked: {
      status: 'Unknown',
      meaning:
        'The latest round of probes came to no verdict: it could ask nothing (a broken golden set, a spent limit), or got no answer.',
      remedy: 'The message says why, as the round told it.',
    },
    NoProbes: { status: 'Unknown', meaning: 'Probes are planned, and none has answered yet.' },
    NotPlanned: { status: 'Unknown', meaning: 'No probes are planned for it.' },
    Learning: LEARNING,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ReasonMeaning>>>>;

export type ObservedConditionType = keyof typeof OBSERVED_CONDITIONS;

export function isObservedCondition({ type }: { readonly type: string }): boolean {
  return Object.hasOwn(OBSERVED_CONDITIONS, type);
}
