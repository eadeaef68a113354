/** Anthropic's Messages API (https://platform.claude.com/docs/en/api/messages) as a provider. */
import type { ProviderDialect } from '../dialect.ts';
import { malformed } from '../malformed-answer.ts';
import { readAnthropicChatAnswer } from './read-answer.ts';
import { readAnthropicFailure } from './read-failure.ts';
import { createAnthropicStreamReader } from './read-stream.ts';
import { writeAnthropicChatRequest, writeAnthropicProbeRequest } from './write-request.ts';

const NO_EMBEDDINGS = 'Anthropic has no embeddings: use a Model of another provider for them.';

export const ANTHROPIC_PROVIDER: ProviderDialect = {
  name: 'anthropic',
  defaultEndpoint: 'https://api.anthropic.com/v1',
  writeChatRequest: writeAnthropicChatRequest,
  readChatAnswer: readAnthropicChatAnswer,
  createStreamReader: createAnthropicStreamReader,
  writeEmbeddingsRequest: () => ({ ok: false, problem: NO_EMBEDDINGS }),
  readEmbeddingsAnswer: () => malformed(NO_EMBEDDINGS),
  writeProbeRequest: writeAnthropicProbeRequest,
  readFailure: readAnthropicFailure,
};
