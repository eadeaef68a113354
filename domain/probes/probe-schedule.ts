/**
 * When the probes of an agent run, and which round a moment belongs to. The minute follows from the agent's name, so that
 * a thousand agents do not ask at the same moment, and stays the same for as long as the agent has its name.
 */
import { sha256Hex } from '#domain/canonical-json/canonical-json.ts';

const MINUTES_PER_HOUR = 60;
export const MINUTES_PER_DAY = 1_440;
const HASH_DIGITS = 8;

export interface ProbeSchedule {
  /** A divisor of an hour, or whole hours that divide a day: nothing else repeats by the clock of cron. */
  readonly everyMinutes: number;
  /** Of the first round of a day after midnight (UTC); below `everyMinutes`. */
  readonly offsetMinutes: number;
}

export function probeSchedule(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  everyMinutes: number,
): ProbeSchedule {
  const hash = Number.parseInt(sha256Hex(`probe|${namespace}|${name}`).slice(0, HASH_DIGITS), 16);
  return { everyMinutes, offsetMinutes: hash % everyMinutes };
}

/** As a CronJob has it, in UTC. */
export function cronExpression({ everyMinutes, offsetMinutes }: ProbeSchedule): string {
  const minute = offsetMinutes % MINUTES_PER_HOUR;
  if (everyMinutes < MINUTES_PER_HOUR) return `${minute}-59/${everyMinutes} * * * *`;
  const hour = Math.floor(offsetMinutes / MINUTES_PER_HOUR);
  if (everyMinutes === MINUTES_PER_DAY) return `${minute} ${hour} * * *`;
  const hours = everyMinutes / MINUTES_PER_HOUR;
  return hours === 1 ? `${minute} * * * *` : `${minute} ${hour}-23/${hours} * * *`;
}

/** Counts the periods since 1970: the same number for all that happens from one planned moment to the next. */
export function roundAt(epochMilliseconds: number, { everyMinutes, offsetMinutes }: ProbeSchedule): number {
  return Math.max(0, Math.floor((epochMilliseconds / 60_000 - offsetMinutes) / everyMinutes));
}
