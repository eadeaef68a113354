/** A configuration made ready to serve: all that can be wrong with it is found here, before a single run sees it. */
import type {
  AgentConfiguration,
  EffectiveConfiguration,
  HttpToolConfiguration,
} from '#domain/agent/agent-configuration.ts';
import { type CallableTool, compileTool } from '#domain/conversation/call-tools.ts';
import { type OutputFormat, buildOutputFormat } from '#domain/conversation/output-format.ts';
import type { RunPlan } from '#domain/conversation/run-agent.ts';
import { settingsOfPrompt } from '#domain/conversation/settings-of-prompt.ts';
import { type ParsedPrompt, parsePrompt } from '#domain/prompts/parse-prompt.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import type { Tool } from '#domain/conversation/tool.ts';
import { builtInTool } from '#domain/tools/built-in-tools.ts';

export interface ServedConfiguration {
  readonly configuration: EffectiveConfiguration;
  readonly prompt: ParsedPrompt;
  readonly tools: readonly CallableTool[];
  readonly output: OutputFormat;
  readonly settings: RunPlan['settings'];
  /** The variable that a chat's last user message fills; see chatVariableOf. */
  readonly chatVariable: string | undefined;
  /** Tools that the prompt counts on and the Agent does not allow. */
  readonly missingTools: readonly string[];
}

export type PreparedConfiguration =
  | { readonly ok: true; readonly served: ServedConfiguration }
  | { readonly ok: false; readonly problem: string };

/** A configuration names what is asked over HTTP; who asks is not its concern. */
export type MakeHttpTool = (configuration: HttpToolConfiguration) => Tool;

export async function prepareConfiguration(
  configuration: EffectiveConfiguration,
  makeHttpTool: MakeHttpTool,
): Promise<PreparedConfiguration> {
  const { prompt } = configuration;
  if (promptDigest(prompt.text) !== prompt.digest) {
    return refuse(`the text of the prompt ${prompt.version} does not have the digest it is said to have`);
  }
  const parsed = await parsePrompt(prompt.text);
  if (!parsed.ok) return refuse(`the prompt ${prompt.version} cannot be served: ${parsed.message}`);
  const output = buildOutputFormat(configuration.outputSchema, parsed.prompt.output);
  if (!output.ok) return refuse(output.message);
  const tools = callableTools(configuration, makeHttpTool);
  if (!tools.ok) return refuse(tools.message);
  return {
    ok: true,
    served: {
      configuration,
      prompt: parsed.prompt,
      tools: tools.tools,
      output: output.format,
      settings: settingsOfPrompt(parsed.prompt, configuration.limits.outputTokens),
      chatVariable: chatVariableOf(parsed.prompt),
      missingTools: parsed.prompt.tools.filter((name) => !tools.tools.some((tool) => tool.name === name)),
    },
  };
}

function callableTools(
  { tools }: AgentConfiguration,
  makeHttpTool: MakeHttpTool,
):
  | { readonly ok: true; readonly tools: readonly CallableTool[] }
  | { readonly ok: false; readonly message: string } {
  const callable: CallableTool[] = [];
  for (const tool of tools) {
    const compiled =
      typeof tool === 'string'
        ? { ok: true as const, tool: builtInTool(tool) }
        : compileTool(makeHttpTool(tool));
    if (!compiled.ok) return compiled;
    callable.push(compiled.tool);
  }
  return { ok: true, tools: callable };
}

/** The one variable that must be given, when it is a text: then a chat needs no `variables` of its own. */
function chatVariableOf({ variablesSchema, defaults }: ParsedPrompt): string | undefined {
  const { required, properties } = variablesSchema;
  const names = (Array.isArray(required) ? required : []).filter(
    (name) => !Object.hasOwn(defaults, String(name)),
  );
  const [name, ...others] = names as readonly string[];
  if (name === undefined || others.length > 0) return undefined;
  const schema = (properties as Readonly<Record<string, { readonly type?: unknown }>> | undefined)?.[name];
  return schema?.type === 'string' ? name : undefined;
}

function refuse(problem: string): PreparedConfiguration {
  return { ok: false, problem };
}
