/**
 * A streamed answer as the events of the Messages API. Text and thought are closed when something else begins; calls stay
 * open to the end, because a provider may send the arguments of several by turns.
 */
import type { AnswerPart, FinishReason } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { AnswerAnnotation, AnswerIdentity, AnswerStreamWriter } from '../dialect.ts';
import { messageOf, stopReasonOf, writeAnthropicRefusal, writeUsage } from './front-answer.ts';

export function createAnthropicStreamWriter(
  _request: ChatRequest,
  identity: AnswerIdentity,
): AnswerStreamWriter {
  return new AnthropicStreamWriter(identity);
}

class AnthropicStreamWriter implements AnswerStreamWriter {
  #identity: AnswerIdentity;
  #usage: TokenUsage | undefined;
  #finishReason: FinishReason = 'stop';
  #hasBegun = false;
  #blocks = 0;
  /** The block of text or thought that is open. */
  #open: { readonly type: 'text' | 'thinking'; readonly index: number } | undefined;
  /** Indexes of the blocks of open calls, by their number. */
  readonly #calls = new Map<number, number>();

  constructor(identity: AnswerIdentity) {
    this.#identity = identity;
  }

  write(part: AnswerPart): string {
    if ('choice' in part) return part.choice === 0 ? this.#writeContent(part) : '';
    switch (part.kind) {
      case 'start':
        this.#identity = {
          ...this.#identity,
          id: part.id ?? this.#identity.id,
          model: part.servedModel ?? this.#identity.model,
        };
        return '';
      case 'usage':
        this.#usage = part.usage;
        return '';
      // The end and the failure are told by whoever knows what the answer has cost and why it failed.
      case 'failure':
      case 'end':
      case 'served':
        return '';
    }
    return part satisfies never;
  }

  #writeContent(part: Extract<AnswerPart, { readonly choice: number }>): string {
    switch (part.kind) {
      case 'finish':
        this.#finishReason = part.reason;
        return '';
      case 'text':
      case 'refusal':
        return part.text === ''
          ? ''
          : this.#openBlock('text') + this.#delta({ type: 'text_delta', text: part.text });
      case 'reasoning':
        return this.#writeThought(part.text, part.signature);
      case 'toolCall':
        return this.#startToolUse(part.call, part.id, part.name);
      case 'toolArguments':
        return part.text === ''
          ? ''
          : this.#delta({ type: 'input_json_delta', partial_json: part.text }, this.#calls.get(part.call));
    }
    return part satisfies never;
  }

  #writeThought(text: string, signature: string | undefined): string {
    if (text === '' && signature === undefined) return '';
    return [
      this.#openBlock('thinking'),
      text === '' ? '' : this.#delta({ type: 'thinking_delta', thinking: text }),
      signature === undefined ? '' : this.#delta({ type: 'signature_delta', signature }),
    ].join('');
  }

  #startToolUse(call: number, id: string, name: string): string {
    const before = this.#begin() + this.#closeBlock();
    this.#calls.set(call, this.#blocks);
    return before + this.#startBlock({ type: 'tool_use', id, name, input: {} });
  }

  #openBlock(type: 'text' | 'thinking'): string {
    if (this.#open?.type === type) return '';
    const before = this.#begin() + this.#closeBlock();
    this.#open = { type, index: this.#blocks };
    const block =
      type === 'text' ? { type, text: '', citations: null } : { type, thinking: '', signature: '' };
    return before + this.#startBlock(block);
  }

  #startBlock(block: object): string {
    const index = this.#blocks;
    this.#blocks += 1;
    return event('content_block_start', { index, content_block: block });
  }

  #closeBlock(): string {
    const index = this.#open?.index;
    this.#open = undefined;
    return index === undefined ? '' : event('content_block_stop', { index });
  }

  #delta(delta: object, index = this.#open?.index): string {
    return index === undefined ? '' : event('content_block_delta', { index, delta });
  }

  #begin(): string {
    if (this.#hasBegun) return '';
    this.#hasBegun = true;
    return event('message_start', {
      message: { ...messageOf(this.#identity), usage: writeUsage(this.#usage) },
    });
  }

  end(usage: TokenUsage | undefined, annotation?: AnswerAnnotation): string {
    return [
      this.#begin(),
      this.#closeBlock(),
      ...[...this.#calls.values()].map((index) => event('content_block_stop', { index })),
      event('message_delta', {
        delta: { stop_reason: stopReasonOf(this.#finishReason), stop_sequence: null },
        usage: writeUsage(usage ?? this.#usage),
        capataz: annotation,
      }),
      event('message_stop', {}),
    ].join('');
  }

  fail(refusal: Refusal): string {
    return `event: error\ndata: ${writeAnthropicRefusal(refusal)}\n\n`;
  }
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}
