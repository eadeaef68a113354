/**
 * Who takes the candidate. Agents are ranked by a hash and the first of them taken, so that the number is exact and a
 * smaller cohort lies inside a larger one; sessions fall into buckets, of which a share is taken.
 */
import { createHash } from 'node:crypto';
import type { Exposure, RolloutArm } from './rollout-document.ts';

export const SESSION_BUCKETS = 10_000;

/** SHA-256 of `salt|uid` in hexadecimal: lower ones take the candidate first. */
export function agentRank(salt: string, agentUid: string): string {
  return createHash('sha256').update(`${salt}|${agentUid}`).digest('hex');
}

/** From 0 to 9,999. */
export function sessionBucket(salt: string, session: string): number {
  return createHash('sha256').update(`${salt}|${session}`).digest().readUInt32BE() % SESSION_BUCKETS;
}

export function chooseArm(
  exposure: Exposure | undefined,
  who: { readonly agentUid: string; readonly session: string },
): RolloutArm {
  if (exposure === undefined || exposure.basisPoints === 0) return 'stable';
  const { unit, basisPoints, salt, cutoff } = exposure;
  const isExposed =
    unit === 'Agent'
      ? cutoff !== undefined && agentRank(salt, who.agentUid) <= cutoff
      : sessionBucket(salt, who.session) < basisPoints;
  return isExposed ? 'candidate' : 'stable';
}
