/** What the API server takes and refuses of a CanaryRollout by its own rules. */
import { type RuleCase, casesFor } from './rule-case.ts';
import { SAMPLES, changed } from './sample-objects.ts';

const { canaryRollout } = SAMPLES;

export const ROLLOUT_CASES: readonly RuleCase[] = [
  ...casesFor(
    {
      kind: 'CanaryRollout',
      path: 'spec.steps',
      message: 'a later step never lowers the exposure: whoever took the candidate keeps it',
    },
    {
      'accepts steps of a CanaryRollout that expose more and more': [
        'accepted',
        changed(canaryRollout, 'spec.steps', exposures('0.25', '1', '9', '10', '100')),
      ],
      'refuses steps of a CanaryRollout that expose less again': [
        'refused',
        changed(canaryRollout, 'spec.steps', exposures('10', '9')),
      ],
    },
  ),
  ...casesFor(
    {
      kind: 'CanaryRollout',
      path: 'spec.steps[]',
      message: 'a step is exactly one of gate, setExposure, analyse, pause, approve and bake',
    },
    {
      'accepts a step of a CanaryRollout that is one thing': [
        'accepted',
        changed(canaryRollout, 'spec.steps', [{ approve: {} }]),
      ],
      'refuses a step of a CanaryRollout that is two things': [
        'refused',
        changed(canaryRollout, 'spec.steps', [{ approve: {}, pause: {} }]),
      ],
      'refuses a step of a CanaryRollout that is nothing': [
        'refused',
        changed(canaryRollout, 'spec.steps', [{}]),
      ],
    },
  ),
  ...casesFor(
    {
      kind: 'CanaryRollout',
      path: 'spec.steps[].gate.judge.modelRef.name',
      message: 'the judge is one Model, the same for all answers',
    },
    {
      'accepts a judge of a gate that is one Model': [
        'accepted',
        changed(canaryRollout, 'spec.steps', [judgedBy({ modelRef: { name: 'large' } })]),
      ],
      'refuses a judge of a gate that the router would choose': [
        'refused',
        changed(canaryRollout, 'spec.steps', [judgedBy({ modelRef: { name: 'auto' } })]),
      ],
    },
  ),
  ...casesFor(
    {
      kind: 'CanaryRollout',
      path: 'spec.steps[].gate.judge.votes',
      message: 'an odd number of votes always has a majority',
    },
    {
      'accepts an odd number of votes of a judge': [
        'accepted',
        changed(canaryRollout, 'spec.steps', [judgedBy({ modelRef: { name: 'large' }, votes: 5 })]),
      ],
      'refuses an even number of votes of a judge': [
        'refused',
        changed(canaryRollout, 'spec.steps', [judgedBy({ modelRef: { name: 'large' }, votes: 4 })]),
      ],
    },
  ),
  ...casesFor(
    { kind: 'CanaryRollout', path: 'spec.analysis.metrics[]', message: 'WithinCost needs usdPerRun' },
    {
      'accepts WithinCost with what a run may cost': [
        'accepted',
        changed(canaryRollout, 'spec.analysis', { metrics: [{ metric: 'WithinCost', usdPerRun: '0.1' }] }),
      ],
      'refuses WithinCost without it': [
        'refused',
        changed(canaryRollout, 'spec.analysis', { metrics: [{ metric: 'WithinCost' }] }),
      ],
    },
  ),
  ...casesFor(
    { kind: 'CanaryRollout', path: 'spec.analysis.metrics[]', message: 'WithinLatency needs seconds' },
    {
      'accepts WithinLatency with how long a run may take': [
        'accepted',
        changed(canaryRollout, 'spec.analysis', { metrics: [{ metric: 'WithinLatency', seconds: 3 }] }),
      ],
      'refuses WithinLatency without it': [
        'refused',
        changed(canaryRollout, 'spec.analysis', { metrics: [{ metric: 'WithinLatency' }] }),
      ],
    },
  ),
];

function exposures(...percents: readonly string[]): readonly object[] {
  return percents.map((percent) => ({ setExposure: { percent } }));
}

function judgedBy(judge: object): object {
  return { gate: { agentRef: { name: 'tester' }, judge } };
}
