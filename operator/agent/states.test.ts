import { describe, expect, it } from 'vitest';
import {
  type Scene,
  aModel,
  aPromptVersion,
  aRollout,
  meta,
  rolledOut,
  scene,
} from '../testing/agent-scene.ts';
import { type KstatusVerdict, goldenState } from '../testing/golden-state.ts';

const taken = (isPassing: boolean) =>
  ({ kind: 'taken', object: 'Service agent-a', by: 'Service mesh', isPassing }) as const;
const refused = (isFinal: boolean) =>
  ({ kind: 'refused', object: 'Service agent-a', message: 'it said no', isFinal }) as const;
const starting = rolledOut({ readyReplicas: 0, availableReplicas: 0 });
const noProgress = { type: 'Progressing', status: 'False', message: 'it has timed out progressing' };
const pods = [
  { metadata: meta('agent-a-1'), isReady: false, trouble: 'ImagePullBackOff of example.com/agent:1' },
];

const BOOK_ROOM = {
  type: 'Http',
  name: 'book-room',
  description: 'Books a room.',
  url: 'http://rooms.office.svc:8080/bookings',
} as const;

describe('what an Agent says of itself', () => {
  it.each<[string, KstatusVerdict, Scene]>([
    ['ready', 'Current', { deployment: rolledOut() }],
    ['scaled-to-zero', 'Current', { deployment: rolledOut({}, { replicas: 0 }), spec: { replicas: 0 } }],
    [
      'one-model-missing',
      'Current',
      { deployment: rolledOut(), spec: { modelPolicy: { allow: [{ name: 'm' }, { name: 'lost' }] } } },
    ],
    [
      'probes-not-possible',
      'Current',
      {
        deployment: rolledOut(),
        spec: { probes: { goldenSetRef: { name: 'hard-mails' } } },
        goldenSet: 'absent',
        ledgerUrl: 'http://ledger',
      },
    ],
    ['deployment-being-made', 'InProgress', {}],
    ['pods-starting', 'InProgress', { deployment: starting }],
    ['pods-in-trouble', 'InProgress', { deployment: starting, pods }],
    ['no-progress', 'Failed', { deployment: rolledOut({ availableReplicas: 0, conditions: [noProgress] }) }],
    ['rollout-missing', 'InProgress', { rollout: undefined }],
    ['rollout-without-stable', 'InProgress', { rollout: aRollout(undefined) }],
    ['pinned-version-missing', 'InProgress', { spec: { promptRef: { version: 'v9' } } }],
    [
      'pinned-version-refused',
      'Failed',
      { spec: { promptRef: { version: 'v1' } }, versions: [aPromptVersion('v1', false)] },
    ],
    ['model-not-ready', 'InProgress', { models: [aModel(false)] }],
    ['output-schema-invalid', 'Failed', { spec: { output: { schema: { type: 'objekt' } } } }],
    [
      'tool-invalid',
      'Failed',
      { spec: { tools: [{ ...BOOK_ROOM, parameters: { type: 'object', requird: ['room'] } }] } },
    ],
    ['name-taken', 'Failed', { problems: [taken(false)] }],
    ['name-of-an-earlier-agent', 'InProgress', { problems: [taken(true)] }],
    ['child-over-quota', 'InProgress', { problems: [refused(false)], deployment: rolledOut() }],
    ['child-invalid', 'Failed', { problems: [refused(true)], deployment: rolledOut() }],
  ])('%s, which kstatus reads as %s', async (name, verdict, given) => {
    const { agent, status } = scene(given);
    await expect(goldenState(verdict, { ...agent, status })).toMatchFileSnapshot(
      `./golden/states/${name}.yaml`,
    );
  });

  it('new and edited, which it has not looked at yet', async () => {
    const status = { observedGeneration: -1 };
    await expect(goldenState('InProgress', { ...scene().agent, status })).toMatchFileSnapshot(
      './golden/states/new.yaml',
    );
    const ready = scene({ deployment: rolledOut() });
    const edited = { ...scene({ generation: 4 }).agent, status: ready.status };
    await expect(goldenState('InProgress', edited)).toMatchFileSnapshot('./golden/states/edited.yaml');
  });
});
