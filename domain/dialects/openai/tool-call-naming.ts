/** How the names and ids of tool calls look to OpenAI, and to the caller. */
import { createHash } from 'node:crypto';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { type ToolNameRule, type ToolNames, toolNamesOf } from '../tool-names.ts';
import type { ToolCallNaming } from './answered-tool-calls.ts';

const RULE: ToolNameRule = {
  pattern: /^[a-zA-Z0-9_-]{1,64}$/,
  forbidden: /[^a-zA-Z0-9_-]/g,
  maximumCharacters: 64,
};
const LONGEST_ID_CHARACTERS = 40;

export function openAiToolNames(request: ChatRequest): ToolNames {
  return toolNamesOf(request, RULE);
}

/**
 * A call without an id of its own gets one that no earlier turn of the conversation has: each turn is longer than the last.
 */
export function toolCallNamingOf(request: ChatRequest, choice: number): ToolCallNaming {
  let names: ToolNames | undefined;
  return {
    nameOf: (name) => (names ??= openAiToolNames(request)).fromProvider(name),
    ownId: (place) => `call_${request.messages.length}_${choice}_${place}`,
  };
}

/** OpenAI takes ids of at most 40 characters; a history may hold longer ones of another provider. */
export function shortToolCallId(id: string): string {
  return id.length <= LONGEST_ID_CHARACTERS
    ? id
    : `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}
