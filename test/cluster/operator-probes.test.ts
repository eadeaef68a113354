/**
 * Scheduled probes on a real API server with its Job controller, and with the operator held to its objects by the chart's own
 * admission policy; the test plays the kubelet.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { AGENTS, CRON_JOBS, PODS } from '#operator/agent/resources.ts';
import { KIND_MODULES } from '#operator/kinds.ts';
import { GATE_JOBS } from '#operator/canary-rollout/gate/gate-resources.ts';
import { admissionPolicyTemplate } from '#tools/manifests/admission-policy.ts';
import { conditionOf, letPodsBeReady } from './operator/children-of-agent.ts';
import { aGoldenSet } from './operator/gate-pod.ts';
import { aReleasedPrompt, createAgent } from './operator/objects.ts';
import {
  type AnyObject,
  SYSTEM_NAMESPACE,
  type World,
  eventually,
  startWorld,
} from './operator/operator-world.ts';

const CONFIG_MAPS = { groupVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const NAMESPACE = 'probed';
const AGENT = 'sorter';

let world: World;
let spool = '';

beforeAll(async () => {
  world = await startWorld();
  await holdOperatorToTheChart();
  spool = await mkdtemp(join(tmpdir(), 'capataz-probes-'));
  await world.startOperator('operator-a', {
    // Nobody answers there: what the operator has to tell waits.
    CAPATAZ_LEDGER_URL: 'http://127.0.0.1:9',
    CAPATAZ_LEDGER_SPOOL_PATH: spool,
  });
});

afterAll(async () => {
  await world.stop();
  await rm(spool, { recursive: true, force: true });
});

async function holdOperatorToTheChart(): Promise<void> {
  const text = admissionPolicyTemplate(KIND_MODULES, '')
    .replaceAll(/^ {2}{{- include "capataz\.metadata".*$/gm, '  name: capataz-operator')
    .replaceAll('{{ include "capataz.fullname" . }}', 'capataz')
    .replaceAll('{{ .Release.Namespace }}', SYSTEM_NAMESPACE)
    .replaceAll(/^{{.*}}$/gm, '');
  for (const document of parseAllDocuments(text)) {
    const body: AnyObject = document.toJS();
    const plural = body.kind.endsWith('Binding')
      ? 'validatingadmissionpolicybindings'
      : 'validatingadmissionpolicies';
    await world.kube.request({ method: 'POST', path: `/apis/${body.apiVersion}/${plural}`, body });
  }
}

const cronJob = (): Promise<AnyObject> => world.get(CRON_JOBS, NAMESPACE, `agent-${AGENT}`);

async function isSuspended(expected: boolean): Promise<void> {
  await eventually(async () => expect((await cronJob())?.spec.suspend).toBe(expected), 60);
}

describe('an Agent with probes', () => {
  it('has a CronJob that waits for its golden set and for the agent, and then asks as the agent', async () => {
    await aReleasedPrompt(world, NAMESPACE);
    await createAgent(world, NAMESPACE, AGENT, {
      probes: { goldenSetRef: { name: 'cases' }, everyMinutes: 1440, maximumUsdPerDay: '0.10' },
    });
    await isSuspended(true);
    await eventually(async () =>
      expect(await conditionOf(world, AGENTS, NAMESPACE, AGENT, 'ResolvedRefs')).toMatchObject({
        status: 'False',
        reason: 'ProbesNotPossible',
        message: expect.stringContaining('ConfigMap cases (spec.probes.goldenSetRef)'),
      }),
    );
    await world.create(CONFIG_MAPS, aGoldenSet(NAMESPACE));
    await letPodsBeReady(world, NAMESPACE, AGENT);
    await isSuspended(false);
    expect(await conditionOf(world, AGENTS, NAMESPACE, AGENT, 'Ready')).toMatchObject({ status: 'True' });
    expect(await conditionOf(world, AGENTS, NAMESPACE, AGENT, 'ResolvedRefs')).toMatchObject({
      status: 'True',
    });
  }, 120_000);

  it('is asked at once by a Job from its CronJob, in a pod that the namespace admits and that is none of its own', async () => {
    const { metadata, spec } = await cronJob();
    // As kubectl create job --from=cronjob/agent-sorter does.
    await world.create(GATE_JOBS, {
      metadata: {
        name: `agent-${AGENT}-now`,
        namespace: NAMESPACE,
        labels: spec.jobTemplate.metadata.labels,
        ownerReferences: [
          {
            apiVersion: 'batch/v1',
            kind: 'CronJob',
            name: metadata.name,
            uid: metadata.uid,
            controller: true,
          },
        ],
      },
      spec: spec.jobTemplate.spec,
    });
    const pod = await eventually(async () => {
      const pods = await world.list(PODS, NAMESPACE);
      const found = pods.find((each) => each.metadata.labels['capataz.dev/probe-of'] === AGENT);
      if (found === undefined) throw new Error('no pod of the probe yet');
      return found;
    });
    expect(pod.spec.serviceAccountName).toBe(`agent-${AGENT}`);
    expect(pod.metadata.name.startsWith(`agent-${AGENT}-`)).toBe(true);
    expect(pod.metadata.labels).not.toHaveProperty('capataz.dev/agent');
    expect(await conditionOf(world, AGENTS, NAMESPACE, AGENT, 'Ready')).toMatchObject({ status: 'True' });
  }, 60_000);

  it('is not asked while it is scaled to zero, and has no CronJob any more when probes are taken out', async () => {
    await world.patch(AGENTS, NAMESPACE, AGENT, { spec: { replicas: 0 } });
    await isSuspended(true);
    await world.patch(AGENTS, NAMESPACE, AGENT, { spec: { probes: null } });
    await eventually(async () => expect(await cronJob()).toBeUndefined());
  }, 120_000);
});
