/** The front in OpenAI's format, of the router and of the local model: what a caller of chat completions or embeddings says and reads. */
import type { FrontDialect } from '../dialect.ts';
import { annotatePlainAnswer } from './plain-answer.ts';
import { readOpenAiChatRequest } from './read-chat-request.ts';
import { readOpenAiEmbeddingsRequest } from './read-embeddings-request.ts';
import { writeOpenAiAnswer, writeOpenAiEmbeddings, writeOpenAiRefusal } from './write-answer.ts';
import { createOpenAiStreamWriter } from './write-stream.ts';

export const OPENAI_FRONT: Required<FrontDialect> = {
  name: 'openai',
  readChatRequest: readOpenAiChatRequest,
  writeChatAnswer: writeOpenAiAnswer,
  annotatePlainAnswer,
  createStreamWriter: createOpenAiStreamWriter,
  readEmbeddingsRequest: readOpenAiEmbeddingsRequest,
  writeEmbeddingsAnswer: writeOpenAiEmbeddings,
  writeRefusal: writeOpenAiRefusal,
};
