import { describe, expect, it } from 'vitest';
import type { PromptVersionStatus } from '#crds/prompt-version.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { decidePromptVersion } from './decide.ts';
import { observePromptVersion } from './observe.ts';

async function judge(text: string, digest = promptDigest(text)): Promise<PromptVersionStatus> {
  const metadata = { namespace: 'ns', name: 'v', uid: 'u', generation: 1, resourceVersion: '1' };
  const promptVersion = { apiVersion: '', kind: '', metadata, spec: { prompt: 'p', text, digest } };
  return decidePromptVersion(await observePromptVersion(promptVersion), new Date('2026-01-01T12:00:00Z'))
    .status;
}

const withVariables = (names: readonly string[]): string =>
  `---\ninput:\n  schema:\n${names.map((name) => `    ${name}: string\n`).join('')}---\n${names.map((name) => `{{${name}}}`).join(' ')}\n`;

describe('a prompt version', () => {
  it('is accepted with the names of its variables', async () => {
    const status = await judge(withVariables(['subject', 'body']));
    expect(status.variables).toEqual(['subject', 'body']);
    expect(status.conditions?.[0]).toMatchObject({ type: 'Accepted', status: 'True', reason: 'Accepted' });
  });

  it('has the same digest whatever the line ends', async () => {
    const text = withVariables(['subject']);
    const status = await judge(text.replaceAll('\n', '\r\n'), promptDigest(text));
    expect(status.conditions?.[0]?.status).toBe('True');
  });

  it('is told its right digest', async () => {
    const text = withVariables(['subject']);
    const status = await judge(text, 'f'.repeat(64));
    expect(status.conditions?.[0]).toMatchObject({ status: 'False', reason: 'DigestMismatch' });
    expect(status.conditions?.[0]?.message).toContain(promptDigest(text));
    expect(status.variables).toBeUndefined();
  });

  it.each([
    ['---\ninput: [\n---\nHi\n', 'FrontMatterInvalid'],
    ['---\ninput:\n  schema:\n    a: string\n---\n{{#if a}}\n', 'TemplateInvalid'],
    ['---\ninput:\n  schema:\n    a: nonsense-type\n---\n{{a}}\n', 'VariablesSchemaInvalid'],
    [withVariables(Array.from({ length: 65 }, (_, index) => `variable${index}`)), 'VariablesSchemaInvalid'],
    [withVariables(['v'.repeat(129)]), 'VariablesSchemaInvalid'],
  ])('is refused in one sentence: %#', async (text, reason) => {
    const status = await judge(text);
    expect(status.conditions?.[0]).toMatchObject({ status: 'False', reason });
    expect(status.conditions?.[0]?.message.length).toBeGreaterThan(20);
    expect(status.conditions?.[0]?.message).not.toContain('..');
  });
});
