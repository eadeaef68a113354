/** A version of a prompt made ready to be run on cases, as the Agent would run it. */
import { z } from 'zod';
import { BUILT_IN_TOOLS } from '#crds/agent-tool.ts';
import { HttpToolConfiguration } from '#domain/agent/agent-configuration.ts';
import { canonicalJson, sha256Hex } from '#domain/canonical-json/canonical-json.ts';
import { type OutputFormat, buildOutputFormat } from '#domain/conversation/output-format.ts';
import type { RunPlan } from '#domain/conversation/run-agent.ts';
import { settingsOfPrompt } from '#domain/conversation/settings-of-prompt.ts';
import { type ParsedPrompt, parsePrompt } from '#domain/prompts/parse-prompt.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import type { VersionIdentity } from './evaluation-result.ts';

/** Of an agent's configuration, what decides how a case goes. */
export const EvaluatedAgent = z.object({
  tools: z.array(z.union([z.enum(BUILT_IN_TOOLS), HttpToolConfiguration])).default([]),
  outputSchema: z.record(z.string(), z.unknown()).optional(),
  limits: z
    .object({
      steps: z.int().min(1).default(8),
      seconds: z.int().min(1).default(120),
      outputRepairs: z.int().min(0).default(2),
      outputTokens: z.int().min(1).optional(),
    })
    .default({ steps: 8, seconds: 120, outputRepairs: 2 }),
});
export type EvaluatedAgent = z.infer<typeof EvaluatedAgent>;

export interface EvaluatedVersion {
  readonly identity: VersionIdentity;
  readonly prompt: ParsedPrompt;
  readonly output: OutputFormat;
  readonly settings: RunPlan['settings'];
  readonly agent: EvaluatedAgent;
  /** Of all that decides an answer beside the case: prompt, output schema, tools, limits. */
  readonly settingsDigest: string;
}

export type EvaluatedVersionResult =
  | { readonly ok: true; readonly version: EvaluatedVersion }
  /** One sentence with the line. */
  | { readonly ok: false; readonly problem: string };

export async function prepareVersion(
  name: string,
  text: string,
  agent: EvaluatedAgent,
): Promise<EvaluatedVersionResult> {
  const parsed = await parsePrompt(text);
  if (!parsed.ok) return { ok: false, problem: `${name}: ${parsed.message}` };
  const output = buildOutputFormat(agent.outputSchema, parsed.prompt.output);
  if (!output.ok) return { ok: false, problem: `${name}: ${output.message}` };
  const digest = promptDigest(text);
  return {
    ok: true,
    version: {
      identity: { name, digest },
      prompt: parsed.prompt,
      output: output.format,
      settings: settingsOfPrompt(parsed.prompt, agent.limits.outputTokens),
      agent,
      settingsDigest: sha256Hex(canonicalJson({ digest, agent })),
    },
  };
}
