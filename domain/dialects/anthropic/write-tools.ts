/** Tools and the choice between them, as the Messages API takes them. */
import type { ChatRequest, JsonSchema, ToolDeclaration } from '#domain/chat/chat-request.ts';
import type { Written } from '../dialect.ts';
import { objectRootOf } from '../object-root.ts';
import { isSchema } from '../schema-nodes.ts';
import type { ToolNameRule, ToolNames } from '../tool-names.ts';
import { withShortCache } from './billed-apart.ts';
import type { ClaudeAbilities } from './claude-models.ts';
import { beyondAnthropic, toAnthropicSchema } from './output-schema.ts';

export const ANTHROPIC_TOOL_NAMES: ToolNameRule = {
  pattern: /^[a-zA-Z0-9_-]{1,64}$/,
  forbidden: /[^a-zA-Z0-9_-]/g,
  maximumCharacters: 64,
};
const PROPERTY_NAME = /^[a-zA-Z0-9_.-]{1,64}$/;

/** The fields `tools` and `tool_choice`; none of them where the request is not about tools. */
export function writeTools(
  request: ChatRequest,
  model: string,
  abilities: ClaudeAbilities,
  names: ToolNames,
): Written<object> {
  if (request.tools.length === 0) return { ok: true, value: toolsOfHistory(request, names) };
  const tools: object[] = [];
  const written = new Map<string, string>();
  for (const [position, tool] of request.tools.entries()) {
    const result = writeTool(tool, `tools.${position}`, abilities, names);
    if (!result.ok) return result;
    const text = JSON.stringify(result.value);
    const before = written.get(tool.name);
    if (before !== undefined && before !== text) {
      return {
        ok: false,
        problem: `tools.${position} has the name of an earlier tool: give each a name of its own.`,
      };
    }
    if (before === undefined) tools.push(result.value);
    written.set(tool.name, text);
  }
  const choice = writeToolChoice(request, model, abilities, names);
  if (!choice.ok) return choice;
  return {
    ok: true,
    value: { tools, ...(choice.value !== undefined && { tool_choice: choice.value }) },
  };
}

/** Calls in the history need their tools declared, also when none may be called any more. */
function toolsOfHistory(request: ChatRequest, names: ToolNames): object {
  const called = request.messages.flatMap((message) =>
    message.role === 'assistant' ? (message.toolCalls ?? []).map(({ name }) => names.toProvider(name)) : [],
  );
  if (called.length === 0) return {};
  const tools = [...new Set(called)].map((name) => ({ name, input_schema: { type: 'object' } }));
  return { tools, tool_choice: { type: 'none' } };
}

function writeTool(
  tool: ToolDeclaration,
  where: string,
  abilities: ClaudeAbilities,
  names: ToolNames,
): Written<object> {
  const own = withShortCache(tool.extensions?.dialect === 'anthropic' ? tool.extensions.fields : {});
  // A tool that Anthropic runs itself has a type and no schema.
  if (typeof own['type'] === 'string' && own['type'] !== 'custom') {
    return { ok: true, value: { ...own, name: tool.name } };
  }
  const schema = inputSchema(tool, where, abilities);
  if (!schema.ok) return schema;
  return {
    ok: true,
    value: {
      ...own,
      name: names.toProvider(tool.name),
      ...(tool.description !== undefined && { description: tool.description }),
      input_schema: schema.value,
      ...(tool.isStrict === true && { strict: true }),
    },
  };
}

function inputSchema(tool: ToolDeclaration, where: string, abilities: ClaudeAbilities): Written<JsonSchema> {
  if (tool.isStrict === true) return strictSchema(tool, where, abilities);
  const root = objectRootOf(tool.parameters, `${where}.parameters`, 'annotations');
  if (!root.ok) return root;
  const { schema, combinations } = root.value;
  const misnamed = Object.keys(isSchema(schema['properties']) ? schema['properties'] : {}).find(
    (name) => !PROPERTY_NAME.test(name),
  );
  if (misnamed !== undefined) {
    return {
      ok: false,
      problem: `${where}.parameters has a property ${JSON.stringify(misnamed.slice(0, 40))}: Anthropic takes letters, digits, "_", "." and "-" in names, 64 at most.`,
    };
  }
  // Anthropic refuses a combination at the root of the schema but not in a condition, and this one always holds.
  const condition = combinations === undefined ? [] : [['if', {}] as const, ['then', combinations] as const];
  const whole = Object.fromEntries([...Object.entries(schema), ...condition]);
  return { ok: true, value: toDraft2020(whole) as JsonSchema };
}

function strictSchema(tool: ToolDeclaration, where: string, abilities: ClaudeAbilities): Written<JsonSchema> {
  const schema: JsonSchema = { additionalProperties: false, ...tool.parameters, type: 'object' };
  const beyond = abilities.holdsSchemas ? beyondAnthropic(schema) : 'any schema with this model';
  if (beyond === undefined && schema['anyOf'] === undefined && schema['oneOf'] === undefined) {
    return { ok: true, value: toAnthropicSchema(schema) };
  }
  const what = beyond ?? 'alternatives at the root';
  return {
    ok: false,
    problem: `Anthropic cannot hold ${where} to ${what}: leave "strict" out or use another model.`,
  };
}

/** Anthropic checks schemas against draft 2020-12; older servers still write what draft 4 allowed. */
function toDraft2020(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(toDraft2020);
  if (!isSchema(node)) return node;
  const draft: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(node)) {
    if (keyword === 'items' && Array.isArray(value)) draft['prefixItems'] = toDraft2020(value);
    else if (keyword === 'exclusiveMinimum' && typeof value === 'boolean') {
      if (value) draft['exclusiveMinimum'] = node['minimum'];
    } else if (keyword === 'exclusiveMaximum' && typeof value === 'boolean') {
      if (value) draft['exclusiveMaximum'] = node['maximum'];
    } else if (!(keyword === 'required' && typeof value === 'boolean')) draft[keyword] = toDraft2020(value);
  }
  return draft;
}

const TOOL_CHOICE_TYPES = { none: 'none', auto: 'auto', required: 'any' } as const;

function writeToolChoice(
  { toolChoice: choice, tools, allowsParallelToolCalls }: ChatRequest,
  model: string,
  abilities: ClaudeAbilities,
  names: ToolNames,
): Written<object | undefined> {
  const onlyOne = allowsParallelToolCalls === false && { disable_parallel_tool_use: true };
  if (choice === undefined) {
    return { ok: true, value: onlyOne === false ? undefined : { type: 'auto', ...onlyOne } };
  }
  if (choice.kind === 'none') return { ok: true, value: { type: 'none' } };
  if (choice.kind !== 'auto' && !abilities.forcesTools) {
    return {
      ok: false,
      problem: `${model} cannot be made to call a tool: choose "auto" or use another model.`,
    };
  }
  if (choice.kind !== 'tool') {
    return { ok: true, value: { type: TOOL_CHOICE_TYPES[choice.kind], ...onlyOne } };
  }
  if (!tools.some(({ name }) => name === choice.name)) {
    return {
      ok: false,
      problem: `The tool choice names ${JSON.stringify(choice.name.slice(0, 64))}, which is not among the tools.`,
    };
  }
  return { ok: true, value: { type: 'tool', name: names.toProvider(choice.name), ...onlyOne } };
}
