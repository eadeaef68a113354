import { describe, expect, it } from 'vitest';
import type { Model, ModelStatus } from '#crds/model.ts';
import type { ModelProbe } from '#domain/routing/model-probe.ts';
import { type KstatusVerdict, goldenState } from '../testing/golden-state.ts';
import { decideModel } from './decide.ts';
import type { ProbeAnswer } from './observe.ts';

const NOON = new Date('2026-01-01T12:00:00Z');
const USABLE: ModelProbe = {
  secret: 'resolved',
  price: 'table',
  reachable: 'reachable',
  key: 'accepted',
  message: 'It answers.',
};

function model(status?: ModelStatus, generation = 1): Model {
  return {
    apiVersion: '',
    kind: 'Model',
    metadata: { namespace: 'ns', name: 'm', uid: 'u', generation, resourceVersion: '1' },
    spec: {
      provider: 'OpenAI',
      model: 'gpt',
      capabilities: ['Chat'],
      keyFrom: { secretRef: { name: 's' } },
    },
    ...(status === undefined ? {} : { status }),
  };
}

const probed = (probe: Partial<ModelProbe> = {}): ProbeAnswer => ({
  kind: 'probed',
  probe: { ...USABLE, ...probe },
});
const statusOf = (object: Model, answer: ProbeAnswer): ModelStatus =>
  decideModel({ model: object, answer, nextProbeSeconds: 30 }, NOON).status;

const READY = statusOf(model(), probed());
const UNANSWERED: ProbeAnswer = { kind: 'unanswered', message: 'the router answered with status 503' };
const FAILING = probed({ reachable: 'serverError', message: 'The endpoint answers with status 500.' });

describe('what a Model says of itself', () => {
  it.each<[string, KstatusVerdict, Model, ProbeAnswer]>([
    ['ready', 'Current', model(), probed()],
    ['secret-missing', 'InProgress', model(), probed({ secret: 'notFound', reachable: 'notProbed' })],
    [
      'key-malformed',
      'InProgress',
      model(),
      probed({
        secret: 'keyMalformed',
        reachable: 'notProbed',
        message: 'The Model has a key in its Secret s that has several lines.',
      }),
    ],
    ['secret-not-read-yet', 'InProgress', model(), probed({ secret: 'notReadYet', reachable: 'notProbed' })],
    ['price-unknown', 'Failed', model(), probed({ price: 'unknown' })],
    ['endpoint-failing', 'InProgress', model(), FAILING],
    ['endpoint-failing-for-a-moment', 'Current', model(READY), FAILING],
    ['endpoint-failing-after-an-edit', 'InProgress', model(READY, 2), FAILING],
    [
      'certificate-not-trusted',
      'InProgress',
      model(),
      probed({
        reachable: 'certificateNotTrusted',
        key: 'notProbed',
        message:
          "The provider's certificate has expired (CERT_HAS_EXPIRED). Renew the certificate of the endpoint.",
      }),
    ],
    ['key-refused', 'InProgress', model(), probed({ key: 'refused', message: 'It says 401.' })],
    ['router-away', 'InProgress', model(), UNANSWERED],
    ['router-away-for-a-moment', 'Current', model(READY), UNANSWERED],
  ])('%s, which kstatus reads as %s', async (name, verdict, object, answer) => {
    const status = statusOf(object, answer);
    await expect(goldenState(verdict, { ...object, status })).toMatchFileSnapshot(
      `./golden/states/${name}.yaml`,
    );
  });

  it('new and edited, which it has not looked at yet', async () => {
    await expect(goldenState('InProgress', model({ observedGeneration: -1 }))).toMatchFileSnapshot(
      './golden/states/new.yaml',
    );
    await expect(goldenState('InProgress', model(READY, 2))).toMatchFileSnapshot(
      './golden/states/edited.yaml',
    );
  });
});
