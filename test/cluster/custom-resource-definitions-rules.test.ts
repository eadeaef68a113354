import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS } from '#crds/kinds.ts';
import type { StructuralSchema } from '#crds/structural-schema.ts';
import { type ApiServer, DEFINITION_MANIFESTS, type Reply, startApiServerWithKinds } from './api-server.ts';
import { boundCases } from './bound-cases.ts';
import { RULE_CASES, type RuleCase } from './rule-cases.ts';
import { SAMPLES, type SampleObject, changed } from './sample-objects.ts';

let apiServer: ApiServer;

beforeAll(async () => {
  apiServer = await startApiServerWithKinds();
});

afterAll(async () => {
  await apiServer.stop();
});

function pathOf(object: SampleObject): string {
  const plural = KINDS.find(({ kind }) => kind === object.kind)?.plural;
  return `/apis/capataz.dev/v1alpha1/namespaces/default/${plural}`;
}

/** Asks for the object without keeping it: every check runs, and the cases do not disturb each other. */
function create(object: SampleObject, options = 'dryRun=All&fieldValidation=Strict'): Promise<Reply> {
  return apiServer.request('POST', `${pathOf(object)}?${options}`, object);
}

async function update({ before, object }: RuleCase): Promise<Reply> {
  if (!before) return create(object);
  const stored = await apiServer.request('POST', pathOf(before), before);
  expect(stored).toMatchObject({ status: 201, message: '' });
  const path = `${pathOf(before)}/${before.metadata.name}`;
  const { resourceVersion } = stored.body.metadata as { resourceVersion: string };
  const reply = await apiServer.request('PUT', path, {
    ...object,
    metadata: { ...object.metadata, resourceVersion },
  });
  await apiServer.request('DELETE', path);
  return reply;
}

describe('the rules of the kinds', () => {
  it.each(
    RULE_CASES.filter(({ expected }) => expected === 'accepted').map((each) => [each.title, each] as const),
  )('%s', async (_title, ruleCase) => {
    expect(await update(ruleCase)).toMatchObject({ message: '' });
  });

  it.each(
    RULE_CASES.filter(({ expected }) => expected === 'refused').map((each) => [each.title, each] as const),
  )('%s, and says why', async (_title, ruleCase) => {
    const { rule } = ruleCase;
    const reply = await update(ruleCase);
    expect(reply.status).toBe(422);
    expect(reply.message).toContain(
      `${rule.path === '' ? '' : `${rule.path.replace('[]', '[0]')}: `}Invalid value`,
    );
    expect(reply.message).toContain(rule.message);
  });

  it('have an accepted and a refused case each, so that no rule stands untested', () => {
    const untested = DEFINITION_MANIFESTS.flatMap(({ spec }) =>
      rulesOf(spec.versions[0]?.schema.openAPIV3Schema ?? {}, spec.names.kind, ''),
    ).filter((rule) => !isTested(rule, 'accepted') || !isTested(rule, 'refused'));
    expect(untested).toEqual([]);
  });
});

function isTested(rule: RuleCase['rule'], expected: RuleCase['expected']): boolean {
  return RULE_CASES.some(
    (each) =>
      each.expected === expected &&
      each.rule.kind === rule.kind &&
      each.rule.path === rule.path &&
      rule.message.startsWith(each.rule.message),
  );
}

function rulesOf(schema: StructuralSchema, kind: string, path: string): readonly RuleCase['rule'][] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message }) => ({
    kind,
    path,
    message,
  }));
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    rulesOf(property, kind, path === '' ? name : `${path}.${name}`),
  );
  return [...own, ...inner, ...(schema.items ? rulesOf(schema.items, kind, `${path}[]`) : [])];
}

const BOUNDS = boundCases(DEFINITION_MANIFESTS).map((each) => [each.title, each] as const);
const ACCEPTED_BOUNDS = BOUNDS.filter(([, { refusal }]) => refusal === undefined);
const REFUSED_BOUNDS = BOUNDS.filter(([, { refusal }]) => refusal !== undefined);

