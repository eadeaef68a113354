/** The samples must work from a fresh clone: they fit the kinds, and agree with each other and with the prompt. */
import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { AgentSpec } from '#crds/agent.ts';
import { CanaryRolloutSpec } from '#crds/canary-rollout.ts';
import { ModelSpec } from '#crds/model.ts';
import { compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { parsePrompt } from '#domain/prompts/parse-prompt.ts';
import { promptDigest, promptVersionName } from '#domain/prompts/prompt-digest.ts';
import { renderPrompt } from '#domain/prompts/render-prompt.ts';
import { presentMail } from '../../samples/present-mail.ts';

const root = new URL('../../', import.meta.url);
const read = async (path: string): Promise<string> => await readFile(new URL(path, root), 'utf8');
const promptText = await read('prompts/email-classifier.prompt');
const agent = AgentSpec.parse(specOf(await read('samples/agent-email-classifier.yaml')));
const mails = (await readdir(new URL('samples/mails/', root))).filter((name) => name.endsWith('.eml'));
const goldenSet = (await read('golden-sets/email-classifier.jsonl'))
  .trimEnd()
  .split('\n')
  .map((line) => GoldenCase().parse(JSON.parse(line)));

/** The lines From and Subject. */
function headOf(mail: string): string {
  return mail.split('\n').slice(0, 2).join('\n');
}

function specOf(manifest: string): unknown {
  return z.object({ spec: z.unknown() }).parse(parse(manifest)).spec;
}

function GoldenCase(): z.ZodType<{
  id: string;
  vars: { email: string };
  assert: { value: Record<string, unknown> }[];
}> {
  return z.object({
    id: z.string(),
    vars: z.object({ email: z.string() }),
    assert: z
      .array(z.object({ type: z.literal('is-json'), value: z.record(z.string(), z.unknown()) }))
      .length(1),
  });
}

describe('the sample manifests', () => {
  it('release exactly the prompt file that stands beside them', async () => {
    const rollout = CanaryRolloutSpec.parse(
      specOf(await read('samples/canary-rollout-email-classifier.yaml')),
    );
    expect(rollout.versionRef?.name).toBe(promptVersionName('email-classifier', promptDigest(promptText)));
    expect(rollout.prompt).toBe('email-classifier');
    expect(agent.promptRef.name).toBe('email-classifier');
  });

  it.each(['samples/model-smollm2.yaml', 'samples/model-embeddings.yaml'])(
    'describe a model: %s',
    async (path) => {
      const model = ModelSpec.parse(specOf(await read(path)));
      expect(model.endpoint).toBe('http://capataz-local-model.capataz-system.svc:8080/v1');
    },
  );

  it('stand in no namespace of their own, so that they go where the user is', async () => {
    const names = (await readdir(new URL('samples/', root))).filter((name) => name.endsWith('.yaml'));
    expect(names.length).toBeGreaterThanOrEqual(4);
    for (const name of names)
      expect(parse(await read(`samples/${name}`))).not.toHaveProperty('metadata.namespace');
  });
});

describe('the sample prompt', () => {
  it('takes every sample mail', async () => {
    const parsed = await parsePrompt(promptText);
    expect(parsed).toMatchObject({
      ok: true,
      prompt: { variables: ['email'], settings: { temperature: 0 } },
    });
    if (!parsed.ok) return;
    for (const name of mails) {
      const request = JSON.parse(await read(`samples/mails/${name.replace('.eml', '.json')}`)) as {
        input: { email: string };
      };
      const rendered = await renderPrompt(parsed.prompt, request.input);
      const content = rendered.ok ? rendered.messages.at(-1)?.content : rendered.message;
      expect(content).toContain(request.input.email);
    }
  });

  it.each(mails)('gets the request that mail-to-request.ts makes of %s', async (name) => {
    const request: unknown = JSON.parse(await read(`samples/mails/${name.replace('.eml', '.json')}`));
    expect(request).toEqual({ input: { email: await presentMail(await read(`samples/mails/${name}`)) } });
  });
});

describe('the golden set', () => {
  it('has a hundred cases, half of them spam, each mail once', () => {
    expect(goldenSet).toHaveLength(100);
    expect(goldenSet.filter(({ id }) => id.startsWith('spam'))).toHaveLength(50);
    expect(new Set(goldenSet.map(({ vars }) => vars.email)).size).toBe(100);
  });

  it('contains none of the mails that the prompt shows as examples', () => {
    const heads = new Set(promptText.split('{{role "user"}}\n').map(headOf));
    const shown = goldenSet.filter(({ vars }) => heads.has(headOf(vars.email)));
    expect(shown.map(({ id }) => id)).toEqual([]);
  });

  it('expects answers that the schema of the agent allows', () => {
    const output = compileJsonSchema(agent.output?.schema ?? {});
    for (const { assert } of goldenSet) {
      const category = z
        .object({ properties: z.object({ category: z.object({ const: z.string() }) }) })
        .parse(assert[0]?.value).properties.category.const;
      expect(output.ok && output.findProblems({ category })).toEqual([]);
    }
  });
});
