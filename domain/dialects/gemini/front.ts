/** generateContent as a front: what its callers say and read. */
import type { FrontDialect } from '../dialect.ts';
import { writeGeminiAnswer, writeGeminiRefusal } from './front-answer.ts';
import { readGeminiChatRequest } from './front-request.ts';
import { createGeminiStreamWriter } from './front-stream.ts';

export const GEMINI_FRONT: FrontDialect = {
  name: 'gemini',
  readChatRequest: readGeminiChatRequest,
  writeChatAnswer: writeGeminiAnswer,
  createStreamWriter: createGeminiStreamWriter,
  writeRefusal: writeGeminiRefusal,
};
