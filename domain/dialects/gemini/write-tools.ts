/** Tools and the choice between them, as generateContent takes them. */
import type { ChatRequest, ToolDeclaration } from '#domain/chat/chat-request.ts';
import type { Written } from '../dialect.ts';
import { objectRootOf } from '../object-root.ts';
import { withToldKeywords } from '../schema-in-words.ts';
import { isSchema } from '../schema-nodes.ts';
import type { ToolNameRule, ToolNames } from '../tool-names.ts';
import { beyondGemini } from './output-schema.ts';

export const GEMINI_TOOL_NAMES: ToolNameRule = {
  pattern: /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/,
  forbidden: /[^a-zA-Z0-9_.:-]/g,
  maximumCharacters: 64,
};

interface WrittenTools {
  readonly tools?: readonly object[];
  readonly toolConfig?: object;
}

/** The fields `tools` and `toolConfig`; none of them without tools. */
export function writeTools(request: ChatRequest, names: ToolNames): Written<WrittenTools> {
  const { tools, toolChoice } = request;
  if (tools.length === 0) return { ok: true, value: {} };
  if (request.allowsParallelToolCalls === false) {
    return refuse(
      'Gemini cannot be kept from calling several tools at once: allow parallel calls or use another model.',
    );
  }
  const declarations = new Map<string, { readonly text: string; readonly value: object }>();
  for (const [position, tool] of tools.entries()) {
    const declaration = writeDeclaration(tool, `tools.${position}`, names);
    if (!declaration.ok) return declaration;
    const text = JSON.stringify(declaration.value);
    if ((declarations.get(tool.name)?.text ?? text) !== text) {
      return refuse(`tools.${position} has the name of an earlier tool: give each a name of its own.`);
    }
    declarations.set(tool.name, { text, value: declaration.value });
  }
  if (toolChoice?.kind === 'tool' && !declarations.has(toolChoice.name)) {
    return refuse(
      `The tool choice names ${JSON.stringify(toolChoice.name.slice(0, 64))}, which is not among the tools.`,
    );
  }
  const functionCallingConfig = callingConfig(request, names);
  return {
    ok: true,
    value: {
      tools: [{ functionDeclarations: [...declarations.values()].map(({ value }) => value) }],
      ...(functionCallingConfig && { toolConfig: { functionCallingConfig } }),
    },
  };
}

function writeDeclaration(tool: ToolDeclaration, where: string, names: ToolNames): Written<object> {
  const own = tool.extensions?.dialect === 'gemini' ? tool.extensions.fields : {};
  const root = objectRootOf(tool.parameters, `${where}.parameters`, 'schema');
  if (!root.ok) return root;
  const { schema, combinations } = root.value;
  const beyond =
    tool.isStrict === true && tool.parameters !== undefined ? beyondGemini(tool.parameters) : undefined;
  if (beyond !== undefined) {
    return refuse(`Gemini cannot hold ${where} to ${beyond}: leave "strict" out or use another model.`);
  }
  // Alternatives of the whole are not taken at the root: which of them go together is told in words.
  const parameters = withToldKeywords(schema, combinations ?? {});
  return {
    ok: true,
    value: {
      ...own,
      name: names.toProvider(tool.name),
      ...(tool.description !== undefined && { description: tool.description }),
      ...(takesArguments(schema) && { parametersJsonSchema: parameters }),
    },
  };
}

/** An object without any property is refused; a function without parameters has none to declare. */
function takesArguments({
  properties,
  additionalProperties,
  patternProperties,
}: Readonly<Record<string, unknown>>): boolean {
  const hasNames = isSchema(properties) && Object.keys(properties).length > 0;
  return (
    hasNames || additionalProperties === true || isSchema(additionalProperties) || isSchema(patternProperties)
  );
}

function callingConfig({ toolChoice, tools }: ChatRequest, names: ToolNames): object | undefined {
  if (toolChoice?.kind === 'tool') {
    return { mode: 'ANY', allowedFunctionNames: [names.toProvider(toolChoice.name)] };
  }
  if (toolChoice?.kind === 'required') return { mode: 'ANY' };
  if (toolChoice?.kind === 'none') return { mode: 'NONE' };
  // VALIDATED is AUTO with arguments held to the schema, which is what `strict` asks for.
  if (tools.some(({ isStrict }) => isStrict === true)) return { mode: 'VALIDATED' };
  return toolChoice?.kind === 'auto' ? { mode: 'AUTO' } : undefined;
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
