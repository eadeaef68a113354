/** Agents that keep or break the rules of spec.probes. */
import { type RuleCase, casesFor, named } from './rule-case.ts';
import { SAMPLES, changed } from './sample-objects.ts';

const { agentThatScales: probed } = SAMPLES;
const every = (minutes: number) => changed(probed, 'spec.probes.everyMinutes', minutes);
const judgedBy = (modelRef: { readonly name: string }, votes = 3) =>
  changed(probed, 'spec.probes.judge', { modelRef, votes });

export const PROBE_CASES: readonly RuleCase[] = [
  ...casesFor(
    { kind: 'Agent', path: '', message: 'metadata.name of an Agent with spec.probes may have at most 46' },
    {
      'accepts an Agent with probes and a name of 46 characters': ['accepted', named(probed, 'a'.repeat(46))],
      'refuses an Agent with probes and a name of 47 characters': ['refused', named(probed, 'a'.repeat(47))],
    },
  ),
  ...casesFor(
    { kind: 'Agent', path: 'spec', message: 'probes run the prompt as the agent-runtime does' },
    {
      'accepts an Agent with probes and no image': ['accepted', probed],
      'refuses an Agent with probes and an image of its own': [
        'refused',
        changed(probed, 'spec.image', 'example.com/agent:1'),
      ],
    },
  ),
  ...casesFor(
    { kind: 'Agent', path: 'spec', message: 'the Model of probes.judge must be in modelPolicy.allow' },
    {
      'accepts an Agent whose probes an allowed Model grades': ['accepted', judgedBy({ name: 'first' })],
      'refuses an Agent whose probes another Model grades': ['refused', judgedBy({ name: 'third' })],
    },
  ),
  ...casesFor(
    { kind: 'Agent', path: 'spec.probes.everyMinutes', message: 'probes.everyMinutes must divide an hour' },
    {
      'accepts an Agent that is probed every 5 minutes': ['accepted', every(5)],
      'accepts an Agent that is probed every hour': ['accepted', every(60)],
      'accepts an Agent that is probed every 8 hours': ['accepted', every(480)],
      'refuses an Agent that is probed every 7 minutes': ['refused', every(7)],
      'refuses an Agent that is probed every 90 minutes': ['refused', every(90)],
      'refuses an Agent that is probed every 7 hours': ['refused', every(420)],
    },
  ),
  ...casesFor(
    { kind: 'Agent', path: 'spec.probes.judge.votes', message: 'probes.judge.votes must be odd' },
    {
      'accepts an Agent whose probes have three votes': ['accepted', judgedBy({ name: 'first' })],
      'refuses an Agent whose probes have two votes': ['refused', judgedBy({ name: 'first' }, 2)],
    },
  ),
  ...casesFor(
    {
      kind: 'Agent',
      path: 'spec.probes.judge.modelRef.name',
      message: 'the judge is one Model, the same for all',
    },
    {
      'accepts an Agent whose probes one Model grades': ['accepted', judgedBy({ name: 'first' })],
      'refuses an Agent whose probes whichever Model grades': ['refused', judgedBy({ name: 'auto' })],
    },
  ),
];
