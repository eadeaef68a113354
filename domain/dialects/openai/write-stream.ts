/** A streamed answer as OpenAI's chunks. The chunks of one answer share their identity, the provider's own where it has one. */
import type { AnswerPart } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { Extensions } from '#domain/chat/extensions.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { AnswerAnnotation, AnswerIdentity, AnswerStreamWriter, ProviderEvent } from '../dialect.ts';
import { ownFieldsOf } from './extensions.ts';
import { openAiUsageOf } from './usage.ts';
import { given } from './wire-values.ts';
import { signatureField, writeOpenAiRefusal } from './write-answer.ts';

export function createOpenAiStreamWriter(request: ChatRequest, identity: AnswerIdentity): AnswerStreamWriter {
  return new OpenAiStreamWriter(request.stream?.includesUsage === true, identity);
}

class OpenAiStreamWriter implements AnswerStreamWriter {
  readonly #includesUsage: boolean;
  /** Choices that have said who speaks. */
  readonly #begun = new Set<number>();
  #identity: AnswerIdentity;

  constructor(includesUsage: boolean, identity: AnswerIdentity) {
    this.#includesUsage = includesUsage;
    this.#identity = identity;
  }

  write(part: AnswerPart): string {
    if (part.kind === 'start') {
      this.#begin(part);
      return '';
    }
    // The rest is told at the end, by whoever knows what the answer has cost and why it failed.
    if (!('choice' in part)) return '';
    const finishReason = part.kind === 'finish' ? part.reason : null;
    return this.#delta(
      part.choice,
      deltaOf(part),
      finishReason,
      'extensions' in part ? part.extensions : undefined,
    );
  }

  #begin({ id, createdSeconds, servedModel }: Extract<AnswerPart, { readonly kind: 'start' }>): void {
    this.#identity = {
      id: id ?? this.#identity.id,
      createdSeconds: createdSeconds ?? this.#identity.createdSeconds,
      model: servedModel ?? this.#identity.model,
    };
  }

  relay({ data }: ProviderEvent): string {
    return `data: ${data}\n\n`;
  }

  end(usage: TokenUsage | undefined, annotation?: AnswerAnnotation): string {
    const told = usage === undefined ? null : openAiUsageOf(usage);
    const last = this.#includesUsage ? this.#chunk({ choices: [], usage: told, capataz: annotation }) : '';
    return `${last}data: [DONE]\n\n`;
  }

  fail(refusal: Refusal): string {
    return `data: ${writeOpenAiRefusal(refusal)}\n\n`;
  }

  #delta(index: number, delta: object, finishReason: string | null, own: Extensions | undefined): string {
    const isFirst = !this.#begun.has(index);
    this.#begun.add(index);
    const whole = isFirst ? { role: 'assistant', ...delta } : delta;
    return this.#chunk({
      choices: [{ ...ownFieldsOf(own), index, delta: whole, finish_reason: finishReason }],
    });
  }

  #chunk(fields: object): string {
    const { id, createdSeconds, model } = this.#identity;
    const chunk = { id, object: 'chat.completion.chunk', created: createdSeconds, model, ...fields };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }
}

function deltaOf(part: Extract<AnswerPart, { readonly choice: number }>): object {
  if (part.kind === 'text') return { content: part.text };
  if (part.kind === 'refusal') return { refusal: part.text };
  if (part.kind === 'reasoning') {
    const { text, signature } = part;
    return { ...(text !== '' && { reasoning_content: text }), ...given({ reasoning_signature: signature }) };
  }
  if (part.kind === 'toolCall') {
    const { call, id, name, signature } = part;
    const opening = { index: call, id, type: 'function', function: { name, arguments: '' } };
    return { tool_calls: [{ ...opening, ...signatureField(signature) }] };
  }
  if (part.kind === 'toolArguments') {
    return { tool_calls: [{ index: part.call, function: { arguments: part.text } }] };
  }
  part satisfies { readonly kind: 'finish' };
  return {};
}
