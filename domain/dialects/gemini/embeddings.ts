/** Gemini's batchEmbedContents (https://ai.google.dev/api/embeddings). */
import { z } from 'zod';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { EmbeddingsAnswer, EmbeddingsRequest } from '#domain/chat/embeddings.ts';
import type { ProviderRequest, ProviderTarget, Read, Written } from '../dialect.ts';
import { Embedding, embeddingBounds } from '../answer-limits.ts';
import { encodeEmbedding } from '../embedding-encoding.ts';
import { malformed, parseAnswer } from '../malformed-answer.ts';
import { readGeminiError } from './read-failure.ts';
import { UsageMetadata, fromUsageMetadata } from './read-usage.ts';
import { modelPath, postToModel } from './wire-request.ts';

const MAXIMUM_BATCH = 100;

export function writeGeminiEmbeddingsRequest(
  { inputs, dimensions }: EmbeddingsRequest,
  target: ProviderTarget,
): Written<ProviderRequest> {
  if (inputs.kind === 'tokens') {
    return refuse('Gemini takes texts only, not tokens of another model: send the texts themselves.');
  }
  if (inputs.texts.length > MAXIMUM_BATCH) {
    return refuse(
      `Gemini embeds ${MAXIMUM_BATCH} texts at once at most, not ${inputs.texts.length}: send fewer.`,
    );
  }
  const empty = inputs.texts.indexOf('');
  if (empty !== -1) return refuse(`input.${empty} is empty, which Gemini does not embed: leave it out.`);
  const model = modelPath(target.model);
  const outputDimensionality = dimensions === undefined ? {} : { outputDimensionality: dimensions };
  const requests = inputs.texts.map((text) =>
    Object.assign({ model, content: { parts: [{ text }] } }, outputDimensionality),
  );
  return { ok: true, value: postToModel(target, 'batchEmbedContents', { requests }) };
}

const Answer = z.looseObject({
  embeddings: z
    .array(z.looseObject({ values: Embedding }))
    .min(1)
    .max(MAXIMUM_BATCH),
  usageMetadata: UsageMetadata.nullish().catch(undefined),
});

export function readGeminiEmbeddingsAnswer(body: string, request: EmbeddingsRequest): Read<EmbeddingsAnswer> {
  const wanted = request.inputs.kind === 'texts' ? request.inputs.texts.length : request.inputs.tokens.length;
  const json = parseBoundedJson(body, embeddingBounds(wanted));
  if (!json.ok) return malformed(`The answer of Gemini ${json.message}.`);
  const failure = readGeminiError(json.value);
  if (failure !== undefined) return { ok: false, failure };
  const parsed = parseAnswer(Answer, json.value);
  if (!parsed.ok) return parsed;
  const { embeddings, usageMetadata } = parsed.value;
  const usage = fromUsageMetadata(usageMetadata);
  if (embeddings.length !== wanted) {
    return malformed(`The answer of Gemini has ${embeddings.length} embeddings for ${wanted} texts.`, usage);
  }
  return {
    ok: true,
    value: {
      vectors: embeddings.map(({ values }) => encodeEmbedding(values, request.encoding)),
      ...(usage && { usage }),
    },
  };
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
