/** "3 seconds instead of 0.5: is it normal?" for one agent. */
import type { JudgedMeasure } from '../observation/judged-measure.ts';
import type { LocalHours } from '../normality/local-hours.ts';
import type { LatencyWatch } from './latency-watch.ts';
import { band, bounded, counted, duration, moment, times } from './sentences.ts';
import { HOUR_MICROSECONDS } from './time-units.ts';

/** `things`: what is timed, `run` or `call`. */
export function judgeLatency(
  latency: LatencyWatch,
  nowMicroseconds: number,
  local: LocalHours,
  thing: string,
): JudgedMeasure {
  const hour = Math.floor(nowMicroseconds / HOUR_MICROSECONDS);
  const now = latency.p95Now(hour);
  const usual = latency.usual.usualIn(hour);
  const ratio = now === undefined || usual === undefined ? null : now.microseconds / usual.median;
  const amount = now === undefined ? null : Math.round(now.microseconds);
  const rest = { amount, projected: null, usual: usual ?? null, ratio };
  const { slow } = latency;
  const isSlow = slow.phase === 'watching' && slow.isDrifting;
  if (isSlow) {
    const { since } = slow;
    const seen = since?.seen ?? { good: 0, bad: 0 };
    const sentence = [
      now === undefined
        ? `no ${thing} in the last two hours`
        : `p95 of ${duration(now.microseconds)} this hour (${counted(now.count, thing)})`,
      ...(usual === undefined
        ? []
        : [
            `usual for ${local.nameOf(hour)}: ${band(usual, duration)}${ratio === null ? '' : ` (${times(ratio)})`}`,
          ]),
      `${seen.bad.toLocaleString('en-US')} of the last ${counted(seen.good + seen.bad, thing)} took longer than 19 of 20 usually do, since ${moment(since?.atMicroseconds ?? nowMicroseconds)}`,
    ].join('; ');
    return {
      ...rest,
      verdict: 'abnormal',
      sentence: bounded(sentence),
      sinceMicroseconds: since?.atMicroseconds ?? null,
    };
  }
  const sinceMicroseconds = null;
  if (now === undefined) {
    return {
      ...rest,
      verdict: 'unknown',
      sentence: `No ${thing} in the last two hours: nothing is known of how long one takes.`,
      sinceMicroseconds,
    };
  }
  const measured = `p95 of ${duration(now.microseconds)} this hour (${counted(now.count, thing)})`;
  if (usual === undefined || slow.phase === 'learning') {
    const sentence = `${measured}; what is usual is being learned: it takes three days and 300 ${thing}s at least`;
    return { ...rest, verdict: 'learning', sentence, sinceMicroseconds };
  }
  const sentence = `${measured}; usual for ${local.nameOf(hour)}: ${band(usual, duration)} (${times(ratio ?? 1)})`;
  return { ...rest, verdict: 'normal', sentence, sinceMicroseconds };
}
