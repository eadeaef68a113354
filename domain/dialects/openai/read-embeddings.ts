/** An answer of embeddings, in the order of the inputs and in the encoding that was asked for. */
import { z } from 'zod';
import type { EmbeddingsAnswer, EmbeddingsRequest } from '#domain/chat/embeddings.ts';
import { Embedding, embeddingBounds } from '../answer-limits.ts';
import type { Read } from '../dialect.ts';
import { encodeEmbedding, isBase64Embedding } from '../embedding-encoding.ts';
import { malformed, parseAnswer } from '../malformed-answer.ts';
import { parseJson } from '../read-failure.ts';
import { MOST_INPUTS } from './limits.ts';
import { failureInside } from './read-failure.ts';
import { usageIn } from './usage.ts';
import { countOf } from '../count.ts';
import { given, isObject, textOf } from './wire-values.ts';

const Answer = z.looseObject({
  data: z
    .array(
      z.looseObject({
        embedding: z.union([Embedding, z.string().refine(isBase64Embedding, 'not base64 of 32-bit floats')]),
      }),
    )
    .min(1)
    .max(MOST_INPUTS),
});

export function readOpenAiEmbeddings(body: string, request: EmbeddingsRequest): Read<EmbeddingsAnswer> {
  const { inputs, encoding } = request;
  const count = inputs.kind === 'texts' ? inputs.texts.length : inputs.tokens.length;
  const json = parseJson(body, embeddingBounds(count));
  const told = saysVectors(json) ? undefined : failureInside(json);
  if (told !== undefined) return { ok: false, failure: told };
  const usage = isObject(json) ? usageIn(json) : undefined;
  const answer = parseAnswer(Answer, json);
  if (!answer.ok) return { ...answer, ...(usage && { usage }) };
  const { data } = answer.value;
  const vectors: (readonly number[] | string)[] = [];
  for (const [position, { embedding, index }] of data.entries()) {
    vectors[countOf(index) ?? position] = encodeEmbedding(embedding, encoding);
  }
  // With as many places as elements and none of them empty, each element has a place of its own.
  if (data.length !== count || vectors.length !== count || vectors.includes(undefined as never)) {
    return malformed(`The provider did not answer with one embedding for each of ${count} inputs.`, usage);
  }
  return {
    ok: true,
    value: { vectors, ...given({ servedModel: textOf(answer.value['model']), usage }) },
  };
}

function saysVectors(json: unknown): boolean {
  return isObject(json) && Array.isArray(json['data']) && !json['error'];
}
