/**
 * OpenAI's stream: `data:` lines of chunks, a usage chunk without choices, then the literal `[DONE]`.
 *
 * open -> ended by `[DONE]`, or by a clean close after the finish reason of every choice; missing reasons are made up, since
 *         clients loop without one, or
 * open -> failed by an error in the stream or a chunk that cannot be read. Nothing comes after either.
 *
 * Finish reasons are told at the end only: servers repeat them, write more after them, and say "stop" after tool calls.
 */
import { z } from 'zod';
import type { AnswerPart, FinishReason, ServedBy } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { type TokenUsage, totalInputTokens } from '#domain/chat/token-usage.ts';
import type { ProviderFailure } from '#domain/failures/provider-failure.ts';
import { MOST_CHOICES, TOO_MANY_TOOL_CALLS } from '../answer-limits.ts';
import type { AnswerStreamReader, ProviderEvent } from '../dialect.ts';
import { malformed, parseAnswer } from '../malformed-answer.ts';
import { failure, parseJson } from '../read-failure.ts';
import { contentOf } from './answer-content.ts';
import { AnsweredToolCalls } from './answered-tool-calls.ts';
import { extensionsOf } from './extensions.ts';
import { breakdownOf, finishReasonOf, settledFinishReason } from './finish-reason.ts';
import { failureInside, failureOfErrorEvent } from './read-failure.ts';
import { plainTextOf } from './plain-chunk.ts';
import { identityOf } from './read-answer.ts';
import { toolCallNamingOf } from './tool-call-naming.ts';
import { usageIn } from './usage.ts';
import { countOf } from '../count.ts';
import { type WireObject, given, objectOf, textOf, unknownFieldsOf } from './wire-values.ts';
import { WrittenThought, type ThoughtAndText } from './written-thought.ts';

/** Only what a chunk cannot be understood without. */
const Chunk = z.looseObject({
  choices: z
    .array(z.looseObject({ delta: z.looseObject({}).nullish() }))
    .max(MOST_CHOICES)
    .nullish(),
});
type WireChoice = NonNullable<z.infer<typeof Chunk>['choices']>[number];

const KNOWN_OF_CHOICE = new Set(['index', 'delta', 'message', 'finish_reason', 'usage', 'error', 'text']);

export function createOpenAiStreamReader(request: ChatRequest): AnswerStreamReader {
  return new OpenAiStreamReader(request);
}

interface OpenChoice {
  readonly index: number;
  readonly calls: AnsweredToolCalls;
  readonly thought: WrittenThought;
  finishReason: FinishReason | undefined;
}

class OpenAiStreamReader implements AnswerStreamReader {
  readonly #request: ChatRequest;
  readonly #choices = new Map<number, OpenChoice>();
  #hasBegun = false;
  #served: ServedBy = {};
  #isOver = false;
  #usageTokens = 0;

  constructor(request: ChatRequest) {
    this.#request = request;
  }

