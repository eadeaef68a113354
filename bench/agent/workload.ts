/** What is asked, of all alike. */
import type { AgentConfiguration } from '#domain/agent/agent-configuration.ts';

export interface Scenario {
  readonly name: 'triage' | 'calculator';
  readonly title: string;
  readonly tools: AgentConfiguration['tools'];
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'triage', title: 'one thought: the model answers at once', tools: [] },
  {
    name: 'calculator',
    title: 'a ReAct cycle: the model calls a tool, reads the result and answers',
    tools: ['calculate'],
  },
];

export const PROMPT = `---
config:
  temperature: 0
input:
  schema:
    mail: string
---
{{role "system"}}
You sort the mail of a small shop. Answer with one word.
{{role "user"}}
{{mail}}
`;

export const RUN_BODY = JSON.stringify({
  input: { mail: 'The parcel came with a broken lid. Can I have a new one, please?' },
});
