/** Who answers, as an answer or a chunk says: servers give the same two fields in both, or an empty text, null or nothing. */
import type { ServedBy } from '#domain/chat/chat-answer.ts';
import { type WireObject, given, textOf } from './wire-values.ts';

export function servedByOf(answer: WireObject): ServedBy {
  return given({ servedModel: textOf(answer['model']), fingerprint: textOf(answer['system_fingerprint']) });
}
