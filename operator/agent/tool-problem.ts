/** What is wrong with the Http tools of an Agent beyond what the API server checks. Pure. */
import { isBlockedAddress } from '#adapters/model-providers/blocked-addresses.ts';
import type { AgentTool } from '#crds/agent-tool.ts';
import type { CompiledJsonSchema, JsonSchema } from '#domain/json-schema/compile-json-schema.ts';

/** One clause on the first tool that cannot be offered, with the place in the spec; undefined when all can. */
export function findToolProblem(
  tools: readonly AgentTool[],
  compile: (schema: JsonSchema) => CompiledJsonSchema,
): string | undefined {
  for (const { name, url, parameters } of tools) {
    const problem = urlProblem(url) ?? parametersProblem(parameters, compile);
    if (problem !== undefined) return `spec.tools, ${name}: ${problem}`;
  }
  return undefined;
}

function urlProblem(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  if (!URL.canParse(url)) return 'url is not a URL';
  // A name is judged by what it resolves to, in the pod that asks.
  return isBlockedAddress(new URL(url).hostname, { allowLoopback: false })
    ? 'url is an address that tools may not have: the pod itself, or a metadata service'
    : undefined;
}

function parametersProblem(
  parameters: JsonSchema | undefined,
  compile: (schema: JsonSchema) => CompiledJsonSchema,
): string | undefined {
  if (parameters === undefined) return undefined;
  const compiled = compile(parameters);
  if (!compiled.ok) return `parameters is not a JSON Schema that can be checked: ${compiled.message}`;
  return parameters['type'] === 'object'
    ? undefined
    : 'parameters has no "type": "object", and the arguments of a tool are an object';
}