  push({ event, data }: ProviderEvent): readonly AnswerPart[] {
    const text = data.trim();
    if (this.#isOver || text === '') return [];
    if (text === '[DONE]') return this.#end();
    const json = parseJson(data);
    if (json === undefined && isKeepAlive(text)) return [];
    const told = event === 'error' ? failureOfErrorEvent(json) : failureInside(json);
    if (told !== undefined) return this.#fail(told);
    const chunk = parseAnswer(Chunk, json);
    if (!chunk.ok) return this.#fail(chunk.failure);
    const parts = [...this.#startOf(chunk.value)];
    for (const choice of chunk.value.choices ?? []) {
      parts.push(...this.#choiceParts(choice));
      if (this.#isOver) return parts;
    }
    return [...parts, ...this.#usageParts(usageIn(chunk.value))];
  }

  readPlainEvent({ event, data }: ProviderEvent): string | undefined {
    if (this.#isOver || event !== undefined || this.#choices.size !== 1) return undefined;
    const isPassing = this.#choices.get(0)?.thought.isPast === true;
    return isPassing ? plainTextOf(data, this.#served) : undefined;
  }

  close(): readonly AnswerPart[] {
    if (this.#isOver) return [];
    const choices = [...this.#choices.values()];
    const finished = choices.filter(({ finishReason }) => finishReason !== undefined).length;
    const isComplete = finished === choices.length && finished >= (this.#request.choiceCount ?? 1);
    return isComplete ? this.#end() : [];
  }

  #startOf(chunk: WireObject): readonly AnswerPart[] {
    const identity = identityOf(chunk);
    const { servedModel = this.#served.servedModel, fingerprint = this.#served.fingerprint } = identity;
    const hasChanged = servedModel !== this.#served.servedModel || fingerprint !== this.#served.fingerprint;
    if (hasChanged) this.#served = given({ servedModel, fingerprint });
    if (this.#hasBegun) return hasChanged ? [{ kind: 'served', ...this.#served }] : [];
    this.#hasBegun = true;
    return [{ kind: 'start', ...identity }];
  }

  #choiceParts(choice: WireChoice): readonly AnswerPart[] {
    const breakdown = breakdownOf(choice['finish_reason']);
    if (breakdown !== undefined) {
      const word = textOf(choice['finish_reason']);
      return this.#fail(
        failure(breakdown, `The provider gave up its answer with the finish reason ${word}.`),
      );
    }
    const index = countOf(choice['index']) ?? 0;
    if (index >= MOST_CHOICES) {
      return this.#fail(
        malformed(`The answer of the provider has more than ${MOST_CHOICES} choices.`).failure,
      );
    }
    const open = this.#open(index);
    // Some servers send their last chunk, or all of them, as whole messages.
    const delta = choice.delta ?? objectOf(choice['message']) ?? {};
    const { text, reasoning, refusal } = contentOf(delta);
    const written = open.thought.push(text);
    const signature = textOf(delta['reasoning_signature']);
    const parts = [
      ...partsOf(open.index, { reasoning: reasoning + written.reasoning, text: written.text }, choice),
      ...(signature === undefined
        ? []
        : [{ kind: 'reasoning', choice: open.index, text: '', signature } as const]),
      ...(refusal === '' ? [] : [{ kind: 'refusal', choice: open.index, text: refusal } as const]),
      ...open.calls.push(delta),
    ];
    if (open.calls.hasTooMany) return this.#fail(malformed(TOO_MANY_TOOL_CALLS).failure);
    open.finishReason = finishReasonOf(choice['finish_reason']) ?? open.finishReason;
    return parts;
  }

  #open(index: number): OpenChoice {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    const opened: OpenChoice = {
      index,
      calls: new AnsweredToolCalls(index, toolCallNamingOf(this.#request, index)),
      thought: new WrittenThought(this.#request.format !== undefined),
      finishReason: undefined,
    };
    this.#choices.set(index, opened);
    return opened;
  }

  /** Usage is cumulative; a server that ends with zeros has not taken anything back. */
  #usageParts(usage: TokenUsage | undefined): readonly AnswerPart[] {
    if (usage === undefined) return [];
    const tokens = totalInputTokens(usage) + usage.outputTokens;
    if (tokens < this.#usageTokens && tokens === 0) return [];
    this.#usageTokens = tokens;
    return [{ kind: 'usage', usage }];
  }

  #end(): readonly AnswerPart[] {
    const choices = [...this.#choices.values()];
    if (choices.length === 0) {
      return this.#fail(malformed('The stream of the provider ended without an answer.').failure);
    }
    if (choices.some(({ calls }) => calls.hasNameless)) {
      return this.#fail(malformed('A tool call in the answer of the provider has no name.').failure);
    }
    this.#isOver = true;
    const parts: AnswerPart[] = [];
    for (const { index, calls, thought, finishReason } of choices) {
      const reason = settledFinishReason(finishReason, calls.count);
      parts.push(...partsOf(index, thought.end()), ...calls.end(), { kind: 'finish', choice: index, reason });
    }
    return [...parts, { kind: 'end' }];
  }

  #fail(told: ProviderFailure): readonly AnswerPart[] {
    this.#isOver = true;
    return [{ kind: 'failure', failure: told }];
  }
}

/** What proxies send to keep a connection open, where it is not a comment as it should be. */
function isKeepAlive(text: string): boolean {
  return text.startsWith(':') || /^\W*(?:ping|keep[-_ ]?alive|heartbeat)\W*$/i.test(text);
}

function partsOf(
  choice: number,
  { reasoning, text }: ThoughtAndText,
  wire: WireObject = {},
): readonly AnswerPart[] {
  return [
    ...(reasoning === '' ? [] : [{ kind: 'reasoning', choice, text: reasoning } as const]),
    ...(text === ''
      ? []
      : [
          {
            kind: 'text',
            choice,
            text,
            ...extensionsOf(unknownFieldsOf(wire, KNOWN_OF_CHOICE)),
          } as const,
        ]),
  ];
}
