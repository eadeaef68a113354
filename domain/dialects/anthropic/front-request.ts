/** What a caller of the Messages API says (https://platform.claude.com/docs/en/api/messages), in neutral words. */
import type {
  ChatRequest,
  InstructionMessage,
  Sampling,
  ToolChoice,
  ToolDeclaration,
} from '#domain/chat/chat-request.ts';
import type { ReadRequest } from '../dialect.ts';
import { readEach, readWire, refuse } from '../read-wire.ts';
import { readContent, readMessage } from './front-messages.ts';
import { MAXIMUM_MESSAGES, MAXIMUM_TOOLS, WireRequest, WireTool } from './wire-messages.ts';

/** The wire has no name for the format of an answer. */
export const FORMAT_NAME = 'answer';

export function readAnthropicChatRequest(body: unknown): ReadRequest<ChatRequest> {
  const wire = readWire(WireRequest, body, '');
  if (!wire.ok) return wire;
  const system = readSystem(wire.value.system);
  if (!system.ok) return system;
  const messages = readEach(wire.value.messages, 'messages', MAXIMUM_MESSAGES, readMessage);
  if (!messages.ok) return messages;
  const tools = readEach(wire.value.tools ?? [], 'tools', MAXIMUM_TOOLS, readTool);
  if (!tools.ok) return tools;
  const choice = readToolChoice(wire.value.tool_choice);
  if (!choice.ok) return choice;
  return {
    ok: true,
    value: {
      model: wire.value.model,
      messages: [...system.value, ...messages.value.flat()],
      tools: tools.value,
      ...choice.value,
      ...readOutput(wire.value),
      sampling: readSampling(wire.value),
      ...(wire.value.stream === true && { stream: { includesUsage: true } }),
      ...(wire.value.metadata?.user_id && { endUser: wire.value.metadata.user_id }),
      ...readExtensions(wire.value),
    },
  };
}

function readSystem(system: WireRequest['system']): ReadRequest<readonly InstructionMessage[]> {
  if (system === undefined || system === null) return { ok: true, value: [] };
  const content = readContent(system, 'system');
  if (!content.ok) return content;
  return { ok: true, value: content.value.length === 0 ? [] : [{ role: 'system', content: content.value }] };
}

function readTool(value: unknown, place: string): ReadRequest<ToolDeclaration> {
  const wire = readWire(WireTool, value, place);
  if (!wire.ok) return wire;
  const { name, description, input_schema: parameters, strict, ...rest } = wire.value;
  const own = Object.entries(rest).filter(
    ([field, said]) => said !== null && said !== undefined && !(field === 'type' && said === 'custom'),
  );
  return {
    ok: true,
    value: {
      name,
      ...(typeof description === 'string' && { description }),
      ...(parameters && { parameters }),
      ...(strict === true && { isStrict: true }),
      ...(own.length > 0 && { extensions: { dialect: 'anthropic', fields: Object.fromEntries(own) } }),
    },
  };
}

type Choice = Pick<ChatRequest, 'toolChoice' | 'allowsParallelToolCalls'>;

function readToolChoice(wire: WireRequest['tool_choice']): ReadRequest<Choice> {
  if (wire === undefined || wire === null) return { ok: true, value: {} };
  if (wire.type === 'tool' && !wire.name) return refuse('tool_choice.name', 'is missing: it must be a text');
  const toolChoice: ToolChoice =
    wire.type === 'tool'
      ? { kind: 'tool', name: wire.name ?? '' }
      : { kind: wire.type === 'any' ? 'required' : wire.type };
  return {
    ok: true,
    value: {
      toolChoice,
      ...(wire.disable_parallel_tool_use === true && { allowsParallelToolCalls: false }),
    },
  };
}

function readOutput({
  max_tokens: maximum,
  output_config: config,
  thinking,
}: WireRequest): Pick<ChatRequest, 'format' | 'maximumOutputTokens' | 'reasoningEffort'> {
  const effort = WITHOUT_THINKING.has(thinking?.type) ? 'none' : config?.effort;
  const schema = config?.format?.schema;
  return {
    ...(maximum && { maximumOutputTokens: maximum }),
    ...(effort && { reasoningEffort: effort }),
    ...(schema && { format: { kind: 'jsonSchema', name: FORMAT_NAME, schema } }),
  };
}

const WITHOUT_THINKING: ReadonlySet<string | undefined> = new Set(['disabled', 'between_tools']);

function readSampling({
  temperature,
  top_p: topP,
  top_k: topK,
  stop_sequences: stopSequences,
}: WireRequest): Sampling {
  return {
    ...(typeof temperature === 'number' && { temperature }),
    ...(typeof topP === 'number' && { topP }),
    ...(typeof topK === 'number' && { topK }),
    ...(stopSequences && { stopSequences }),
  };
}

/** Fields for which there is no neutral word. */
function readExtensions(wire: WireRequest): Pick<ChatRequest, 'extensions'> {
  const { thinking, metadata: _metadata, ...rest } = wire;
  const isThinking = thinking && !WITHOUT_THINKING.has(thinking.type);
  const fields = Object.entries(rest).filter(
    ([field, value]) => !KNOWN_FIELDS.has(field) && value !== null && value !== undefined,
  );
  const said = Object.fromEntries([...fields, ...(isThinking ? [['thinking', thinking]] : [])]);
  return Object.keys(said).length === 0 ? {} : { extensions: { dialect: 'anthropic', fields: said } };
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(WireRequest.shape));
