/**
 * What a person asks of a CanaryRollout, as an annotation: specs belong to git, and what must happen once needs an id.
 * The operator obeys a command whose id is not among `status.commandIds`, and keeps the id then.
 */
import { z } from 'zod';
import { Sha256 } from '#crds/object-meta.ts';

export const ROLLOUT_COMMAND_ANNOTATION = 'capataz.dev/command';
const MAXIMUM_CHARACTERS = 4096;

export const ROLLOUT_VERBS = [
  /** To the next step, whatever the present one still waits for; with `isFull` to 100 % at once. */
  'promote',
  /** Lets an `approve` step pass. */
  'approve',
  /** Gives the candidate up; its digest is rejected. */
  'abort',
  /** Makes the previous stable version (or the one with `digest`) stable again; the present one is rejected. */
  'rollback',
  /** Takes the wanted digest out of the rejected ones and begins anew. */
  'retry',
  'pause',
  'resume',
] as const;
export type RolloutVerb = (typeof ROLLOUT_VERBS)[number];

export const RolloutCommand = z.strictObject({
  id: z.string().regex(/^[\w.:-]{1,64}$/),
  verb: z.enum(ROLLOUT_VERBS),
  isFull: z.boolean().optional(),
  digest: Sha256.optional(),
  reason: z.string().max(1024).optional(),
  /** Who asks, as the client knows itself; the API server's audit log knows surely. */
  by: z.string().max(256).optional(),
});
export type RolloutCommand = z.infer<typeof RolloutCommand>;

export type ReadRolloutCommand =
  | { readonly ok: true; readonly command: RolloutCommand }
  | { readonly ok: false; readonly problem: string };

/** Undefined when there is no annotation. */
export function readRolloutCommand(annotation: string | undefined): ReadRolloutCommand | undefined {
  if (annotation === undefined) return undefined;
  const hint = `The annotation ${ROLLOUT_COMMAND_ANNOTATION} takes JSON such as {"id":"7","verb":"promote"}; use capataz promote, approve, abort, rollback, retry.`;
  if (annotation.length > MAXIMUM_CHARACTERS) return { ok: false, problem: `It is too long. ${hint}` };
  try {
    const read = RolloutCommand.safeParse(JSON.parse(annotation));
    if (read.success) return { ok: true, command: read.data };
    const [issue] = read.error.issues;
    return { ok: false, problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown'}. ${hint}` };
  } catch {
    return { ok: false, problem: `It is not JSON. ${hint}` };
  }
}
