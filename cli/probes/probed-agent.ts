/** The agent as its probes find it: its mounted configuration, and the version that is served to most. */
import { readFile } from 'node:fs/promises';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { RolloutDocument } from '#domain/rollout/rollout-document.ts';
import { InputProblem } from '../evaluation/read-inputs.ts';

export interface ProbedAgent {
  readonly configuration: AgentConfiguration;
  readonly version: string;
  readonly digest: string;
  readonly text: string;
}

/** A candidate is none of its business: that is what the rollout watches. */
export async function readProbedAgent(configurationPath: string, rolloutPath: string): Promise<ProbedAgent> {
  const configuration = AgentConfiguration.safeParse(await readJson(configurationPath)).data;
  if (configuration === undefined) {
    throw new InputProblem(
      'prompt_invalid',
      'The configuration of the agent is not there, or not understood.',
    );
  }
  const { prompt, rollout } = configuration;
  if (prompt !== undefined) {
    const { version, digest, text } = prompt;
    return { configuration, version, digest, text };
  }
  const document = RolloutDocument.safeParse(await readJson(rolloutPath)).data;
  if (document === undefined || document.rollout.name !== rollout) {
    throw new InputProblem(
      'prompt_invalid',
      `The document of the CanaryRollout ${rollout ?? ''} is not there, or not understood.`,
    );
  }
  return { configuration, ...document.stable };
}

async function readJson(path: string): Promise<unknown> {
  const parsed = parseBoundedJson(await readFile(path, 'utf8').catch(() => ''));
  return parsed.ok ? parsed.value : undefined;
}
