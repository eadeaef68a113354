/** A caller's chat request in neutral words. */
import type {
  AnswerFormat,
  ChatRequest,
  Sampling,
  StreamWish,
  ToolChoice,
  ToolDeclaration,
} from '#domain/chat/chat-request.ts';
import type { ReadRequest } from '../dialect.ts';
import { MOST_STOP_SEQUENCES, MOST_TOOLS } from './limits.ts';
import { readPlainChatRequest } from './plain-request.ts';
import { extensionsOf } from './extensions.ts';
import { readMessages } from './read-messages.ts';
import { readEach, readWire, refuse } from '../read-wire.ts';
import { WireChatRequest, WireTool, fieldsOf } from './wire-request.ts';
import { type WireObject, given, objectOf, textOf, unknownFieldsOf } from './wire-values.ts';

const KNOWN_OF_REQUEST = fieldsOf(WireChatRequest);
const KNOWN_WITH_REASONING = new Set([...KNOWN_OF_REQUEST, 'reasoning']);
const KNOWN_OF_TOOL = fieldsOf(WireTool);
const KNOWN_OF_FUNCTION = new Set(['name', 'description', 'parameters', 'strict']);

export function readOpenAiChatRequest(body: unknown): ReadRequest<ChatRequest> {
  const plain = readPlainChatRequest(body);
  if (plain !== undefined) return { ok: true, value: plain };
  const wire = readWire(WireChatRequest, body, '');
  if (!wire.ok) return wire;
  const request = wire.value;
  for (const retired of ['functions', 'function_call']) {
    if (request[retired] !== undefined) {
      return refuse(retired, 'is the retired form of tools: send tools and tool_choice');
    }
  }
  const messages = readMessages(request.messages);
  if (!messages.ok) return messages;
  const tools = readEach(request.tools ?? [], 'tools', MOST_TOOLS, readTool);
  if (!tools.ok) return tools;
  const stops = readStops(request.stop);
  if (!stops.ok) return stops;
  return {
    ok: true,
    value: {
      model: request.model,
      messages: messages.value,
      ...chosenTools(request, tools.value),
      sampling: { ...samplingOf(request), ...stops.value },
      ...given({
        allowsParallelToolCalls: request.parallel_tool_calls,
        format: formatOf(request),
        maximumOutputTokens: request.max_completion_tokens ?? request.max_tokens,
        reasoningEffort: request.reasoning_effort ?? effortOf(request),
        choiceCount: request.n,
        stream: streamWishOf(request),
        endUser: request.user === '' ? undefined : request.user,
      }),
      ...extensionsOf(extensionFields(request)),
    },
  };
}

function samplingOf(request: WireChatRequest): Sampling {
  return given({
    temperature: request.temperature,
    topP: request.top_p,
    topK: request.top_k,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    seed: request.seed,
  });
}

function streamWishOf({ stream, stream_options: options }: WireChatRequest): StreamWish | undefined {
  return stream === true ? { includesUsage: options?.include_usage === true } : undefined;
}

function readStops(stop: WireChatRequest['stop']): ReadRequest<Pick<Sampling, 'stopSequences'>> {
  if (stop === undefined) return { ok: true, value: {} };
  const list = typeof stop === 'string' ? [stop] : stop;
  const stops = readEach(list, 'stop', MOST_STOP_SEQUENCES, (value, place) =>
    typeof value === 'string' ? { ok: true, value } : refuse(place, 'must be a text'),
  );
  if (!stops.ok) return stops;
  return { ok: true, value: stops.value.length === 0 ? {} : { stopSequences: stops.value } };
}

function readTool(value: unknown, place: string): ReadRequest<ToolDeclaration> {
  const wire = readWire(WireTool, value, place);
  if (!wire.ok) return wire;
  const { name, description, parameters, strict } = wire.value.function;
  const own = unknownFieldsOf(wire.value, KNOWN_OF_TOOL);
  const ownFunction = unknownFieldsOf(wire.value.function, KNOWN_OF_FUNCTION);
  return {
    ok: true,
    value: {
      name,
      ...given({ description, parameters, isStrict: strict }),
      ...extensionsOf(ownFunction === undefined ? own : { ...own, function: ownFunction }),
    },
  };
}

/** Only some of the tools allowed means that the others are not there. */
function chosenTools(
  { tool_choice: choice }: WireChatRequest,
  tools: readonly ToolDeclaration[],
): Pick<ChatRequest, 'tools' | 'toolChoice'> {
  if (choice === undefined) return { tools };
  if (typeof choice === 'string') return { tools, toolChoice: kindOf(choice) };
  if ('allowed_tools' in choice) {
    const { mode, tools: allowed } = choice.allowed_tools as {
      readonly mode?: ChoiceWord;
      readonly tools: readonly unknown[];
    };
    const names = new Set(
      allowed.map((tool) => objectOf(objectOf(tool)?.['function'])?.['name'] ?? objectOf(tool)?.['name']),
    );
    return {
      tools: tools.filter(({ name }) => names.has(name)),
      ...given({ toolChoice: mode && kindOf(mode) }),
    };
  }
  const named = objectOf(choice['function'])?.['name'] ?? choice['name'];
  return typeof named === 'string'
    ? { tools, toolChoice: { kind: 'tool', name: named } }
    : { tools, toolChoice: kindOf(choice.type as ChoiceWord) };
}

type ChoiceWord = 'none' | 'auto' | 'required' | 'any';

function kindOf(word: ChoiceWord): ToolChoice {
  return { kind: word === 'any' ? 'required' : word };
}

/** OpenRouter's form of the field, where it says nothing else. */
function effortOf({ reasoning }: WireChatRequest): string | undefined {
  const said = Object.entries(objectOf(reasoning) ?? {}).filter(([, value]) => value !== null);
  const [[field, effort] = [], ...more] = said;
  return field === 'effort' && more.length === 0 ? textOf(effort) : undefined;
}

function formatOf({ response_format: wanted }: WireChatRequest): AnswerFormat | undefined {
  if (wanted === undefined || wanted.type === 'text') return undefined;
  if (wanted.type === 'json_object') return { kind: 'jsonObject' };
  const { name, description, schema, strict } = wanted.json_schema;
  return {
    kind: 'jsonSchema',
    name: name ?? 'answer',
    schema,
    ...given({ description, isStrict: strict }),
  };
}

/** Options of a stream other than its usage belong to servers of this format. */
function extensionFields(request: WireChatRequest): WireObject | undefined {
  const known = effortOf(request) === undefined ? KNOWN_OF_REQUEST : KNOWN_WITH_REASONING;
  const unknown = unknownFieldsOf(request, known);
  const { include_usage: _usage, ...options } = request.stream === true ? (request.stream_options ?? {}) : {};
  return Object.keys(options).length === 0 ? unknown : { ...unknown, stream_options: options };
}
