/** Who is logged in, as the server says. */
import { signal } from '@preact/signals';
import type { DoorsAnswer, SessionAnswer } from '#services/console/api/answers.ts';
import { isRecord } from '../server/request-problem.ts';

export type SessionState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'out'; readonly doors: DoorsAnswer | undefined; readonly hasEnded: boolean }
  | { readonly kind: 'in'; readonly session: SessionAnswer }
  | { readonly kind: 'unreachable' };

export const session = signal<SessionState>({ kind: 'asking' });

export function csrfToken(): string {
  const state = session.peek();
  return state.kind === 'in' ? state.session.csrfToken : '';
}

/** Any request may find that nobody is logged in any more; the answer says which doors there are. */
export function sessionEnded(answer: unknown): void {
  const before = session.peek();
  const known = before.kind === 'out' ? before.doors : undefined;
  session.value = {
    kind: 'out',
    doors: isDoors(answer) ? answer : known,
    hasEnded: before.kind === 'in' || (before.kind === 'out' && before.hasEnded),
  };
}

function isDoors(answer: unknown): answer is DoorsAnswer {
  return isRecord(answer) && Array.isArray(answer['doors']) && typeof answer['tokenCommand'] === 'string';
}
