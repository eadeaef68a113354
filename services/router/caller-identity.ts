/**
 * CallerIdentity: who is calling, told by what the request carries and by nothing that the caller may choose. Agents by
 * their ServiceAccounts are the first implementation; callers of other kinds are others.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Refusal } from '#domain/failures/refusal.ts';

export type Caller =
  | { readonly kind: 'agent'; readonly namespace: string; readonly name: string }
  /** May ask what `/internal` answers. `name` is for sentences. */
  | { readonly kind: 'platform'; readonly name: string }
  | { readonly kind: 'stranger'; readonly name: string };

export type Identified =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly refusal: Refusal };

export interface CallerIdentity {
  /** At once when the caller is known already, which is nearly always. */
  readonly identify: (headers: IncomingHttpHeaders) => Identified | Promise<Identified>;
}
