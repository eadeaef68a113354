/** How a model is asked to write: what the prompt says, within what the Agent allows. */
import type { ParsedPrompt } from '#domain/prompts/parse-prompt.ts';
import type { RunPlan } from './run-agent.ts';

const OUTPUT_TOKENS_DEFAULT = 512;

/** The Agent's limits.outputTokens is the most; below it the prompt decides. */
export function settingsOfPrompt(
  { settings }: ParsedPrompt,
  outputTokens: number | undefined,
): RunPlan['settings'] {
  const wanted = settings.maxOutputTokens ?? outputTokens ?? OUTPUT_TOKENS_DEFAULT;
  return {
    maximumOutputTokens: Math.min(wanted, outputTokens ?? wanted),
    sampling: {
      ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
      ...(settings.topP === undefined ? {} : { topP: settings.topP }),
      ...(settings.topK === undefined ? {} : { topK: settings.topK }),
      ...(settings.stopSequences === undefined ? {} : { stopSequences: settings.stopSequences }),
    },
  };
}
