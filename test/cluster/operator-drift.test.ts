/** Whatever others do to the children of an Agent is undone; what is not theirs is never touched. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTENT_TYPES } from '#adapters/kubernetes/kube-client.ts';
import { objectPath } from '#adapters/kubernetes/resource-kind.ts';
import {
  AGENTS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  HORIZONTAL_POD_AUTOSCALERS,
  POD_DISRUPTION_BUDGETS,
  SERVICES,
  SERVICE_ACCOUNTS,
} from '#operator/agent/resources.ts';
import { FIELD_MANAGER } from '#operator/runtime/field-manager.ts';
import { ALWAYS_THERE, childrenExist, conditionOf, essence, getChild } from './operator/children-of-agent.ts';
import { aReleasedPrompt, createAgent } from './operator/objects.ts';
import {
  type AnyObject,
  type OperatorProcess,
  type World,
  eventually,
  startWorld,
} from './operator/operator-world.ts';

const NAMESPACE = 'drift';
const AGENT = 'greeter';
const CHILD = `agent-${AGENT}`;

let world: World;
let operator: OperatorProcess;

beforeAll(async () => {
  world = await startWorld();
  await holdOperatorToAgentPods();
  operator = await world.startOperator('operator-a');
  await aReleasedPrompt(world, NAMESPACE);
  await createAgent(world, NAMESPACE, AGENT, { replicas: 2 });
  await childrenExist(world, NAMESPACE, AGENT);
});

afterAll(async () => {
  await world.stop();
});

/** As the chart does: a repair must not write, even for a moment, what others added. */
async function holdOperatorToAgentPods(): Promise<void> {
  const groupVersion = 'admissionregistration.k8s.io/v1';
  const name = 'operator';
  const create = (kind: string, plural: string, spec: object): Promise<unknown> =>
    world.kube.request({
      method: 'POST',
      path: `/apis/${groupVersion}/${plural}`,
      body: { apiVersion: groupVersion, kind, metadata: { name }, spec },
    });
  const pod = 'object.spec.template.spec';
  await create('ValidatingAdmissionPolicy', 'validatingadmissionpolicies', {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ['apps'],
          apiVersions: ['*'],
          operations: ['CREATE', 'UPDATE'],
          resources: ['deployments'],
        },
      ],
    },
    matchConditions: [
      {
        name: 'operator',
        expression: "request.userInfo.username == 'system:serviceaccount:capataz-system:capataz-operator'",
      },
    ],
    validations: [
      { expression: `!has(${pod}.initContainers) && !has(${pod}.hostNetwork)` },
      { expression: `!${pod}.volumes.exists(volume, has(volume.secret))` },
    ],
  });
  await create('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings', {
    policyName: name,
    validationActions: ['Deny'],
  });
}

const child = (resource: AnyObject): Promise<AnyObject> => getChild(world, NAMESPACE, AGENT, resource);

const withContainers = (change: (containers: AnyObject[]) => AnyObject[]) => (live: AnyObject) => ({
  spec: { template: { spec: { containers: change(live.spec.template.spec.containers) } } },
});
const withTemplate = (spec: AnyObject) => () => ({ spec: { template: { spec } } });
const SIDECAR = { name: 'sidecar', image: 'sidecar:1' };

interface Edit {
  readonly title: string;
  readonly resource: AnyObject;
  readonly patch: (live: AnyObject) => AnyObject;
  readonly subresource?: string;
}

