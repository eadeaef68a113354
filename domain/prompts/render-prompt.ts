/** Renders a parsed prompt with a caller's variables into the messages of one chat request. */
import type { Message, Part } from 'dotprompt';
import type { ChatMessage, ContentPart } from '#domain/chat/chat-request.ts';
import { imageSourceOf } from '#domain/chat/image-source.ts';
import type { ParsedPrompt } from './parse-prompt.ts';
import {
  RENDERED_MAXIMUM_CHARACTERS,
  type RenderingState,
  UnrenderableVariableError,
  chooseGuard,
  removeGuards,
} from './template-helpers.ts';

export type RenderResult =
  | { readonly ok: true; readonly messages: readonly ChatMessage[] }
  | {
      readonly ok: false;
      /** One sentence that lists all problems of the variables. */
      readonly message: string;
    };

/** Where the conversation goes when the template does not say. */
export type ConversationPlace = 'end' | 'beforeLastUserMessage';

/**
 * The conversation stands where the template says {{history}}, else at `place`. Text of variables
 * is only ever text: it opens no role and no media, whatever it contains.
 */
export async function renderPrompt(
  prompt: ParsedPrompt,
  variables: Readonly<Record<string, unknown>>,
  conversation: readonly ChatMessage[] = [],
  place: ConversationPlace = 'end',
): Promise<RenderResult> {
  const input = { ...prompt.defaults, ...variables };
  // Bounds the depth and the number of the values, too, for all that reads them below.
  const problems = prompt.findVariableProblems(input);
  if (problems.length > 0) {
    return { ok: false, message: `the variables do not fit the prompt: ${problems.join('; ')}` };
  }
  const guard = chooseGuard([input, prompt.template]);
  if (guard === undefined) {
    return { ok: false, message: 'the variables use every character of the private use area' };
  }
  const state: RenderingState = { guard, remainingCharacters: RENDERED_MAXIMUM_CHARACTERS };
  try {
    const rendered = await prompt.compiled({
      input,
      context: { capataz: state },
      // One stand-in: dotprompt's messages cannot carry tool calls, so the real ones are put in its place below.
      messages: prompt.hasHistory ? [HISTORY_PLACE] : [],
    });
    const own = rendered.messages.flatMap((message) =>
      message.metadata?.['purpose'] === 'history' ? conversation : toChatMessage(message, guard),
    );
    if (prompt.hasHistory) return { ok: true, messages: own };
    const isBeforeLast = place === 'beforeLastUserMessage' && own.at(-1)?.role === 'user';
    return { ok: true, messages: own.toSpliced(isBeforeLast ? -1 : own.length, 0, ...conversation) };
  } catch (error) {
    if (error instanceof UnrenderableVariableError) return { ok: false, message: error.message };
    throw error;
  }
}

const HISTORY_PLACE: Message = { role: 'user', content: [{ text: 'history' }] };

/** A template speaks in these; it cannot make tool calls, so it has no results of them. */
const CHAT_ROLES = { system: 'system', user: 'user', model: 'assistant', tool: 'user' } as const;

/** Blank lines around a message come from the template's layout; guards keep those of a variable. */
function toChatMessage(message: Message, guard: string): readonly ChatMessage[] {
  const parts = message.content
    .map((part) => toContentPart(part, guard))
    .filter((part) => part !== undefined);
  if (parts.length === 0) return [];
  const role = CHAT_ROLES[message.role];
  const isText = parts.every(({ kind }) => kind === 'text');
  return isText
    ? [{ role, content: parts.map((part) => (part.kind === 'text' ? part.text : '')).join('') }]
    : [{ role, content: parts }];
}

function toContentPart(part: Part, guard: string): ContentPart | undefined {
  if (part.media !== undefined) {
    const { url } = part.media;
    // What is no image's address is told by the router, which names its place.
    return { kind: 'image', image: imageSourceOf(url) ?? { kind: 'url', url } };
  }
  return part.text === undefined ? undefined : { kind: 'text', text: removeGuards(part.text.trim(), guard) };
}
