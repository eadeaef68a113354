import type { PromptVersion } from '#crds/prompt-version.ts';
import { type PromptResult, parsePrompt } from '#domain/prompts/parse-prompt.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';

export interface ObservedPromptVersion {
  readonly promptVersion: PromptVersion;
  /** Of the text as it is. */
  readonly digest: string;
  readonly parsed: PromptResult;
}

export async function observePromptVersion(promptVersion: PromptVersion): Promise<ObservedPromptVersion> {
  const { text } = promptVersion.spec;
  return { promptVersion, digest: promptDigest(text), parsed: await parsePrompt(text) };
}
