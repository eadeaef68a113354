/** From a neutral request to Gemini's generateContent (https://ai.google.dev/api/generate-content). */
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { ProviderRequest, ProviderTarget, Written } from '../dialect.ts';
import { problemOfExtensions } from '../foreign-extensions.ts';
import { toolNamesOf } from '../tool-names.ts';
import { problemOfPrice } from './billed-apart.ts';
import { abilitiesOf } from './gemini-models.ts';
import { postToModel } from './wire-request.ts';
import { writeContents } from './write-contents.ts';
import { writeGenerationConfig } from './write-generation-config.ts';
import { GEMINI_TOOL_NAMES, writeTools } from './write-tools.ts';

export function writeGeminiChatRequest(
  request: ChatRequest,
  target: ProviderTarget,
): Written<ProviderRequest> {
  const problem =
    problemOfExtensions(request, 'gemini', 'Gemini') ?? problemOfChoices(request) ?? problemOfPrice(request);
  if (problem !== undefined) return { ok: false, problem };
  const abilities = abilitiesOf(target.model);
  const names = toolNamesOf(request, GEMINI_TOOL_NAMES);
  const conversation = writeContents(request.messages, names, abilities.needsSignatures);
  if (!conversation.ok) return conversation;
  const tools = writeTools(request, names);
  if (!tools.ok) return tools;
  const generation = writeGenerationConfig(request, target.model, abilities);
  if (!generation.ok) return generation;
  const { config, words } = generation.value;
  const { system, contents } = conversation.value;
  const instruction = words === undefined ? system : [...system, { text: words }];
  const body = {
    ...(request.extensions?.dialect === 'gemini' && request.extensions.fields),
    contents,
    ...(instruction.length > 0 && { systemInstruction: { parts: instruction } }),
    ...withOwnTools(tools.value, request),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
  };
  const method = request.stream === undefined ? 'generateContent' : 'streamGenerateContent?alt=sse';
  return { ok: true, value: postToModel(target, method, body) };
}

/** Tools that Gemini runs itself stand beside the declared ones. */
function withOwnTools(written: { readonly tools?: readonly object[] }, { extensions }: ChatRequest): object {
  const own = extensions?.dialect === 'gemini' ? extensions.fields['tools'] : undefined;
  return Array.isArray(own) ? { ...written, tools: [...own, ...(written.tools ?? [])] } : written;
}

function problemOfChoices({ choiceCount = 1 }: ChatRequest): string | undefined {
  return choiceCount > 1
    ? 'Gemini is asked for one choice only: leave "n" out or use another model.'
    : undefined;
}