const EDITS: readonly Edit[] = [
  {
    title: 'a changed image',
    resource: DEPLOYMENTS,
    patch: withContainers(([agent]) => [{ ...agent, image: 'evil:1' }]),
  },
  {
    title: 'an added environment variable',
    resource: DEPLOYMENTS,
    patch: withContainers(([agent]) => [{ ...agent, env: [...agent.env, { name: 'EXTRA', value: '1' }] }]),
  },
  {
    title: 'a removed environment variable',
    resource: DEPLOYMENTS,
    patch: withContainers(([agent]) => [{ ...agent, env: agent.env.slice(1) }]),
  },
  { title: 'an added sidecar', resource: DEPLOYMENTS, patch: withContainers((all) => [...all, SIDECAR]) },
  { title: 'a sidecar put first', resource: DEPLOYMENTS, patch: withContainers((all) => [SIDECAR, ...all]) },
  {
    title: 'an added capability',
    resource: DEPLOYMENTS,
    patch: withContainers(([agent]) => [
      {
        ...agent,
        securityContext: { ...agent.securityContext, capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] } },
      },
    ]),
  },
  {
    title: 'removed probes',
    resource: DEPLOYMENTS,
    patch: withContainers(([{ readinessProbe: _1, livenessProbe: _2, ...agent }]) => [agent]),
  },
  {
    title: 'an init container',
    resource: DEPLOYMENTS,
    patch: withTemplate({ initContainers: [{ name: 'first', image: 'evil:1' }] }),
  },
  {
    title: 'a mounted Secret',
    resource: DEPLOYMENTS,
    patch: (live) => ({
      spec: {
        template: {
          spec: {
            volumes: [...live.spec.template.spec.volumes, { name: 'key', secret: { secretName: 'key' } }],
          },
        },
      },
    }),
  },
  { title: 'hostNetwork', resource: DEPLOYMENTS, patch: withTemplate({ hostNetwork: true }) },
  {
    title: 'a node selector',
    resource: DEPLOYMENTS,
    patch: withTemplate({ nodeSelector: { disk: 'fast' } }),
  },
  {
    title: 'a toleration',
    resource: DEPLOYMENTS,
    patch: withTemplate({ tolerations: [{ operator: 'Exists' }] }),
  },
  {
    title: 'a mounted token of the API server',
    resource: DEPLOYMENTS,
    patch: withTemplate({ automountServiceAccountToken: true }),
  },
  {
    title: 'another ServiceAccount',
    resource: DEPLOYMENTS,
    patch: withTemplate({ serviceAccountName: 'default' }),
  },
  {
    title: 'a changed default (progressDeadlineSeconds)',
    resource: DEPLOYMENTS,
    patch: () => ({ spec: { minReadySeconds: 7 } }),
  },
  {
    title: 'an added pod label',
    resource: DEPLOYMENTS,
    patch: () => ({ spec: { template: { metadata: { labels: { team: 'x' } } } } }),
  },
  {
    title: 'an added pod annotation',
    resource: DEPLOYMENTS,
    patch: () => ({
      spec: { template: { metadata: { annotations: { 'sidecar.istio.io/inject': 'true' } } } },
    }),
  },
  {
    title: 'kubectl scale',
    resource: DEPLOYMENTS,
    subresource: 'scale',
    patch: () => ({ spec: { replicas: 5 } }),
  },
  { title: 'edited replicas', resource: DEPLOYMENTS, patch: () => ({ spec: { replicas: 0 } }) },
  {
    title: 'a changed configuration',
    resource: CONFIG_MAPS,
    patch: () => ({ data: { 'agent.json': '{}' } }),
  },
  {
    title: 'a configuration of version 0.1 by somebody else’s hand',
    resource: CONFIG_MAPS,
    patch: () => ({ data: { 'configuration.json': '{}' } }),
  },
  { title: 'an added key', resource: CONFIG_MAPS, patch: () => ({ data: { extra: '1' } }) },
  { title: 'added binary data', resource: CONFIG_MAPS, patch: () => ({ binaryData: { extra: 'AAAA' } }) },
  {
    title: 'a changed selector',
    resource: SERVICES,
    patch: () => ({ spec: { selector: { app: 'other' } } }),
  },
  {
    title: 'an added port',
    resource: SERVICES,
    patch: (live) => ({ spec: { ports: [...live.spec.ports, { name: 'extra', port: 22, targetPort: 22 }] } }),
  },
  { title: 'a change to NodePort', resource: SERVICES, patch: () => ({ spec: { type: 'NodePort' } }) },
  {
    title: 'external addresses',
    resource: SERVICES,
    patch: () => ({ spec: { externalIPs: ['192.0.2.1'] } }),
  },
  { title: 'session affinity', resource: SERVICES, patch: () => ({ spec: { sessionAffinity: 'ClientIP' } }) },
  {
    title: 'automounting',
    resource: SERVICE_ACCOUNTS,
    patch: () => ({ automountServiceAccountToken: true }),
  },
  {
    title: 'a cloud role',
    resource: SERVICE_ACCOUNTS,
    patch: () => ({
      metadata: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' } },
    }),
  },
  {
    title: 'a budget that blocks every drain',
    resource: POD_DISRUPTION_BUDGETS,
    patch: () => ({ spec: { maxUnavailable: 0 } }),
  },
  ...ALWAYS_THERE.flatMap((resource): readonly Edit[] => [
    { title: 'an added label', resource, patch: () => ({ metadata: { labels: { team: 'x' } } }) },
    {
      title: 'a changed label',
      resource,
      patch: () => ({ metadata: { labels: { 'app.kubernetes.io/name': 'x' } } }),
    },
    {
      title: 'a removed label',
      resource,
      patch: () => ({ metadata: { labels: { 'app.kubernetes.io/managed-by': null } } }),
    },
    { title: 'an added annotation', resource, patch: () => ({ metadata: { annotations: { note: 'x' } } }) },
    { title: 'a removed owner', resource, patch: () => ({ metadata: { ownerReferences: null } }) },
    {
      title: 'an added finalizer',
      resource,
      patch: () => ({ metadata: { finalizers: ['example.com/hold'] } }),
    },
  ]),
];

