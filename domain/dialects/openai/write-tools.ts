/** Tools and the choice among them. */
import type { ChatRequest, ToolDeclaration } from '#domain/chat/chat-request.ts';
import type { Written } from '../dialect.ts';
import { objectRootOf } from '../object-root.ts';
import { withToldKeywords } from '../schema-in-words.ts';
import type { ToolNames } from '../tool-names.ts';
import { withItems } from './array-items.ts';
import type { OpenAiFlavour } from './flavour.ts';
import type { ModelAbilities } from './model-abilities.ts';
import { fitsStrict } from './strict-schema.ts';
import { isObject } from './wire-values.ts';

const MOST_TOOLS = 128;
/** What OpenAI refuses at the root of a tool's parameters. */
const REFUSED_AT_ROOT = ['anyOf', 'oneOf', 'allOf', 'enum', 'const', 'not', 'if', '$ref'] as const;

export function writeTools(
  { tools, toolChoice, allowsParallelToolCalls }: ChatRequest,
  flavour: OpenAiFlavour,
  abilities: ModelAbilities,
  names: ToolNames,
): Written<object> {
  const problem = problemOfChoice(tools, toolChoice);
  if (problem !== undefined) return refuse(problem);
  // An empty list is refused, like a choice where there is nothing to choose.
  if (tools.length === 0) return { ok: true, value: {} };
  if (tools.length > MOST_TOOLS && flavour === 'OpenAI') {
    return refuse(`OpenAI takes ${MOST_TOOLS} tools at most, not ${tools.length}.`);
  }
  const written = new Map<string, object>();
  for (const [position, tool] of tools.entries()) {
    const one = writeTool(tool, position, flavour, names);
    if (!one.ok) return one;
    const before = written.get(tool.name);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(one.value)) {
      return refuse(`tools.${position} has the name of an earlier tool: give each a name of its own.`);
    }
    written.set(tool.name, one.value);
  }
  return {
    ok: true,
    value: {
      tools: [...written.values()],
      ...(toolChoice !== undefined && { tool_choice: choiceOf(toolChoice, names) }),
      ...(allowsParallelToolCalls !== undefined &&
        abilities.takesParallelToolCalls && { parallel_tool_calls: allowsParallelToolCalls }),
    },
  };
}

/** "auto" and "none" ask for nothing that a request without tools does not do. */
function problemOfChoice(
  tools: readonly ToolDeclaration[],
  choice: ChatRequest['toolChoice'],
): string | undefined {
  if (choice?.kind === 'required' && tools.length === 0) {
    return 'tool_choice asks for a call, but the request declares no tools: declare them, or leave it out.';
  }
  if (choice?.kind !== 'tool' || tools.some(({ name }) => name === choice.name)) return undefined;
  return `tool_choice names the tool ${JSON.stringify(choice.name.slice(0, 64))}, which is not among the declared tools.`;
}

function choiceOf(choice: NonNullable<ChatRequest['toolChoice']>, names: ToolNames): unknown {
  return choice.kind === 'tool'
    ? { type: 'function', function: { name: names.toProvider(choice.name) } }
    : choice.kind;
}

function writeTool(
  { name, description, parameters, isStrict, extensions }: ToolDeclaration,
  position: number,
  flavour: OpenAiFlavour,
  names: ToolNames,
): Written<object> {
  const schema =
    flavour === 'OpenAI' ? writeParameters(parameters, position) : { ok: true as const, value: parameters };
  if (!schema.ok) return schema;
  const isFit = isStrict !== true || flavour !== 'OpenAI' || fitsStrict(schema.value ?? {});
  const own = extensions?.dialect === 'openai' ? extensions.fields : {};
  const { function: ownFunction, ...ownTool } = own;
  return {
    ok: true,
    value: {
      ...(flavour !== 'OpenAI' && ownTool),
      type: 'function',
      function: {
        ...(flavour !== 'OpenAI' && isObject(ownFunction) && ownFunction),
        name: names.toProvider(name),
        ...(description !== undefined && { description }),
        ...(schema.value !== undefined && { parameters: schema.value }),
        ...(isStrict !== undefined && { strict: isStrict && isFit }),
      },
    },
  };
}

/** What OpenAI refuses at the root is folded into it, and told to the model in the description. */
function writeParameters(
  given: ToolDeclaration['parameters'],
  position: number,
): Written<ToolDeclaration['parameters']> {
  if (given === undefined) return { ok: true, value: undefined };
  const parameters = withItems(given);
  const isTaken =
    parameters['type'] === 'object' && REFUSED_AT_ROOT.every((keyword) => parameters[keyword] === undefined);
  if (isTaken) return { ok: true, value: parameters };
  const told = Object.fromEntries(
    ['enum', 'const', 'not'].flatMap((keyword) =>
      parameters[keyword] === undefined ? [] : [[keyword, parameters[keyword]]],
    ),
  );
  const kept = Object.fromEntries(Object.entries(parameters).filter(([keyword]) => !(keyword in told)));
  const root = objectRootOf(kept, `tools.${position}.function.parameters`, 'schema');
  if (!root.ok) return root;
  const { schema, combinations } = root.value;
  return { ok: true, value: withToldKeywords(schema, { ...combinations, ...told }) };
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
