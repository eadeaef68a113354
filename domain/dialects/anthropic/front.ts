/** The Messages API as a front: what its callers say and read. */
import type { FrontDialect } from '../dialect.ts';
import { writeAnthropicAnswer, writeAnthropicRefusal } from './front-answer.ts';
import { readAnthropicChatRequest } from './front-request.ts';
import { createAnthropicStreamWriter } from './front-stream.ts';

export const ANTHROPIC_FRONT: FrontDialect = {
  name: 'anthropic',
  readChatRequest: readAnthropicChatRequest,
  writeChatAnswer: writeAnthropicAnswer,
  createStreamWriter: createAnthropicStreamWriter,
  writeRefusal: writeAnthropicRefusal,
};