describe('an edit of a child is undone', () => {
  it.each(EDITS)('$resource.kind: $title', async ({ resource, patch, subresource }) => {
    const before = await child(resource);
    const edited = await world.patch(resource, NAMESPACE, CHILD, patch(before), subresource);
    expect(edited.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion);
    await eventually(async () => {
      const after = await child(resource);
      expect(essence(after)).toEqual(essence(before));
    });
    const managers = (await child(resource)).metadata.managedFields
      .filter((entry: AnyObject) => entry.subresource === undefined)
      .map((entry: AnyObject) => entry.manager);
    expect(new Set(managers)).toEqual(new Set([FIELD_MANAGER]));
  });

  it('tells of it by an event on the Agent', async () => {
    const events = await world.list(
      { groupVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' },
      NAMESPACE,
    );
    const repaired = events.filter(({ reason }) => reason === 'Repaired');
    expect(repaired.map(({ regarding }) => regarding.name)).toContain(AGENT);
    expect(repaired[0].note).toMatch(/was deleted or changed by somebody else, and is as it should be again/);
  });

  it('goes on in an immutable ConfigMap by making it anew', async () => {
    const before = await child(CONFIG_MAPS);
    await world.patch(CONFIG_MAPS, NAMESPACE, CHILD, { immutable: true });
    await eventually(async () => {
      const after = await child(CONFIG_MAPS);
      expect(after?.metadata.uid).not.toBe(before.metadata.uid);
      expect(after.immutable).toBeUndefined();
      expect(after.data).toEqual(before.data);
    });
  });
});

describe('what is left to others', () => {
  it('keeps the mark of kubectl rollout restart, also when something else is repaired', async () => {
    const restartedAt = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' };
    await world.patch(DEPLOYMENTS, NAMESPACE, CHILD, {
      spec: { template: { metadata: { annotations: restartedAt } } },
    });
    await world.patch(DEPLOYMENTS, NAMESPACE, CHILD, { metadata: { labels: { team: 'x' } } });
    await eventually(async () => {
      const { metadata, spec } = await child(DEPLOYMENTS);
      expect(metadata.labels.team).toBeUndefined();
      expect(spec.template.metadata.annotations).toEqual(restartedAt);
    });
  });

  it('keeps pull secrets that somebody gave to the ServiceAccount', async () => {
    await world.patch(SERVICE_ACCOUNTS, NAMESPACE, CHILD, { imagePullSecrets: [{ name: 'registry' }] });
    await world.patch(SERVICE_ACCOUNTS, NAMESPACE, CHILD, { metadata: { labels: { team: 'x' } } });
    await eventually(async () => {
      const { metadata, imagePullSecrets } = await child(SERVICE_ACCOUNTS);
      expect(metadata.labels.team).toBeUndefined();
      expect(imagePullSecrets).toEqual([{ name: 'registry' }]);
    });
  });
});

describe('a name that is taken', () => {
  it.each([SERVICES, CONFIG_MAPS, SERVICE_ACCOUNTS])(
    'by a $kind of somebody else is not overwritten, makes no pods, and is told (B02)',
    async (resource) => {
      const name = `taken-${resource.plural}`;
      const content = resource === SERVICES ? { spec: { ports: [{ port: 80 }] } } : {};
      const labels = { team: 'somebody' };
      const foreign = await world.create(resource, {
        metadata: { namespace: NAMESPACE, name: `agent-${name}`, labels },
        ...content,
      });
      await createAgent(world, NAMESPACE, name);
      await eventually(async () => {
        const accepted = await conditionOf(world, AGENTS, NAMESPACE, name, 'Accepted');
        expect(accepted).toMatchObject({ status: 'False', reason: 'ChildNameTaken' });
        expect(accepted.message).toContain(`${resource.kind} agent-${name} belongs to somebody else`);
        expect(accepted.message).toContain('Delete or rename');
      });
      const after = await world.get(resource, NAMESPACE, `agent-${name}`);
      expect(after.metadata.resourceVersion).toBe(foreign.metadata.resourceVersion);
      expect(await getChild(world, NAMESPACE, name, DEPLOYMENTS)).toBeUndefined();
    },
  );

  it('becomes usable when the other object is gone', async () => {
    await world.remove(SERVICES, NAMESPACE, 'agent-taken-services');
    // Any change of the Agent makes it look at once; by itself it looks within half a minute.
    await world.patch(AGENTS, NAMESPACE, 'taken-services', { spec: { description: 'again' } });
    await childrenExist(world, NAMESPACE, 'taken-services');
    await eventually(async () => {
      const accepted = await conditionOf(world, AGENTS, NAMESPACE, 'taken-services', 'Accepted');
      expect(accepted.status).toBe('True');
    });
  });
});

describe('autoscaling', () => {
  it('adds a HorizontalPodAutoscaler and keeps the number of pods that it chose', async () => {
    const patch = { spec: { replicas: null, autoscaling: { minReplicas: 2, maxReplicas: 6 } } };
    await world.patch(AGENTS, NAMESPACE, AGENT, patch);
    await eventually(async () => {
      expect((await child(HORIZONTAL_POD_AUTOSCALERS))?.spec).toMatchObject({
        minReplicas: 2,
        maxReplicas: 6,
      });
      expect((await child(DEPLOYMENTS)).spec.replicas).toBe(2);
    });
    await world.patch(DEPLOYMENTS, NAMESPACE, CHILD, { spec: { replicas: 4 } }, 'scale');
    // Something else is repaired: the scaling must survive that write too.
    await world.patch(DEPLOYMENTS, NAMESPACE, CHILD, { metadata: { labels: { team: 'x' } } });
    await eventually(async () => {
      const { metadata, spec } = await child(DEPLOYMENTS);
      expect(metadata.labels.team).toBeUndefined();
      expect(spec.replicas).toBe(4);
    });
  });

  it('goes away again with its HorizontalPodAutoscaler, and the number of pods is that of the Agent', async () => {
    await world.patch(AGENTS, NAMESPACE, AGENT, { spec: { replicas: 3, autoscaling: null } });
    await eventually(async () => {
      expect(await child(HORIZONTAL_POD_AUTOSCALERS)).toBeUndefined();
      expect((await child(DEPLOYMENTS)).spec.replicas).toBe(3);
    });
  });

  it('follows kubectl scale on the Agent itself', async () => {
    await world.patch(AGENTS, NAMESPACE, AGENT, { spec: { replicas: 1 } }, 'scale');
    await eventually(async () => {
      expect((await child(DEPLOYMENTS)).spec.replicas).toBe(1);
    });
  });
});

describe('an image of one’s own', () => {
  it('runs in place of the agent-runtime with the same identity, and is asked on its own port', async () => {
    await createAgent(world, NAMESPACE, 'own-image', { image: 'registry.example/agent:7' });
    await childrenExist(world, NAMESPACE, 'own-image');
    const { spec } = (await getChild(world, NAMESPACE, 'own-image', DEPLOYMENTS)).spec.template;
    const [container] = spec.containers;
    expect(container.image).toBe('registry.example/agent:7');
    expect(container.args).toBeUndefined();
    expect(container.readinessProbe.httpGet).toMatchObject({ path: '/readyz', port: 8080 });
    expect(container.livenessProbe).toBeUndefined();
    expect(spec.serviceAccountName).toBe('agent-own-image');
  });

  it('leaves no trace when the agent-runtime comes back', async () => {
    await world.patch(AGENTS, NAMESPACE, 'own-image', { spec: { image: null } });
    await eventually(async () => {
      const { spec } = (await getChild(world, NAMESPACE, 'own-image', DEPLOYMENTS)).spec.template;
      expect(essence({ spec, metadata: {} }).spec.containers[0]).toMatchObject({
        image: 'capataz:test',
        args: ['services/agent-runtime/main.ts'],
        readinessProbe: { httpGet: { port: 9090 } },
      });
    });
  });
});

describe('a child that somebody else changes each time', () => {
  it('is repaired a few times a minute only, and that is told (B05)', async () => {
    const writesBefore = await operator.metric('capataz_operator_writes_total', 'kind="Service"');
    const body = { metadata: { labels: { fight: 'x' } } };
    await eventually(async () => {
      await world.kube.request({
        method: 'PATCH',
        path: objectPath(SERVICES, NAMESPACE, CHILD),
        contentType: CONTENT_TYPES.mergePatch,
        body,
      });
      const ready = await conditionOf(world, AGENTS, NAMESPACE, AGENT, 'Ready');
      expect(ready.message).toContain('is changed again and again by somebody else');
    }, 30);
    const writes = (await operator.metric('capataz_operator_writes_total', 'kind="Service"')) - writesBefore;
    expect(writes).toBeLessThanOrEqual(12);
  });
});
