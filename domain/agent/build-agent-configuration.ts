/**
 * From an Agent to the document that its pods follow; with a prompt when it is to serve that one, without when it is to
 * serve what its rollout says.
 */
import type { AgentSpec } from '#crds/agent.ts';
import { type AgentTool, BUILT_IN_TOOLS } from '#crds/agent-tool.ts';
import { nanoUsdOfDecimal } from '../pricing/nano-usd.ts';
import type { AgentConfiguration, AgentConfigurationContent, PromptOfAgent } from './agent-configuration.ts';

const DEFAULT_AUDIT = { content: 'Digests', retentionDays: 30 } as const;
const DEFAULT_TOOL_SECONDS = 10;
const NO_PARAMETERS = { type: 'object', properties: {}, additionalProperties: false } as const;
const DEFAULT_LIMITS = { steps: 8, seconds: 120, outputRepairs: 2 } as const;

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
  prompt: PromptOfAgent | undefined,
): AgentConfigurationContent {
  const { namespace, name, uid, generation } = agent.metadata;
  const { limits = {}, output, tools = [], audit = {} } = agent.spec;
  return {
    schemaVersion: 1,
    agent: { namespace, name, uid, generation },
    ...(prompt === undefined ? {} : { prompt }),
    ...(agent.spec.promptRef.name === undefined ? {} : { rollout: agent.spec.promptRef.name }),
    tools: tools.flatMap(toolConfiguration),
    audit: {
      content: audit.content ?? DEFAULT_AUDIT.content,
      retentionDays: audit.retentionDays ?? DEFAULT_AUDIT.retentionDays,
    },
    ...(output === undefined ? {} : { outputSchema: output.schema }),
    limits: {
      steps: limits.steps ?? DEFAULT_LIMITS.steps,
      seconds: limits.seconds ?? DEFAULT_LIMITS.seconds,
      ...(limits.usdPerRun === undefined ? {} : { nanoUsdPerRun: nanoUsdOfDecimal(limits.usdPerRun) }),
      outputRepairs: limits.outputRepairs ?? DEFAULT_LIMITS.outputRepairs,
      ...(limits.outputTokens === undefined ? {} : { outputTokens: limits.outputTokens }),
    },
  };
}

/** Nothing for what the rules of the kind keep from being written. */
function toolConfiguration(tool: AgentTool): AgentConfiguration['tools'] {
  const { type, name, description, url, parameters, effect, timeoutSeconds } = tool;
  if (type === 'BuiltIn') return BUILT_IN_TOOLS.filter((builtIn) => builtIn === name);
  if (description === undefined || url === undefined) return [];
  return [
    {
      name,
      description,
      url,
      parameters: parameters ?? NO_PARAMETERS,
      effect: effect === 'None' ? 'none' : 'external',
      timeoutSeconds: timeoutSeconds ?? DEFAULT_TOOL_SECONDS,
    },
  ];
}
