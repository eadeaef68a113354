/**
 * From the front format to Gemini's generateContent and batchEmbedContents (https://ai.google.dev/api). The key
 * travels in a header: as a query parameter it would stand in every log on the way.
 */
import type { Parsed, ProviderRequest, ProviderTarget } from './dialect.ts';
import { toGeminiConversation } from './gemini-contents.ts';
import { refuse } from './malformed-answer.ts';
import type { ChatRequest, ChatTool, EmbeddingsRequest } from './openai-chat.ts';
import { problemOfFields } from './request-fields.ts';

/** As Google's own OpenAI layer translates them: levels since Gemini 3, budgets of tokens before. */
const THINKING = new Map<string, { readonly level?: string; readonly budgetTokens: number }>(
  Object.entries({
    none: { budgetTokens: 0 },
    minimal: { level: 'MINIMAL', budgetTokens: 1024 },
    low: { level: 'LOW', budgetTokens: 1024 },
    medium: { level: 'MEDIUM', budgetTokens: 8192 },
    high: { level: 'HIGH', budgetTokens: 24_576 },
  }),
);

export function geminiChatRequest(request: ChatRequest, target: ProviderTarget): Parsed<ProviderRequest> {
  const mapped = ['seed', 'presence_penalty', 'frequency_penalty'];
  const problem = problemOfFields(request, 'Gemini', mapped) ?? problemOfTools(request);
  if (problem !== undefined) return refuse(problem);
  const conversation = toGeminiConversation(request.messages, target.model);
  if (!conversation.ok) return conversation;
  const thinking = thinkingConfig(request, target.model);
  if (!thinking.ok) return thinking;
  const generationConfig = { ...generationConfigOf(request), ...thinking.value };
  const { system, contents } = conversation.value;
  const body = {
    contents,
    ...(system.length > 0 && { systemInstruction: { parts: system } }),
    ...toolFields(request),
    ...(Object.keys(generationConfig).length > 0 && { generationConfig }),
  };
  const method = request.stream === true ? 'streamGenerateContent?alt=sse' : 'generateContent';
  return { ok: true, value: post(target, method, body) };
}

export function geminiEmbeddingsRequest(
  request: EmbeddingsRequest,
  target: ProviderTarget,
): Parsed<ProviderRequest> {
  const texts = typeof request.input === 'string' ? [request.input] : request.input;
  const model = modelPath(target.model);
  const dimensions = given('outputDimensionality', request.dimensions);
  const requests = texts.map((text) => Object.assign({ model, content: { parts: [{ text }] } }, dimensions));
  return { ok: true, value: post(target, 'batchEmbedContents', { requests }) };
}

export function geminiProbeRequest(target: ProviderTarget): ProviderRequest {
  return { method: 'GET', url: `${target.endpoint}/models?pageSize=1`, headers: headers(target) };
}

function post(target: ProviderTarget, method: string, body: object): ProviderRequest {
  return {
    method: 'POST',
    url: `${target.endpoint}/${modelPath(target.model)}:${method}`,
    headers: { 'content-type': 'application/json', ...headers(target) },
    body: JSON.stringify(body),
  };
}

function headers(target: ProviderTarget): Record<string, string> {
  return target.apiKey === undefined ? {} : { 'x-goog-api-key': target.apiKey };
}

/** A name with a folder of its own, such as `tunedModels/mine`, stays as it is. */
function modelPath(model: string): string {
  const path = model.includes('/') ? model : `models/${model}`;
  return path.split('/').map(encodeURIComponent).join('/');
}

function given(field: string, value: unknown): object {
  return value === undefined || value === null ? {} : { [field]: value };
}

function generationConfigOf(request: ChatRequest): object {
  const format = request.response_format;
  return {
    ...given('temperature', request.temperature),
    ...given('topP', request.top_p),
    ...given('maxOutputTokens', request.max_completion_tokens ?? request.max_tokens),
    ...given('stopSequences', typeof request.stop === 'string' ? [request.stop] : request.stop),
    ...given('seed', request.seed),
    ...given('presencePenalty', request['presence_penalty']),
    ...given('frequencyPenalty', request['frequency_penalty']),
    ...((format?.type === 'json_object' || format?.type === 'json_schema') && {
      responseMimeType: 'application/json',
    }),
    // The older responseSchema is a dialect of OpenAPI; this one takes JSON Schema as it is written.
    ...(format?.type === 'json_schema' && { responseJsonSchema: format.json_schema.schema }),
  };
}

function thinkingConfig(request: ChatRequest, model: string): Parsed<object> {
  const effort = request['reasoning_effort'];
  if (effort === undefined || effort === null) return { ok: true, value: {} };
  const thinking = typeof effort === 'string' ? THINKING.get(effort) : undefined;
  if (thinking === undefined)
    return refuse('Gemini knows the reasoning_effort none, minimal, low, medium, high only.');
  if (/(^|\/)gemini-2\.5/.test(model)) {
    return { ok: true, value: { thinkingConfig: { thinkingBudget: thinking.budgetTokens } } };
  }
  return thinking.level === undefined
    ? refuse('This Gemini cannot go without thinking: the least reasoning_effort is minimal.')
    : { ok: true, value: { thinkingConfig: { thinkingLevel: thinking.level } } };
}

function problemOfTools(request: ChatRequest): string | undefined {
  return request.parallel_tool_calls === false && (request.tools?.length ?? 0) > 0
    ? 'Gemini cannot be kept from calling several tools at once: leave parallel_tool_calls out.'
    : undefined;
}

function toolFields(request: ChatRequest): object {
  const { tools, tool_choice: choice } = request;
  if (tools === undefined || tools.length === 0) return {};
  const functionCallingConfig = callingConfig(choice, tools);
  return {
    tools: [{ functionDeclarations: tools.map(toDeclaration) }],
    ...(functionCallingConfig && { toolConfig: { functionCallingConfig } }),
  };
}

function toDeclaration({ function: declared }: ChatTool): object {
  return {
    name: declared.name,
    ...given('description', declared.description),
    // As with answers, the field for JSON Schema; functions without parameters have none.
    ...given('parametersJsonSchema', declared.parameters),
  };
}

function callingConfig(choice: ChatRequest['tool_choice'], tools: readonly ChatTool[]): object | undefined {
  if (typeof choice === 'object') return { mode: 'ANY', allowedFunctionNames: [choice.function.name] };
  if (choice === 'required') return { mode: 'ANY' };
  if (choice === 'none') return { mode: 'NONE' };
  // VALIDATED is AUTO with arguments held to the schema, which is what `strict` asks for.
  if (tools.some(({ function: declared }) => declared.strict === true)) return { mode: 'VALIDATED' };
  return choice === 'auto' ? { mode: 'AUTO' } : undefined;
}
