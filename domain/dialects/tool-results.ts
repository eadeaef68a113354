/**
 * Tool results where every provider wants them: directly after the message that made the calls, one for each call, in the
 * order of the calls. Histories come otherwise: cut at a window, interleaved with words of the user, without the result of
 * a run that broke off, or with ids that repeat from turn to turn.
 */
import type {
  ChatMessage,
  Content,
  ContentPart,
  ToolCall,
  ToolResultMessage,
} from '#domain/chat/chat-request.ts';
import type { Written } from './dialect.ts';

/** What stands for a result that never came: without any, no provider takes the history. */
export const NO_RESULT = 'No result was recorded for this call.';

interface MadeCall {
  readonly call: ToolCall;
  readonly results: ToolResultMessage[];
}

/** The same messages with their tool results in place; not ok when a result answers no call at all. */
export function groupToolResults(messages: readonly ChatMessage[]): Written<readonly ChatMessage[]> {
  if (!messages.some(isAboutTools)) return { ok: true, value: messages };
  const made = messages.map((message): readonly MadeCall[] =>
    message.role === 'assistant' ? (message.toolCalls ?? []).map((call) => ({ call, results: [] })) : [],
  );
  const unanswered = new UnansweredCalls();
  const early: number[] = [];
  for (const [position, message] of messages.entries()) {
    unanswered.add(made[position] ?? []);
    if (message.role === 'tool' && !unanswered.answer(message)) early.push(position);
  }
  const orphan = early.find((position) => !unanswered.answer(messages[position] as ToolResultMessage));
  if (orphan !== undefined) return { ok: false, problem: problemOfOrphan(messages, orphan) };
  const grouped = messages.flatMap((message, position): readonly ChatMessage[] =>
    message.role === 'tool' ? [] : withResults(message, made[position] ?? [], position),
  );
  return { ok: true, value: grouped };
}

function isAboutTools(message: ChatMessage): boolean {
  return message.role === 'tool' || (message.role === 'assistant' && message.toolCalls !== undefined);
}

/** By id, which may come again in a later turn and even twice in one. */
class UnansweredCalls {
  readonly #byId = new Map<string, { readonly turns: MadeCall[][]; last: MadeCall | undefined }>();

  add(turn: readonly MadeCall[]): void {
    for (const [id, calls] of Map.groupBy(turn, ({ call }) => call.id)) {
      const known = this.#byId.get(id) ?? { turns: [], last: undefined };
      this.#byId.set(id, known);
      known.turns.push(calls);
    }
  }

  /** The first unanswered call of the latest turn gets it; else it adds to the last result. False: there is no such call. */
  answer(result: ToolResultMessage): boolean {
    const known = this.#byId.get(result.toolCallId);
    if (known === undefined) return false;
    const turn = known.turns.at(-1);
    known.last = turn?.shift() ?? known.last;
    if (turn?.length === 0) known.turns.pop();
    known.last?.results.push(result);
    return true;
  }
}

/** Each call of a turn under an id of its own: without one, or twice under the same, it is refused. */
function withResults(
  message: ChatMessage,
  made: readonly MadeCall[],
  position: number,
): readonly ChatMessage[] {
  const taken = new Set<string>();
  const calls = made.map(({ call, results }, place) => {
    const isOwn = call.id !== '' && !taken.has(call.id);
    taken.add(call.id);
    return { results, call: isOwn ? call : { ...call, id: `call_of_${position}_${place}` } };
  });
  const results = calls.map(resultOf);
  if (message.role !== 'assistant' || calls.every(({ call }, place) => call === made[place]?.call)) {
    return [message, ...results];
  }
  return [{ ...message, toolCalls: calls.map(({ call }) => call) }, ...results];
}

function resultOf({ call, results }: MadeCall): ToolResultMessage {
  const [first, ...more] = results;
  if (first === undefined) return { role: 'tool', toolCallId: call.id, content: NO_RESULT };
  const own = first.toolCallId === call.id ? first : { ...first, toolCallId: call.id };
  return more.length === 0 ? own : { ...own, content: results.flatMap(({ content }) => partsOf(content)) };
}

function partsOf(content: Content): readonly ContentPart[] {
  return typeof content === 'string' ? [{ kind: 'text', text: content }] : content;
}

function problemOfOrphan(messages: readonly ChatMessage[], position: number): string {
  const { toolCallId } = messages[position] as ToolResultMessage;
  const id = JSON.stringify(toolCallId.slice(0, 60));
  return `messages.${position} is the result of the tool call ${id}, which no message of the assistant makes: send that message too, or leave the result out.`;
}
