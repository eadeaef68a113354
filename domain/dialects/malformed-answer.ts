/** One sentence for an answer that is not in the provider's format. Values are never quoted: they may be prompts. */
import type { z } from 'zod';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { Read } from './dialect.ts';

export function malformed(problem: string, usage?: TokenUsage): Extract<Read<never>, { readonly ok: false }> {
  return {
    ok: false,
    failure: { code: 'answer_malformed', message: problem },
    ...(usage !== undefined && { usage }),
  };
}

export function parseAnswer<Schema extends z.ZodType>(schema: Schema, body: unknown): Read<z.infer<Schema>> {
  const result = schema.safeParse(body);
  if (result.success) return { ok: true, value: result.data };
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the whole body' : issue.path.join('.');
  const what = issue?.message ?? 'wrong format';
  return malformed(
    `The answer of the provider is not in its documented format at ${where.slice(0, 100)}: ${what}.`,
  );
}
