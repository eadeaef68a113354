import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { assert, asyncProperty } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS } from '#crds/kinds.ts';
import type { StructuralSchema } from '#crds/structural-schema.ts';
import { type ApiServer, DEFINITION_MANIFESTS, startApiServerWithKinds } from './api-server.ts';
import { SAMPLES } from './sample-objects.ts';
import { validSpecs } from './valid-specs.ts';

/** Fixed, so that a failure today is a failure tomorrow. */
const SEED = 20_260_101;
const RUNS_PER_KIND = 50;

let apiServer: ApiServer;

beforeAll(async () => {
  apiServer = await startApiServerWithKinds();
  for (const object of Object.values(SAMPLES)) {
    const { message } = await apiServer.request('POST', pathOf(object.kind), object);
    if (message !== '') throw new Error(message);
  }
});

afterAll(async () => {
  await apiServer.stop();
});

function pathOf(kind: string): string {
  const plural = KINDS.find((each) => each.kind === kind)?.plural;
  return `/apis/capataz.dev/v1alpha1/namespaces/default/${plural}`;
}

async function kubectl(...options: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(apiServer.kubernetesBinary, [
    'kubectl',
    `--kubeconfig=${apiServer.kubeconfig}`,
    ...options,
  ]);
  return `${stdout}${stderr}`;
}