/** The operator and the router read objects with zod: at every bound both must say the same. */
function isAcceptedByZod(object: SampleObject): boolean {
  return KINDS.some(({ kind, spec }) => kind === object.kind && spec.safeParse(object.spec).success);
}

describe('the bounds of the kinds', () => {
  it.each(ACCEPTED_BOUNDS)('%s', async (_title, { object }) => {
    expect(await create(object)).toMatchObject({ message: '' });
    expect(isAcceptedByZod(object)).toBe(true);
  });

  it.each(REFUSED_BOUNDS)('%s', async (_title, { object, refusal = 'unreachable' }) => {
    const reply = await create(object);
    expect(reply.status).toBe(422);
    expect(reply.message).toContain(refusal);
    expect(isAcceptedByZod(object)).toBe(false);
  });

  it('cover every field of every spec', () => {
    expect(BOUNDS.length).toBeGreaterThan(200);
  });
});

describe('lists and unknown fields', () => {
  it('refuses a Model that stands twice in modelPolicy.allow', async () => {
    const twice = [{ name: 'first' }, { name: 'first', weight: 3 }];
    const reply = await create(changed(SAMPLES.agentThatFollows, 'spec.modelPolicy.allow', twice));
    expect(reply.message).toContain('spec.modelPolicy.allow[1]: Duplicate value: {"name":"first"}');
  });

  it('refuses a tool that stands twice in tools', async () => {
    const tool = { type: 'BuiltIn', name: 'calculate' };
    const reply = await create(changed(SAMPLES.agentThatFollows, 'spec.tools', [tool, tool]));
    expect(reply.message).toContain('spec.tools[1]: Duplicate value: {"name":"calculate"}');
  });

  it('keeps every field of the JSON Schema in parameters of a tool as it was written', async () => {
    const parameters = { type: 'object', $defs: { room: { enum: ['a', 1, null] } }, 'x-any': 0.5 };
    const reply = await create(changed(SAMPLES.agentThatFollows, 'spec.tools[0].parameters', parameters));
    expect(reply.body.spec).toMatchObject({ tools: [{ parameters }, {}] });
  });

  it.each(['capabilities', 'dataClasses'])(
    'refuses a value that stands twice in %s of a Model',
    async (field) => {
      const value = field === 'capabilities' ? 'Chat' : 'Public';
      const reply = await create(changed(SAMPLES.model, `spec.${field}`, [value, value]));
      expect(reply.message).toContain(`spec.${field}[1]: Duplicate value: "${value}"`);
    },
  );

  it.each(
    Object.values(SAMPLES).map((object) => [`${object.kind} ${object.metadata.name}`, object] as const),
  )('refuses an unknown field in %s when asked strictly, and names it', async (_name, object) => {
    const reply = await create(changed(object, 'spec.promtRef', 'a typing error'));
    expect(reply).toMatchObject({
      status: 400,
      message: expect.stringContaining('unknown field "spec.promtRef"') as string,
    });
  });

  it('drops an unknown field with a warning when not asked strictly, as kubectl apply of old did', async () => {
    const reply = await create(changed(SAMPLES.model, 'spec.endpont', 'a typing error'), 'dryRun=All');
    expect(reply).toMatchObject({ status: 201, warnings: expect.stringContaining('spec.endpont') as string });
    expect(reply.body.spec).toEqual(SAMPLES.model.spec);
  });

  it('keeps every field of the JSON Schema in output.schema as it was written', async () => {
    const schema = {
      $defs: { label: { enum: ['spam', 1, null] } },
      allOf: [{ $ref: '#/$defs/label' }],
      'x-any': 0.5,
    };
    const reply = await create(changed(SAMPLES.agentThatFollows, 'spec.output.schema', schema));
    expect(reply.body.spec.output.schema).toEqual(schema);
  });
});
