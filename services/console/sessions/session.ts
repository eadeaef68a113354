/**
 * Who is logged in. A session is kept by the browser alone, sealed with a key of ours: any replica can open it, and it outlives
 * a restart. What it says was true when it was made; rights are asked for again and again (rights/).
 */
import { z } from 'zod';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';

export const DOORS = ['token', 'openid', 'header'] as const;
export type Door = (typeof DOORS)[number];

const User = z.object({
  username: z.string().min(1),
  uid: z.string().optional(),
  groups: z.array(z.string()),
  extra: z.record(z.string(), z.array(z.string())),
});

export const Session = z.object({
  id: z.string(),
  user: User,
  door: z.enum(DOORS),
  /** Since 1970. */
  expiresAtSeconds: z.number(),
  csrfToken: z.string(),
});

export interface Session {
  readonly id: string;
  readonly user: UserInfo;
  readonly door: Door;
  readonly expiresAtSeconds: number;
  /** Random, told to the page and to nobody else: a request that changes something shows it. */
  readonly csrfToken: string;
}

/** As JSON. It goes with each request to us, sealed, and to the ledger. */
const IDENTITY_MAXIMUM_BYTES = 6_000;

/** Groups of people may be hundreds; what does not fit in is refused at the door and never cut. */
export function fitsSession(user: UserInfo): boolean {
  return Buffer.byteLength(JSON.stringify(user)) <= IDENTITY_MAXIMUM_BYTES;
}
