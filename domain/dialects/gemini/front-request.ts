/** What a caller of generateContent says (https://ai.google.dev/api/generate-content), in neutral words. */
import type {
  AnswerFormat,
  ChatMessage,
  ChatRequest,
  JsonSchema,
  Sampling,
  ToolChoice,
  ToolDeclaration,
} from '#domain/chat/chat-request.ts';
import type { ReadRequest, RequestPath } from '../dialect.ts';
import { readEach, readWire, refuse } from '../read-wire.ts';
import { readContents, readParts } from './front-contents.ts';
import {
  GENERATION_FIELDS,
  MAXIMUM_TOOLS,
  REQUEST_FIELDS,
  WireFunction,
  WireRequest,
  WireTool,
} from './wire-contents.ts';

/** The wire has no name for the format of an answer. */
export const FORMAT_NAME = 'answer';

/** The model and the wish for a stream stand in the path. */
export function readGeminiChatRequest(body: unknown, path: RequestPath = {}): ReadRequest<ChatRequest> {
  if (!path.model) return refuse('model', 'is missing: name it in the path');
  const wire = readWire(WireRequest, body, '');
  if (!wire.ok) return wire;
  const system = readSystem(wire.value.systemInstruction);
  if (!system.ok) return system;
  const messages = readContents(wire.value.contents);
  if (!messages.ok) return messages;
  const tools = readTools(wire.value.tools ?? []);
  if (!tools.ok) return tools;
  return {
    ok: true,
    value: {
      model: path.model,
      messages: [...system.value, ...messages.value],
      ...chosenTools(tools.value.declared, wire.value.toolConfig),
      ...readOutput(wire.value.generationConfig),
      sampling: readSampling(wire.value.generationConfig),
      ...(path.isStreamed === true && { stream: { includesUsage: true } }),
      ...readExtensions(wire.value, tools.value.own),
    },
  };
}

function readSystem(system: WireRequest['systemInstruction']): ReadRequest<readonly ChatMessage[]> {
  if (system === undefined || system === null) return { ok: true, value: [] };
  if (typeof system === 'string') return { ok: true, value: [{ role: 'system', content: system }] };
  const parts = readParts(system.parts ?? [], 'systemInstruction.parts');
  if (!parts.ok) return parts;
  const texts = parts.value.flatMap(({ text }) => (text ? [{ kind: 'text', text } as const] : []));
  const [only, ...more] = texts;
  if (only === undefined) return { ok: true, value: [] };
  return { ok: true, value: [{ role: 'system', content: more.length === 0 ? only.text : texts }] };
}

interface ReadTools {
  readonly declared: readonly ToolDeclaration[];
  /** Tools that Gemini runs itself. */
  readonly own: readonly unknown[];
}

function readTools(tools: readonly unknown[]): ReadRequest<ReadTools> {
  if (tools.length > MAXIMUM_TOOLS) return refuse('tools', `has more than ${MAXIMUM_TOOLS} elements`);
  const own: unknown[] = [];
  const declared: ToolDeclaration[] = [];
  for (const [position, tool] of tools.entries()) {
    const place = `tools.${position}`;
    const wire = readWire(WireTool, tool, place);
    if (!wire.ok) return wire;
    const { functionDeclarations, ...rest } = wire.value;
    if (Object.keys(rest).length > 0) own.push(rest);
    const functions = readEach(
      functionDeclarations ?? [],
      `${place}.functionDeclarations`,
      MAXIMUM_TOOLS,
      readFunction,
    );
    if (!functions.ok) return functions;
    declared.push(...functions.value);
  }
  return { ok: true, value: { declared, own } };
}

function readFunction(value: unknown, place: string): ReadRequest<ToolDeclaration> {
  const wire = readWire(WireFunction, value, place);
  if (!wire.ok) return wire;
  const { name, description, parameters, parametersJsonSchema } = wire.value;
  const schema = parametersJsonSchema ?? (parameters ? fromOpenApi(parameters) : undefined);
  return {
    ok: true,
    value: {
      name,
      ...(typeof description === 'string' && { description }),
      ...(schema && { parameters: schema }),
    },
  };
}

/** The older fields hold a dialect of OpenAPI, whose types are in capitals. */
function fromOpenApi(schema: JsonSchema): JsonSchema {
  return lowerTypes(schema) as JsonSchema;
}