describe('the definitions in an API server', () => {
  it.each(DEFINITION_MANIFESTS.map(({ metadata }) => [metadata.name]))(
    '%s is established, and Kubernetes has nothing against its schema or its names',
    async (name) => {
      const { body } = await apiServer.request(
        'GET',
        `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
      );
      const conditions = (body.status.conditions as { type: string; status: string }[]).map(
        ({ type, status }) => `${type} ${status}`,
      );
      expect(conditions.sort()).toEqual(['Established True', 'NamesAccepted True']);
    },
  );

  it('give each kind its short names and the category of all', async () => {
    const { body } = await apiServer.request('GET', '/apis/capataz.dev/v1alpha1');
    const names = (body.resources as { name: string; shortNames?: string[]; categories?: string[] }[])
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, shortNames = [], categories }) => [name, shortNames, categories])
      .sort(([left], [right]) => String(left).localeCompare(String(right)));
    const declared = KINDS.map(({ plural, shortNames }) => [plural, shortNames, ['capataz']]);
    expect(names).toEqual(declared.sort(([left], [right]) => String(left).localeCompare(String(right))));
  });

  it('have no name that kubectl would take for a kind of Kubernetes itself', async () => {
    const resources = await kubectl('api-resources', '--no-headers');
    const others = resources.split('\n').filter((line) => !line.includes('capataz.dev/'));
    const taken = new Set(others.flatMap(namesInLine));
    expect(taken).toContain('pv');
    const ours = KINDS.flatMap(({ kind, plural, shortNames }) => [plural, kind.toLowerCase(), ...shortNames]);
    expect(ours.filter((name) => taken.has(name))).toEqual([]);
  });

  it.each([
    ['agent', 'classifier'],
    ['canary', 'email-classifier'],
    ['model', 'first'],
    ['prompt', 'email-classifier-aaaaaaaaaaaa'],
  ])('let "kubectl get %s" find the object', async (shortName, name) => {
    expect(await kubectl('get', shortName, name, '-o', 'name')).toContain(`/${name}`);
  });

  it('let "kubectl get capataz" list every kind', async () => {
    const lines = (await kubectl('get', 'capataz', '-o', 'name')).trim().split('\n');
    expect(lines).toHaveLength(Object.keys(SAMPLES).length);
  });
});

/** A line of `kubectl api-resources`: plural, short names (may be missing), version, whether namespaced, kind. */
function namesInLine(line: string): readonly string[] {
  const words = line.trim().split(/\s+/);
  const shortNames = words.length === 5 ? (words[1] ?? '').split(',') : [];
  return [words[0] ?? '', (words.at(-1) ?? '').toLowerCase()].concat(shortNames);
}

describe('the columns of kubectl get', () => {
  it.each([
    ['Agent', ['Name', 'Ready', 'Reason', 'Prompt', 'Pods', 'Endpoint', 'Age']],
    ['PromptVersion', ['Name', 'Prompt', 'Accepted', 'Reason', 'Digest', 'Age']],
    [
      'CanaryRollout',
      ['Name', 'Prompt', 'Stable', 'Candidate', 'Phase', 'Step', 'Percent', 'Why', 'Ready', 'Message', 'Age'],
    ],
    ['Model', ['Name', 'Provider', 'Model', 'Ready', 'Reason', 'Endpoint', 'Age']],
  ])('of %s are the documented ones', async (kind, columns) => {
    const { body } = await apiServer.request('GET', pathOf(kind), undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    expect((body.columnDefinitions as { name: string }[]).map(({ name }) => name)).toEqual(columns);
  });

  it('show the conditions that the operator wrote', async () => {
    const path = `${pathOf('Agent')}/classifier`;
    const condition = {
      type: 'Ready',
      status: 'False',
      reason: 'PodsNotReady',
      message: '0 of 2 pods are ready.',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const status = {
      conditions: [condition],
      readyReplicas: 0,
      prompt: { version: 'email-classifier-aaaaaaaaaaaa' },
    };
    const patched = await apiServer.request(
      'PATCH',
      `${path}/status`,
      { status },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    expect(patched.message).toBe('');
    const table = await kubectl('get', 'agent', 'classifier', '--no-headers');
    expect(table).toMatch(/^classifier\s+False\s+PodsNotReady\s+email-classifier-aaaaaaaaaaaa\s+0\s+\d+s/);
  });
});

describe('kubectl explain', () => {
  it('tells what an Agent is and what each field of its spec is for', async () => {
    const text = (await kubectl('explain', 'agent.spec.promptRef')).replace(/\s+/g, ' ');
    expect(text).toContain('Which prompt the agent serves.');
    expect(text).toContain('Name of the CanaryRollout to follow');
    expect(text).toContain('Name of one PromptVersion to stay on, whatever is released.');
  });

  it('marks what must be given', async () => {
    expect(await kubectl('explain', 'model.spec')).toMatch(/provider\s+<string> -required-/);
  });

  it('knows a description of every field of every kind', async () => {
    const { body } = await apiServer.request('GET', '/openapi/v3/apis/capataz.dev/v1alpha1');
    const schemas = body.components.schemas as Record<string, StructuralSchema>;
    const silent = KINDS.flatMap(({ kind }) =>
      fieldsWithoutDescription(schemas[`dev.capataz.v1alpha1.${kind}`] ?? {}, kind),
    );
    expect(Object.keys(schemas)).toContain('dev.capataz.v1alpha1.Agent');
    expect(silent).toEqual([]);
  });
});

function fieldsWithoutDescription(schema: StructuralSchema, path: string): readonly string[] {
  const silent: string[] = [];
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    // The API server puts its own schema of metadata in place of ours.
    if (path.includes('.') || name !== 'metadata') {
      if ((field.description ?? '') === '') silent.push(`${path}.${name}`);
      silent.push(...fieldsWithoutDescription(field.items ?? field, `${path}.${name}`));
    }
  }
  return silent;
}

describe('scaling', () => {
  it('is done through the scale subresource of an Agent that gives replicas', async () => {
    expect(await kubectl('scale', 'agent', 'classifier', '--replicas=5')).toContain('scaled');
    const { body } = await apiServer.request('GET', `${pathOf('Agent')}/classifier`);
    expect(body.spec.replicas).toBe(5);
  });

  it('is bound by the same rules', async () => {
    await expect(kubectl('scale', 'agent', 'classifier', '--replicas=1001')).rejects.toThrow(
      'should be less than or equal to 1000',
    );
  });
});

describe('the status', () => {
  it('cannot be written through the object, nor the spec through the status', async () => {
    const path = `${pathOf('Agent')}/pinned`;
    const merge = { 'content-type': 'application/merge-patch+json' };
    const changes = { spec: { description: 'new' }, status: { endpoint: 'http://new' } };
    const byObject = await apiServer.request('PATCH', path, changes, merge);
    expect(byObject.body.spec.description).toBe('new');
    // What every object has before it was looked at.
    expect(byObject.body.status).toEqual({ observedGeneration: -1 });
    const byStatus = await apiServer.request(
      'PATCH',
      `${path}/status`,
      { spec: { description: 'newer' }, status: { endpoint: 'http://newer' } },
      merge,
    );
    expect(byStatus.body.spec.description).toBe('new');
    expect(byStatus.body.status.endpoint).toBe('http://newer');
  });
});

describe('zod and the API server', () => {
  it.each(KINDS.map((kind) => [kind.kind, kind] as const))(
    `agree on ${RUNS_PER_KIND} arbitrary valid specs of %s, and not a byte is lost`,
    async (kind, { spec: schema }) => {
      const definition = DEFINITION_MANIFESTS.find(({ spec }) => spec.names.kind === kind);
      const structural = definition?.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'] ?? {};
      await assert(
        asyncProperty(validSpecs(kind, structural), async (spec) => {
          expect(schema.safeParse(spec)).toMatchObject({ success: true, data: spec });
          const object = { apiVersion: 'capataz.dev/v1alpha1', kind, metadata: { name: 'any' }, spec };
          const reply = await apiServer.request(
            'POST',
            `${pathOf(kind)}?dryRun=All&fieldValidation=Strict`,
            object,
          );
          expect(reply.message).toBe('');
          expect(reply.body.spec).toEqual(spec);
        }),
        { seed: SEED, numRuns: RUNS_PER_KIND },
      );
    },
  );
});
