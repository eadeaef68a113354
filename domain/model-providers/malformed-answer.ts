/** One sentence for an answer that is not in the provider's format. Values are never quoted: they may be prompts. */
import type { z } from 'zod';
import type { Parsed } from './dialect.ts';

export function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}

export function parseAnswer<Schema extends z.ZodType>(
  provider: string,
  schema: Schema,
  body: unknown,
): Parsed<z.infer<Schema>> {
  const result = schema.safeParse(body);
  if (result.success) return { ok: true, value: result.data };
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the whole body' : issue.path.join('.');
  const what = issue?.message ?? 'wrong format';
  return refuse(`The answer of ${provider} is not in its documented format at ${where}: ${what}.`);
}
