import { describe, expect, it } from 'vitest';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { type KstatusVerdict, goldenState } from '../testing/golden-state.ts';
import { decidePromptVersion } from './decide.ts';
import { observePromptVersion } from './observe.ts';

const NOON = new Date('2026-01-01T12:00:00Z');

function aVersion(text: string, digest = promptDigest(text)): PromptVersion {
  const metadata = { namespace: 'ns', name: 'v1', uid: 'u', generation: 1, resourceVersion: '1' };
  return { apiVersion: '', kind: 'PromptVersion', metadata, spec: { prompt: 'p', text, digest } };
}

describe('what a PromptVersion says of itself', () => {
  it.each<[string, KstatusVerdict, PromptVersion]>([
    ['accepted', 'Current', aVersion('Hello')],
    ['digest-mismatch', 'Failed', aVersion('Hello', '0'.repeat(64))],
    ['front-matter-invalid', 'Failed', aVersion('---\nmodel: [\n---\nHello')],
    ['template-invalid', 'Failed', aVersion('{{#if}}')],
  ])('%s, which kstatus reads as %s', async (name, verdict, version) => {
    const { status } = decidePromptVersion(await observePromptVersion(version), NOON);
    await expect(goldenState(verdict, { ...version, status })).toMatchFileSnapshot(
      `./golden/states/${name}.yaml`,
    );
  });

  it('new, which it has not looked at yet', async () => {
    const version = { ...aVersion('Hello'), status: { observedGeneration: -1 } };
    await expect(goldenState('InProgress', version)).toMatchFileSnapshot('./golden/states/new.yaml');
  });
});
