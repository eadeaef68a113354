/** From an Agent and the prompt that it is to serve to the document that its pods follow. */
import type { AgentSpec } from '#crds/agent.ts';
import type { AgentConfiguration, AgentConfigurationContent } from './agent-configuration.ts';

const DEFAULT_LIMITS = { steps: 8, seconds: 120, outputRepairs: 2 } as const;
const DECIMALS_OF_NANO_USD = 9;

export function buildAgentConfiguration(
  agent: {
    readonly metadata: {
      readonly namespace: string;
      readonly name: string;
      readonly uid: string;
      readonly generation: number;
    };
    readonly spec: AgentSpec;
  },
  prompt: AgentConfiguration['prompt'],
): AgentConfigurationContent {
  const { namespace, name, uid, generation } = agent.metadata;
  const { limits = {}, output, tools = [] } = agent.spec;
  return {
    agent: { namespace, name, uid, generation },
    prompt,
    tools: tools.map((tool) => tool.name),
    ...(output === undefined ? {} : { outputSchema: output.schema }),
    limits: {
      steps: limits.steps ?? DEFAULT_LIMITS.steps,
      seconds: limits.seconds ?? DEFAULT_LIMITS.seconds,
      ...(limits.usdPerRun === undefined ? {} : { nanoUsdPerRun: nanoUsd(limits.usdPerRun) }),
      outputRepairs: limits.outputRepairs ?? DEFAULT_LIMITS.outputRepairs,
      ...(limits.outputTokens === undefined ? {} : { outputTokens: limits.outputTokens }),
    },
  };
}

/**
 * A decimal string of US dollars as whole nano-dollars, without a float on the way. Above nine million dollars the
 * largest exact integer stands in: a limit that no run reaches.
 */
function nanoUsd(usDollars: string): number {
  const [whole = '0', fraction = ''] = usDollars.split('.', 2);
  const exact = BigInt(whole + fraction.padEnd(DECIMALS_OF_NANO_USD, '0'));
  return exact > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(exact);
}
