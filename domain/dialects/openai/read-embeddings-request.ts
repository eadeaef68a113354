/** A caller's embeddings request: texts, or texts that it has cut into the model's own tokens, as LangChain does. */
import type { EmbeddingsInputs, EmbeddingsRequest } from '#domain/chat/embeddings.ts';
import type { ReadRequest } from '../dialect.ts';
import { type Refused, readWire, refuse } from '../read-wire.ts';
import { extensionsOf } from './extensions.ts';
import { MOST_INPUTS } from './limits.ts';
import { WireEmbeddingsRequest, fieldsOf } from './wire-request.ts';
import { given, unknownFieldsOf } from './wire-values.ts';

const KNOWN = fieldsOf(WireEmbeddingsRequest);

export function readOpenAiEmbeddingsRequest(body: unknown): ReadRequest<EmbeddingsRequest> {
  const wire = readWire(WireEmbeddingsRequest, body, '');
  if (!wire.ok) return wire;
  const { model, input, dimensions, encoding_format: encoding, user } = wire.value;
  const inputs = readInputs(input);
  if (!inputs.ok) return inputs;
  const fields = unknownFieldsOf(wire.value, KNOWN);
  return {
    ok: true,
    value: {
      model,
      inputs: inputs.value,
      encoding: encoding ?? 'float',
      ...given({ dimensions, endUser: user }),
      ...extensionsOf(fields),
    },
  };
}

type Inputs = { readonly ok: true; readonly value: EmbeddingsInputs } | Refused;

function readInputs(input: string | readonly unknown[]): Inputs {
  if (typeof input === 'string') return { ok: true, value: { kind: 'texts', texts: [input] } };
  if (input.length === 0) return refuse('input', 'is an empty list: give one text at least');
  if (typeof input[0] === 'number') return readTokens([input], () => 'input');
  if (input.length > MOST_INPUTS) {
    return refuse(
      'input',
      `has ${input.length} texts, more than ${MOST_INPUTS}: send them in several requests`,
    );
  }
  return Array.isArray(input[0]) ? readTokens(input, (place) => `input.${place}`) : readTexts(input);
}

function readTexts(input: readonly unknown[]): Inputs {
  const wrong = input.findIndex((text) => typeof text !== 'string');
  return wrong === -1
    ? { ok: true, value: { kind: 'texts', texts: input as readonly string[] } }
    : refuse(`input.${wrong}`, 'must be a text, like those before it');
}

function readTokens(lists: readonly unknown[], nameOf: (place: number) => string): Inputs {
  const wrong = lists.findIndex((list) => !Array.isArray(list) || list.length === 0 || !list.every(isToken));
  return wrong === -1
    ? { ok: true, value: { kind: 'tokens', tokens: lists as readonly (readonly number[])[] } }
    : refuse(nameOf(wrong), 'must be a list of tokens, which are whole numbers from 0');
}

function isToken(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
