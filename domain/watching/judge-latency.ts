/** "3 seconds instead of 0.5: is it normal?" */
import type { Watching } from '../drift/watched-share.ts';
import type { Usual } from '../normality/hour-of-week.ts';
import type { LocalHours } from '../normality/local-hours.ts';
import type { JudgedMeasure } from '../observation/judged-measure.ts';
import type { LatencyWatch } from './latency-watch.ts';
import { band, bounded, counted, duration, moment, times } from './sentences.ts';
import { HOUR_MICROSECONDS } from './time-units.ts';

/** `thing`: what is timed, `run` or `call`. */
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
  const measured =
    now === undefined
      ? `no ${thing} in the last two hours`
      : `p95 of ${duration(now.microseconds)} this hour (${counted(now.count, thing)})`;
  const compared = usual && usualSentence(usual, ratio, local.nameOf(hour));
  const plain = {
    amount: now === undefined ? null : Math.round(now.microseconds),
    projected: null,
    usual: usual ?? null,
    ratio,
    sinceMicroseconds: null,
  };
  const { slow } = latency;
  if (slow.phase === 'watching' && slow.isDrifting) {
    const sentence = [measured, compared, slowSentence(slow, thing)].filter((part) => part !== undefined);
    const sinceMicroseconds = slow.since?.atMicroseconds ?? null;
    return { ...plain, verdict: 'abnormal', sentence: bounded(sentence.join('; ')), sinceMicroseconds };
  }
  if (now === undefined) {
    return { ...plain, verdict: 'unknown', sentence: `${measured}: nothing is known of how long one takes` };
  }
  if (compared === undefined || slow.phase === 'learning') {
    const sentence = `${measured}; what is usual is being learned: it takes three days and 300 ${thing}s at least`;
    return { ...plain, verdict: 'learning', sentence };
  }
  return { ...plain, verdict: 'normal', sentence: bounded(`${measured}; ${compared}`) };
}

function usualSentence(usual: Usual, ratio: number | null, hourName: string): string {
  const measured = ratio === null ? '' : ` (${times(ratio)})`;
  return `usual for ${hourName}: ${band(usual, duration)}${measured}`;
}

function slowSentence({ since }: Watching, thing: string): string | undefined {
  if (since === undefined) return undefined;
  const { good, bad } = since.seen;
  return `${bad.toLocaleString('en-US')} of the last ${counted(good + bad, thing)} took longer than 19 of 20 usually do, since ${moment(since.atMicroseconds)}`;
}
