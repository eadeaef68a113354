import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '#domain/chat/chat-request.ts';
import { NO_RESULT, groupToolResults } from './tool-results.ts';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const calls = (...ids: string[]): ChatMessage => ({
  role: 'assistant',
  content: null,
  toolCalls: ids.map((id) => ({ id, name: 'now', argumentsText: '{}' })),
});
const result = (toolCallId: string, content: string): ChatMessage => ({ role: 'tool', toolCallId, content });

function grouped(...messages: ChatMessage[]): readonly ChatMessage[] {
  const answer = groupToolResults(messages);
  if (!answer.ok) throw new Error(answer.problem);
  return answer.value;
}

/** Ids of calls that are not answered at once, and of results that are not the next call's. */
function idsWithoutTheirPlace(messages: readonly ChatMessage[]): readonly string[] {
  const misplaced: string[] = [];
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      if (open.shift() !== message.toolCallId) misplaced.push(message.toolCallId);
      continue;
    }
    misplaced.push(...open);
    open = message.role === 'assistant' ? (message.toolCalls ?? []).map(({ id }) => id) : [];
  }
  return [...misplaced, ...open];
}

describe('tool results', () => {
  it('come directly after their calls and in their order, wherever they stood', () => {
    const tidy = [user('q'), calls('a', 'b'), result('a', '1'), result('b', '2'), user('w')];
    expect(grouped(...tidy)).toEqual(tidy);
    expect(grouped(user('q'), calls('a', 'b'), result('b', '2'), user('w'), result('a', '1'))).toEqual(tidy);
    expect(grouped(user('q'), result('a', '1'), calls('a', 'b'), result('b', '2'), user('w'))).toEqual(tidy);
  });

  it('are made up for a call that has none, for without one no provider takes the history', () => {
    expect(grouped(calls('a', 'b'), result('b', '2'), user('w'))).toEqual([
      calls('a', 'b'),
      result('a', NO_RESULT),
      result('b', '2'),
      user('w'),
    ]);
  });

  it('belong to the latest call of an id that repeats', () => {
    const messages = [calls('a'), result('a', '1'), calls('a'), result('a', '2')];
    expect(grouped(...messages)).toEqual(messages);
  });

  it('find their calls by an id of their own where a turn has one twice, or calls without any', () => {
    expect(grouped(calls('a', 'a'), result('a', '1'), result('a', '2'))).toEqual([
      calls('a', 'call_of_0_1'),
      result('a', '1'),
      result('call_of_0_1', '2'),
    ]);
    expect(grouped(calls('', ''), result('', '1'), result('', '2'))).toEqual([
      calls('call_of_0_0', 'call_of_0_1'),
      result('call_of_0_0', '1'),
      result('call_of_0_1', '2'),
    ]);
  });

  it('of one call become one', () => {
    expect(grouped(calls('a'), result('a', '1'), result('a', '2'))[1]).toEqual({
      role: 'tool',
      toolCallId: 'a',
      content: [
        { kind: 'text', text: '1' },
        { kind: 'text', text: '2' },
      ],
    });
  });

  it('without a call are refused by their place', () => {
    expect(groupToolResults([user('q'), calls('a'), result('x', '1')])).toMatchObject({
      ok: false,
      problem: expect.stringContaining('messages.2 is the result of the tool call "x"'),
    });
  });

  it('are one for each call, right behind it, and none is lost', () => {
    const id = fc.constantFrom('a', 'b', 'c');
    const message = fc.oneof(
      fc.array(id, { minLength: 1, maxLength: 3 }).map((ids) => calls(...ids)),
      fc.tuple(id, fc.nat()).map(([of, text]) => result(of, `text ${text}`)),
      fc.constant(user('w')),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 10 }), (messages) => {
        const answer = groupToolResults(messages);
        if (!answer.ok) return;
        expect(idsWithoutTheirPlace(answer.value)).toEqual([]);
        const written = JSON.stringify(answer.value);
        expect(
          messages.filter((each) => each.role === 'tool' && !written.includes(each.content as string)),
        ).toEqual([]);
      }),
    );
  });
});