function lowerTypes(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(lowerTypes);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([keyword, value]) => [
      keyword,
      keyword === 'type' && typeof value === 'string' ? value.toLowerCase() : lowerTypes(value),
    ]),
  );
}

/** Only some of the tools allowed means that the others are not there. */
function chosenTools(
  tools: readonly ToolDeclaration[],
  config: WireRequest['toolConfig'],
): Pick<ChatRequest, 'tools' | 'toolChoice'> {
  const { mode, allowedFunctionNames } = config?.functionCallingConfig ?? {};
  const allowed = allowedFunctionNames ?? [];
  const [only, ...more] = allowed;
  if (mode === 'ANY' && only !== undefined && more.length === 0) {
    return { tools, toolChoice: { kind: 'tool', name: only } };
  }
  const left = allowed.length === 0 ? tools : tools.filter(({ name }) => allowed.includes(name));
  if (mode === 'VALIDATED') return { tools: left.map((tool) => Object.assign({}, tool, { isStrict: true })) };
  const kind = CHOICES.get(mode ?? '');
  return kind === undefined ? { tools: left } : { tools: left, toolChoice: { kind } };
}

const CHOICES = new Map<string, Exclude<ToolChoice['kind'], 'tool'>>([
  ['AUTO', 'auto'],
  ['ANY', 'required'],
  ['NONE', 'none'],
]);

type Generation = WireRequest['generationConfig'];

function readOutput(
  config: Generation,
): Pick<ChatRequest, 'format' | 'maximumOutputTokens' | 'reasoningEffort' | 'choiceCount'> {
  const format = readFormat(config);
  const effort = readEffort(config?.thinkingConfig);
  return {
    ...(config?.maxOutputTokens && { maximumOutputTokens: config.maxOutputTokens }),
    ...(config?.candidateCount && { choiceCount: config.candidateCount }),
    ...(effort && { reasoningEffort: effort }),
    ...(format && { format }),
  };
}

function readFormat(config: Generation): AnswerFormat | undefined {
  const schema =
    config?.responseJsonSchema ?? (config?.responseSchema ? fromOpenApi(config.responseSchema) : undefined);
  if (schema) return { kind: 'jsonSchema', name: FORMAT_NAME, schema };
  return config?.responseMimeType === 'application/json' ? { kind: 'jsonObject' } : undefined;
}

type Thinking = NonNullable<Generation>['thinkingConfig'];

function readEffort(thinking: Thinking): string | undefined {
  if (thinking?.thinkingBudget === 0) return 'none';
  return thinking?.thinkingLevel?.toLowerCase();
}

const SAMPLING = [
  'temperature',
  'topP',
  'topK',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'stopSequences',
] as const;

function readSampling(config: Generation): Sampling {
  return Object.fromEntries(
    SAMPLING.flatMap((field) => {
      const value = config?.[field];
      return value === null || value === undefined ? [] : [[field, value]];
    }),
  );
}

/** Fields for which there is no neutral word. */
function readExtensions(wire: WireRequest, tools: readonly unknown[]): Pick<ChatRequest, 'extensions'> {
  const { generationConfig: config } = wire;
  const generation = {
    ...unknownFields(config ?? {}, GENERATION_FIELDS),
    ...(hasOwnThinking(config?.thinkingConfig) && { thinkingConfig: config?.thinkingConfig }),
    ...(hasOwnMimeType(config) && { responseMimeType: config?.responseMimeType }),
  };
  const fields = {
    ...unknownFields(wire, REQUEST_FIELDS),
    ...(Object.keys(generation).length > 0 && { generationConfig: generation }),
    ...(tools.length > 0 && { tools }),
  };
  return Object.keys(fields).length === 0 ? {} : { extensions: { dialect: 'gemini', fields } };
}

/** A budget of tokens, or thoughts to be written out. */
function hasOwnThinking(thinking: Thinking): boolean {
  if (!thinking) return false;
  const { thinkingLevel: _level, thinkingBudget, ...rest } = thinking;
  return (typeof thinkingBudget === 'number' && thinkingBudget !== 0) || Object.keys(rest).length > 0;
}

function hasOwnMimeType(config: Generation): boolean {
  const type = config?.responseMimeType;
  return Boolean(type) && type !== 'application/json' && type !== 'text/plain';
}

function unknownFields(wire: object, known: ReadonlySet<string>): object {
  return Object.fromEntries(
    Object.entries(wire).filter(
      ([field, value]) => !known.has(field) && value !== null && value !== undefined,
    ),
  );
}
