/** The arguments of a tool call as the object that Anthropic and Gemini want; no arguments at all are the empty object. */
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { ToolCall } from '#domain/chat/chat-request.ts';
import type { Written } from './dialect.ts';

/** `where` is the call's place for the sentence, for example `messages.3.toolCalls.0`. */
export function argumentsOf(call: ToolCall, where: string): Written<Readonly<Record<string, unknown>>> {
  const text = call.argumentsText.trim();
  if (text === '') return { ok: true, value: {} };
  const parsed = parseBoundedJson(text);
  if (!parsed.ok && parsed.problem !== 'notJson') {
    return { ok: false, problem: `${where}.arguments ${parsed.message}: send a smaller history.` };
  }
  if (
    parsed.ok &&
    typeof parsed.value === 'object' &&
    parsed.value !== null &&
    !Array.isArray(parsed.value)
  ) {
    return { ok: true, value: parsed.value as Readonly<Record<string, unknown>> };
  }
  return {
    ok: false,
    problem: `${where}.arguments is not a JSON object, which this provider needs: mend or drop the call.`,
  };
}
