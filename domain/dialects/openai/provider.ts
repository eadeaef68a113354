/**
 * OpenAI (https://platform.openai.com/docs/api-reference/chat) and the servers that speak its format: vLLM, llama.cpp,
 * Ollama, our own local model.
 */
import type { ProviderDialect } from '../dialect.ts';
import type { OpenAiFlavour } from './flavour.ts';
import { readPlainAnswer } from './plain-answer.ts';
import { readOpenAiAnswer } from './read-answer.ts';
import { readOpenAiEmbeddings } from './read-embeddings.ts';
import { readOpenAiFailure } from './read-failure.ts';
import { createOpenAiStreamReader } from './read-stream.ts';
import {
  writeOpenAiChatRequest,
  writeOpenAiEmbeddingsRequest,
  writeOpenAiProbeRequest,
} from './write-request.ts';

export const OPENAI_PROVIDER: ProviderDialect = {
  ...providerOf('OpenAI'),
  defaultEndpoint: 'https://api.openai.com/v1',
};
export const OPENAI_COMPATIBLE_PROVIDER: ProviderDialect = providerOf('OpenAICompatible');
/** Our own router, as a client of it sees it. */
export const ROUTER_DIALECT: ProviderDialect = providerOf('Capataz');

function providerOf(flavour: OpenAiFlavour): ProviderDialect {
  return {
    name: 'openai',
    writeChatRequest: (request, target) => writeOpenAiChatRequest(flavour, request, target),
    readChatAnswer: readOpenAiAnswer,
    readPlainAnswer,
    createStreamReader: createOpenAiStreamReader,
    writeEmbeddingsRequest: writeOpenAiEmbeddingsRequest,
    readEmbeddingsAnswer: readOpenAiEmbeddings,
    writeProbeRequest: writeOpenAiProbeRequest,
    readFailure: readOpenAiFailure,
  };
}
