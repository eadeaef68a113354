/** An embedding model run by llama.cpp. Its vectors have length 1, as those of OpenAI and sentence-transformers. */
import type { Llama } from 'node-llama-cpp';
import { ContextLengthExceededError, type EmbeddingModel, EmptyTextError } from './language-model.ts';

export interface EmbeddingModelOptions {
  readonly id: string;
  readonly modelPath: string;
  readonly threads: number;
}

export interface LoadedEmbeddingModel extends EmbeddingModel {
  readonly dispose: () => Promise<void>;
}

/** WordPiece knows no token longer than this; longer texts than context times this are not even tokenized. */
const TOKEN_CHARACTERS_MAXIMUM = 64;

/** [CLS] and [SEP]. */
const FRAME_TOKENS = 2;

export async function loadEmbeddingModel(
  llama: Llama,
  options: EmbeddingModelOptions,
): Promise<LoadedEmbeddingModel> {
  const model = await llama.loadModel({ modelPath: options.modelPath });
  const contextTokens = model.trainContextSize;
  const context = await model.createEmbeddingContext({
    contextSize: contextTokens,
    // An encoder must see the whole text at once.
    batchSize: contextTokens,
    threads: options.threads,
  });
  return {
    id: options.id,
    contextTokens,
    dimensions: model.embeddingVectorSize,
    embed: async (text) => {
      if (text.length > contextTokens * TOKEN_CHARACTERS_MAXIMUM) {
        throw new ContextLengthExceededError(undefined, contextTokens);
      }
      const textTokens = model.tokenize(text.toWellFormed());
      if (textTokens.length === 0) throw new EmptyTextError();
      const tokens = textTokens.length + FRAME_TOKENS;
      if (tokens >= contextTokens) throw new ContextLengthExceededError(tokens, contextTokens);
      const { vector } = await context.getEmbeddingFor(textTokens);
      return { vector: normalize(vector), tokens };
    },
    dispose: async () => {
      await context.dispose();
      await model.dispose();
    },
  };
}

function normalize(vector: readonly number[]): readonly number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
