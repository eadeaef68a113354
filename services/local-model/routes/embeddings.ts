/** POST /v1/embeddings: https://platform.openai.com/docs/api-reference/embeddings */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { EmbeddingModel } from '#adapters/llama/language-model.ts';
import { boundedArray } from '#domain/bounded-json/bounded-collection.ts';
import { encodeEmbedding } from '#domain/dialects/embedding-encoding.ts';
import type { EmbeddingsResponse } from '#domain/dialects/openai/wire-answer.ts';
import type { AdmissionQueue } from '../admission-queue.ts';
import type { LocalModelDependencies } from '../app.ts';
import type { RequestOutcome } from '../metrics.ts';
import {
  type OpenAiError,
  badRequest,
  describeModelError,
  invalidBody,
  modelNotFound,
  sendError,
} from '../open-ai-error.ts';
import { abortWithClient } from '../request-abort.ts';
import { describeMissingModel } from './models.ts';

/** OpenAI's own limit. */
const TEXTS_MAXIMUM = 2048;

const LocalEmbeddingsRequest = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), boundedArray(z.string(), { minimum: 1, maximum: TEXTS_MAXIMUM })]),
  dimensions: z.int().positive().nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});
type LocalEmbeddingsRequest = z.infer<typeof LocalEmbeddingsRequest>;

/** Some clients (LangChain's by default) send the numbers of OpenAI's tokens, which mean nothing to another model. */
function holdsTokens(body: unknown): boolean {
  const input: unknown = (body as { readonly input?: unknown } | null)?.input;
  const first: unknown = Array.isArray(input) ? input[0] : undefined;
  return typeof first === 'number' || (Array.isArray(first) && typeof first[0] === 'number');
}

const TOKENS_REFUSAL = badRequest(
  'input holds token numbers of another model: send texts (in LangChain check_embedding_ctx_length=False).',
  'unsupported_value',
  'input',
);

export interface EmbeddingsDependencies extends LocalModelDependencies {
  readonly queue: AdmissionQueue;
}

export function registerEmbeddings(app: FastifyInstance, dependencies: EmbeddingsDependencies): void {
  const { metrics, elapsed } = dependencies;
  app.post('/v1/embeddings', async (request, reply) => {
    const start = elapsed();
    const signal = abortWithClient(reply, dependencies.shutdown);
    const count = (outcome: RequestOutcome): void => metrics.requests.inc({ kind: 'embeddings', outcome });
    const refuse = (refusal: OpenAiError): unknown => {
      count('refused');
      return sendError(reply, refusal);
    };
    if (holdsTokens(request.body)) return refuse(TOKENS_REFUSAL);
    const parsed = LocalEmbeddingsRequest.safeParse(request.body);
    if (!parsed.success) return refuse(invalidBody(parsed.error));
    const texts = typeof parsed.data.input === 'string' ? [parsed.data.input] : parsed.data.input;
    const refusal = findRefusal(parsed.data, dependencies);
    if (refusal !== undefined) return refuse(refusal);
    try {
      const response = await embedAll(parsed.data, texts, signal, dependencies);
      metrics.tokens.inc({ kind: 'embedding' }, response.usage.total_tokens);
      metrics.durationSeconds.observe({ kind: 'embeddings' }, (elapsed() - start) / 1000);
      count('answered');
      return response;
    } catch (error) {
      const foreseen = describeModelError(error, 'input');
      if (foreseen !== undefined) return refuse(foreseen);
      count(signal.aborted ? 'cancelled' : 'failed');
      throw error;
    }
  });
}

function findRefusal(
  body: LocalEmbeddingsRequest,
  { embeddingModel }: EmbeddingsDependencies,
): OpenAiError | undefined {
  if (body.model !== embeddingModel.id) {
    return modelNotFound(describeMissingModel(body.model, [embeddingModel.id]));
  }
  if ((body.dimensions ?? embeddingModel.dimensions) !== embeddingModel.dimensions) {
    return badRequest(
      `${embeddingModel.id} makes vectors of ${embeddingModel.dimensions} numbers: leave out dimensions.`,
      'unsupported_value',
      'dimensions',
    );
  }
  return undefined;
}

async function embedAll(
  body: LocalEmbeddingsRequest,
  texts: readonly string[],
  signal: AbortSignal,
  { embeddingModel, queue }: EmbeddingsDependencies,
): Promise<EmbeddingsResponse> {
  const place = await queue.enter(signal);
  try {
    return await embedEach(body, texts, signal, embeddingModel);
  } finally {
    place.leave();
  }
}

/** One text at a time, so that a long list ends soon after its client has gone. */
async function embedEach(
  body: LocalEmbeddingsRequest,
  texts: readonly string[],
  signal: AbortSignal,
  embeddingModel: EmbeddingModel,
): Promise<EmbeddingsResponse> {
  const data: EmbeddingsResponse['data'][number][] = [];
  let tokens = 0;
  for (const [index, text] of texts.entries()) {
    signal.throwIfAborted();
    const embedded = await embeddingModel.embed(text);
    tokens += embedded.tokens;
    const embedding = encodeEmbedding(embedded.vector, body.encoding_format ?? 'float');
    data.push({ object: 'embedding', index, embedding });
  }
  return {
    object: 'list',
    model: embeddingModel.id,
    data,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
