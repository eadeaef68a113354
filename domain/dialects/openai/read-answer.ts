/** A whole answer of OpenAI, or of a server that nearly speaks its format. What it means counts, not where it stands. */
import { z } from 'zod';
import type { AnswerChoice, ChatAnswer } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { MOST_CHOICES, TOO_MANY_TOOL_CALLS } from '../answer-limits.ts';
import type { Read } from '../dialect.ts';
import { malformed, parseAnswer } from '../malformed-answer.ts';
import { failure, parseJson } from '../read-failure.ts';
import { contentOf } from './answer-content.ts';
import { AnsweredToolCalls } from './answered-tool-calls.ts';
import { extensionsOf } from './extensions.ts';
import { breakdownOf, finishReasonOf, settledFinishReason } from './finish-reason.ts';
import { failureInside } from './read-failure.ts';
import { servedByOf } from './served-by.ts';
import { toolCallNamingOf } from './tool-call-naming.ts';
import { usageIn } from './usage.ts';
import { countOf } from '../count.ts';
import { type WireObject, given, isObject, textOf, unknownFieldsOf } from './wire-values.ts';
import { splitWrittenThought } from './written-thought.ts';

/** Only what an answer cannot be understood without. */
const Answer = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({
          content: z
            .union([z.string(), z.array(z.unknown()), z.looseObject({})], { error: 'neither text nor parts' })
            .nullish(),
        }),
      }),
    )
    .min(1)
    .max(MOST_CHOICES),
});

const KNOWN_OF_ANSWER = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'x_groq']);
const KNOWN_OF_CHOICE = new Set(['index', 'message', 'delta', 'finish_reason', 'usage', 'error']);
const KNOWN_OF_MESSAGE = new Set([
  'role',
  'content',
  'refusal',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'reasoning_signature',
  'thinking',
  'tool_calls',
  'function_call',
]);

export function readOpenAiAnswer(body: string, request: ChatRequest): Read<ChatAnswer> {
  const json = parseJson(body);
  const usage = isObject(json) ? usageIn(json) : undefined;
  const told = failureInside(json);
  if (told !== undefined) return { ok: false, failure: told, ...(usage && { usage }) };
  const answer = parseAnswer(Answer, json);
  if (!answer.ok) return { ...answer, ...(usage && { usage }) };
  const choices: AnswerChoice[] = [];
  for (const [position, choice] of answer.value.choices.entries()) {
    const read = readChoice(choice, position, request);
    if (!read.ok) return { ...read, ...(usage && { usage }) };
    choices.push(read.value);
  }
  return {
    ok: true,
    value: {
      ...identityOf(answer.value),
      choices,
      ...(usage && { usage }),
      ...extensionsOf(unknownFieldsOf(answer.value, KNOWN_OF_ANSWER)),
    },
  };
}

/** What an answer or a chunk says of itself. Servers also write fractions of seconds. */
export function identityOf(
  answer: WireObject,
): Pick<ChatAnswer, 'id' | 'createdSeconds' | 'servedModel' | 'fingerprint'> {
  const created = answer['created'];
  const seconds = typeof created === 'number' && created > 0 ? Math.floor(created) : countOf(created);
  return { ...given({ id: textOf(answer['id']), createdSeconds: seconds }), ...servedByOf(answer) };
}

type WireChoice = z.infer<typeof Answer>['choices'][number];

function readChoice(choice: WireChoice, position: number, request: ChatRequest): Read<AnswerChoice> {
  const breakdown = breakdownOf(choice['finish_reason']);
  if (breakdown !== undefined) {
    const message = `The provider gave up its answer with the finish reason ${textOf(choice['finish_reason'])}.`;
    return { ok: false, failure: failure(breakdown, message) };
  }
  const index = countOf(choice['index']) ?? position;
  const calls = new AnsweredToolCalls(index, toolCallNamingOf(request, index));
  calls.push(choice.message);
  if (calls.hasTooMany) return malformed(TOO_MANY_TOOL_CALLS);
  if (calls.hasNameless) return malformed('A tool call in the answer of the provider has no name.');
  const content = contentOf(choice.message);
  const written = splitWrittenThought(content.text, request.format !== undefined);
  const reasoning = content.reasoning + written.reasoning;
  return {
    ok: true,
    value: {
      index,
      text: written.text === '' && choice.message.content !== '' ? null : written.text,
      ...(reasoning !== '' && { reasoning }),
      ...given({ reasoningSignature: textOf(choice.message['reasoning_signature']) }),
      ...(content.refusal !== '' && { refusal: content.refusal }),
      toolCalls: calls.whole(),
      finishReason: settledFinishReason(finishReasonOf(choice['finish_reason']), calls.count),
      ...extensionsOf(choiceExtensions(choice)),
    },
  };
}

function choiceExtensions(choice: WireChoice): WireObject | undefined {
  const message = unknownFieldsOf(choice.message, KNOWN_OF_MESSAGE);
  const fields = unknownFieldsOf(choice, KNOWN_OF_CHOICE);
  return message === undefined ? fields : { ...fields, message };
}
