/** Configurations as the operator writes them. */
import type { AgentConfiguration, PromptOfAgent } from '#domain/agent/agent-configuration.ts';
import { promptDigest, promptVersionName } from '#domain/prompts/prompt-digest.ts';

export const GREETER = `---
config:
  temperature: 0.1
input:
  schema:
    name: string
---
{{role "system"}}
Greet in one word.
{{role "user"}}
{{name}}
`;

export interface ConfigurationChanges {
  readonly text?: string;
  readonly generation?: number;
  readonly revision?: number;
  readonly name?: string;
  readonly uid?: string;
  readonly tools?: AgentConfiguration['tools'];
  readonly outputSchema?: Readonly<Record<string, unknown>>;
  readonly limits?: Partial<AgentConfiguration['limits']>;
  readonly digest?: string;
  readonly audit?: Partial<AgentConfiguration['audit']>;
}

export function configuration(
  changes: ConfigurationChanges = {},
): AgentConfiguration & { readonly prompt: PromptOfAgent } {
  const text = changes.text ?? GREETER;
  const digest = changes.digest ?? promptDigest(text);
  return {
    revision: changes.revision ?? 1,
    agent: {
      namespace: 'shop',
      name: changes.name ?? 'greeter',
      uid: changes.uid ?? 'uid-1',
      generation: changes.generation ?? 1,
    },
    prompt: { name: 'greeting', version: promptVersionName('greeting', digest), digest, text },
    rollout: 'greeting',
    tools: changes.tools ?? [],
    ...(changes.outputSchema === undefined ? {} : { outputSchema: changes.outputSchema }),
    audit: { content: 'Digests', retentionDays: 30, ...changes.audit },
    limits: { steps: 4, seconds: 30, outputRepairs: 1, ...changes.limits },
  };
}

export function configurationText(changes: ConfigurationChanges = {}): string {
  return JSON.stringify(configuration(changes));
}
