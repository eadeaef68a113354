/** A refusal in the error shape of OpenAI (https://platform.openai.com/docs/guides/error-codes). */
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';

export function errorBody({ code, message, param }: Refusal): string {
  return JSON.stringify({ error: { message, type: FAILURES[code].type, param: param ?? null, code } });
}
