/** An API server takes every manifest of the pages and of samples/ as it stands there: fields, bounds and rules. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS } from '#crds/kinds.ts';
import {
  BUILT_IN_MANIFESTS,
  DOCUMENTED_MANIFESTS,
  type DocumentedManifest,
} from '../architecture/documented-manifests.ts';
import { type ApiServer, type Reply, startApiServerWithKinds } from './api-server.ts';
import { SAMPLES } from './sample-objects.ts';

const ROLLOUTS = '/apis/capataz.dev/v1alpha1/namespaces/default/canaryrollouts';
const EFFECTIVE_WITHIN_MILLISECONDS = 60_000;

let apiServer: ApiServer;

beforeAll(async () => {
  apiServer = await startApiServerWithKinds();
});

afterAll(async () => {
  await apiServer.stop();
});

/** Where objects of built-in kinds are created. */
const COLLECTIONS: Readonly<Record<string, string>> = {
  ConfigMap: '/api/v1/namespaces/default/configmaps',
  PersistentVolumeClaim: '/api/v1/namespaces/default/persistentvolumeclaims',
  Pod: '/api/v1/namespaces/default/pods',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles',
  ValidatingAdmissionPolicy: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
};

function collectionOf({ kind }: DocumentedManifest['object']): string {
  const plural = KINDS.find((one) => one.kind === kind)?.plural;
  return plural === undefined
    ? (COLLECTIONS[kind] ?? `no collection of ${kind}`)
    : `/apis/capataz.dev/v1alpha1/namespaces/default/${plural}`;
}

describe('the API server', () => {
  it.each(
    [...DOCUMENTED_MANIFESTS, ...BUILT_IN_MANIFESTS].map(
      ({ where, object }) => [`${object.kind} in ${where}`, object] as const,
    ),
  )('takes the %s', async (_where, object) => {
    const reply = await apiServer.request(
      'POST',
      `${collectionOf(object)}?dryRun=All&fieldValidation=Strict`,
      object,
    );
    expect(reply).toMatchObject({ message: '', warnings: '' });
  });
});

describe('the rights in docs/operations/rollouts.md', () => {
  const ofPeople = BUILT_IN_MANIFESTS.filter(({ where }) => where.startsWith('docs/operations/rollouts.md'));
  const rollout = SAMPLES['canaryRollout-pause'];
  /** Nothing is kept: an edit that was taken before the policy took effect would be no edit the next time. */
  const patch = (body: unknown): Promise<Reply> =>
    apiServer.request('PATCH', `${ROLLOUTS}/${rollout.metadata.name}?dryRun=All`, body, {
      'content-type': 'application/merge-patch+json',
      'impersonate-user': 'ana',
      'impersonate-group': 'release-prompts',
    });

  it('let people command a rollout, and leave its spec to git', async () => {
    for (const { object } of ofPeople.filter(({ object: { kind } }) => kind !== 'ConfigMap')) {
      expect((await apiServer.request('POST', collectionOf(object), object)).message).toBe('');
    }
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'release-prompts' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'release-prompts' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'release-prompts' }],
    };
    const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
    expect((await apiServer.request('POST', bindings, binding)).message).toBe('');
    expect((await apiServer.request('POST', ROLLOUTS, rollout)).message).toBe('');

    const command = { 'capataz.dev/command': '{"id":"1","verb":"pause"}' };
    const edit = { spec: { steps: [{ pause: { seconds: 7 } }] } };
    await expect
      .poll(() => patch(edit).then(({ message }) => message), { timeout: EFFECTIVE_WITHIN_MILLISECONDS })
      .toContain('change spec in git');
    expect(await patch({ metadata: { annotations: command } })).toMatchObject({ status: 200, message: '' });
  });
});
