/**
 * A streamed answer as generateContent writes it: each event a response with the parts that are new, the last one with the
 * finish reason and the usage. A function call is written whole, when its arguments are.
 */
import type { AnswerPart, FinishReason } from '#domain/chat/chat-answer.ts';
import type { ChatRequest, ToolCall } from '#domain/chat/chat-request.ts';
import type { Extensions } from '#domain/chat/extensions.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { AnswerAnnotation, AnswerIdentity, AnswerStreamWriter } from '../dialect.ts';
import {
  ending,
  signatureParts,
  writeFunctionCall,
  writeGeminiRefusal,
  writeUsageMetadata,
} from './front-answer.ts';

export function createGeminiStreamWriter(
  _request: ChatRequest,
  identity: AnswerIdentity,
): AnswerStreamWriter {
  return new GeminiStreamWriter(identity);
}

class GeminiStreamWriter implements AnswerStreamWriter {
  #identity: AnswerIdentity;
  #usage: TokenUsage | undefined;
  #finish: { readonly reason: FinishReason; readonly extensions: Extensions | undefined } | undefined;
  #refusal = '';
  readonly #calls = new Map<number, { readonly call: ToolCall; argumentsText: string }>();

  constructor(identity: AnswerIdentity) {
    this.#identity = identity;
  }

  write(part: AnswerPart): string {
    if (part.kind === 'start') this.#begin(part);
    if (part.kind === 'usage') this.#usage = part.usage;
    return 'choice' in part && part.choice === 0 ? this.#writeContent(part) : '';
  }

  #begin({ id, servedModel }: Extract<AnswerPart, { readonly kind: 'start' }>): void {
    this.#identity = {
      ...this.#identity,
      id: id ?? this.#identity.id,
      model: servedModel ?? this.#identity.model,
    };
  }

  #writeContent(part: Extract<AnswerPart, { readonly choice: number }>): string {
    switch (part.kind) {
      case 'text':
        return part.text === '' ? '' : this.#event([{ text: part.text }]);
      case 'reasoning':
        return part.text === '' ? '' : this.#event([{ text: part.text, thought: true }]);
      case 'refusal':
        this.#refusal += part.text;
        return '';
      case 'toolCall': {
        const { id, name, signature } = part;
        const call = { id, name, argumentsText: '', ...(signature !== undefined && { signature }) };
        this.#calls.set(part.call, { call, argumentsText: '' });
        return '';
      }
      case 'toolArguments': {
        const call = this.#calls.get(part.call);
        if (call !== undefined) call.argumentsText += part.text;
        return '';
      }
      case 'finish':
        this.#finish = { reason: part.reason, extensions: part.extensions };
        return this.#writeCalls();
    }
    return part satisfies never;
  }

  #writeCalls(): string {
    const calls = [...this.#calls.values()].map(({ call, argumentsText }) =>
      writeFunctionCall(Object.assign({}, call, { argumentsText })),
    );
    this.#calls.clear();
    return calls.length === 0 ? '' : this.#event(calls);
  }

  end(usage: TokenUsage | undefined, annotation?: AnswerAnnotation): string {
    const calls = this.#writeCalls();
    const told = usage ?? this.#usage;
    const { reason = 'stop', extensions } = this.#finish ?? {};
    const last = this.#event(signatureParts(extensions), ending(reason, this.#refusal), {
      ...(told !== undefined && { usageMetadata: writeUsageMetadata(told) }),
      capataz: annotation,
    });
    return calls + last;
  }

  fail(refusal: Refusal): string {
    return `data: ${writeGeminiRefusal(refusal)}\n\n`;
  }

  #event(parts: readonly object[], candidate: object = {}, fields: object = {}): string {
    const { id, model } = this.#identity;
    const response = {
      candidates: [{ content: { role: 'model', parts }, ...candidate, index: 0 }],
      ...fields,
      modelVersion: model,
      responseId: id,
    };
    return `data: ${JSON.stringify(response)}\n\n`;
  }
}
