/** POST /v1/embeddings: https://platform.openai.com/docs/api-reference/embeddings */
import type { FastifyInstance } from 'fastify';
import type { EmbeddingModel } from '#adapters/llama/language-model.ts';
import type { EmbeddingsAnswer, EmbeddingsRequest } from '#domain/chat/embeddings.ts';
import { encodeEmbedding } from '#domain/dialects/embedding-encoding.ts';
import { OPENAI_FRONT } from '#domain/dialects/openai/front.ts';
import type { AdmissionQueue } from '../admission-queue.ts';
import type { LocalModelDependencies } from '../app.ts';
import type { RequestOutcome } from '../metrics.ts';
import {
  type Understood,
  modelNotFound,
  problemOfExtensions,
  refusalOfAbort,
  refusalOfError,
  sendJsonText,
  sendRefusal,
  understood,
  unsupported,
} from '../refusals.ts';
import { abortWithClient } from '../request-abort.ts';

export interface EmbeddingsDependencies extends LocalModelDependencies {
  readonly queue: AdmissionQueue;
}

export function registerEmbeddings(app: FastifyInstance, dependencies: EmbeddingsDependencies): void {
  const { embeddingModel, metrics, elapsed, now } = dependencies;
  app.post('/v1/embeddings', async (request, reply) => {
    const start = elapsed();
    const signal = abortWithClient(reply, dependencies.shutdown);
    const count = (outcome: RequestOutcome): void => metrics.requests.inc({ kind: 'embeddings', outcome });
    const asked = readRequest(request.body, embeddingModel);
    if (!asked.ok) {
      count('refused');
      return sendRefusal(reply, asked.refusal);
    }
    try {
      const { vectors, tokens } = await embedAll(asked.value, signal, dependencies);
      metrics.tokens.inc({ kind: 'embedding' }, tokens);
      metrics.durationSeconds.observe({ kind: 'embeddings' }, (elapsed() - start) / 1000);
      count('answered');
      const usage = { inputTokens: tokens, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0 };
      const identity = {
        id: request.id,
        createdSeconds: Math.floor(now() / 1000),
        model: embeddingModel.id,
      };
      return sendJsonText(reply, OPENAI_FRONT.writeEmbeddingsAnswer({ vectors, usage }, identity));
    } catch (error) {
      if (signal.aborted) {
        count('cancelled');
        return sendRefusal(reply, refusalOfAbort(signal));
      }
      const refusal = refusalOfError(error, 'input');
      count(refusal === undefined ? 'failed' : 'refused');
      if (refusal === undefined) throw error;
      return sendRefusal(reply, refusal);
    }
  });
}

interface AskedEmbeddings {
  readonly texts: readonly string[];
  readonly encoding: EmbeddingsRequest['encoding'];
}

function readRequest(body: unknown, embeddingModel: EmbeddingModel): Understood<AskedEmbeddings> {
  const read = understood(OPENAI_FRONT.readEmbeddingsRequest(body));
  if (!read.ok) return read;
  const { model, inputs, encoding, dimensions = embeddingModel.dimensions } = read.value;
  if (model !== embeddingModel.id) return modelNotFound(model, [embeddingModel.id]);
  if (inputs.kind === 'tokens') {
    // LangChain sends the numbers of OpenAI's tokens when its user says nothing.
    const message =
      'input holds token numbers of another model: send texts (in LangChain check_embedding_ctx_length=False).';
    return unsupported(message, 'input');
  }
  if (dimensions !== embeddingModel.dimensions) {
    const message = `${embeddingModel.id} makes vectors of ${embeddingModel.dimensions} numbers: leave out dimensions.`;
    return unsupported(message, 'dimensions');
  }
  return problemOfExtensions(read.value.extensions) ?? { ok: true, value: { texts: inputs.texts, encoding } };
}

interface Embedded {
  readonly vectors: EmbeddingsAnswer['vectors'];
  readonly tokens: number;
}

async function embedAll(
  asked: AskedEmbeddings,
  signal: AbortSignal,
  { embeddingModel, queue }: EmbeddingsDependencies,
): Promise<Embedded> {
  const place = await queue.enter(signal);
  try {
    return await embedEach(asked, signal, embeddingModel);
  } finally {
    place.leave();
  }
}

/** One text at a time, so that a long list ends soon after its client has gone. */
async function embedEach(
  { texts, encoding }: AskedEmbeddings,
  signal: AbortSignal,
  embeddingModel: EmbeddingModel,
): Promise<Embedded> {
  const vectors: EmbeddingsAnswer['vectors'][number][] = [];
  let tokens = 0;
  for (const text of texts) {
    signal.throwIfAborted();
    const embedded = await embeddingModel.embed(text);
    tokens += embedded.tokens;
    vectors.push(encodeEmbedding(embedded.vector, encoding));
  }
  return { vectors, tokens };
}
