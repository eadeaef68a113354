/**
 * What becomes of the fields of one dialect at a provider of another. A field that changes the meaning of the answer is never
 * dropped in silence: it has a neutral word, or its value asks for nothing, or the provider is not asked.
 */
import type { ChatMessage, ChatRequest, Content } from '#domain/chat/chat-request.ts';
import type { DialectName, Extensions } from '#domain/chat/extensions.ts';
import { ANTHROPIC_FIELDS_WITHOUT_EFFECT } from './anthropic/fields-without-effect.ts';
import type { FieldsWithoutEffect } from './fields-without-effect.ts';
import { GEMINI_FIELDS_WITHOUT_EFFECT } from './gemini/fields-without-effect.ts';
import { OPENAI_FIELDS_WITHOUT_EFFECT } from './openai/fields-without-effect.ts';

/** By dialect that a front speaks; the fields of any other one all have an effect. */
const WITHOUT_EFFECT: ReadonlyMap<DialectName, FieldsWithoutEffect> = new Map([
  ['openai', OPENAI_FIELDS_WITHOUT_EFFECT],
  ['anthropic', ANTHROPIC_FIELDS_WITHOUT_EFFECT],
  ['gemini', GEMINI_FIELDS_WITHOUT_EFFECT],
]);

/** One sentence on the first field or part that only its own dialect has words for; `provider` is what the sentence calls it. */
export function problemOfExtensions(
  request: ChatRequest,
  dialect: DialectName,
  provider: string,
): string | undefined {
  const field = foreignField(request.extensions, dialect);
  if (field !== undefined) {
    return `${provider} cannot do the field ${field} of this request: leave it out or use another model.`;
  }
  for (const [position, tool] of request.tools.entries()) {
    const own = foreignField(tool.extensions, dialect);
    if (own !== undefined) {
      return `${provider} cannot do the field ${own} of tools.${position}: leave it out or use another model.`;
    }
  }
  for (const [position, message] of request.messages.entries()) {
    const part = foreignPart(message, dialect);
    if (part !== undefined) {
      return `messages.${position}.content.${part.position} is of type ${JSON.stringify(part.type)}, which ${provider} does not know: send text and images only.`;
    }
  }
  return undefined;
}

function foreignField(extensions: Extensions | undefined, dialect: DialectName): string | undefined {
  return extensions?.dialect === dialect ? undefined : fieldWithEffect(extensions);
}

/** The first field whose value asks for something, by its name on the wire. */
export function fieldWithEffect(extensions: Extensions | undefined): string | undefined {
  if (extensions === undefined) return undefined;
  const harmless = WITHOUT_EFFECT.get(extensions.dialect);
  return Object.entries(extensions.fields).find(
    ([field, value]) => value !== null && value !== undefined && harmless?.get(field)?.(value) !== true,
  )?.[0];
}

function foreignPart(
  { content }: ChatMessage,
  dialect: DialectName,
): { readonly position: number; readonly type: string } | undefined {
  for (const [position, part] of partsOf(content).entries()) {
    if (part.kind === 'foreign' && part.extensions.dialect !== dialect) {
      return { position, type: part.type.slice(0, 40) };
    }
  }
  return undefined;
}

function partsOf(content: Content | null): Exclude<Content, string> {
  return typeof content === 'string' || content === null ? [] : content;
}
