/** "$500 this hour: is it normal?" for one agent. */
import type { JudgedMeasure } from '../observation/judged-measure.ts';
import type { Usual } from '../normality/hour-of-week.ts';
import type { LocalHours } from '../normality/local-hours.ts';
import { COST_FLOOR_NANO_USD } from './cost-watch.ts';
import { band, bounded, counted, dollars, times } from './sentences.ts';
import { HOUR_MICROSECONDS } from './time-units.ts';
import type { WatchedAgent } from './watched-agent.ts';

/** Before that nothing can be said of how the hour ends. */
const LEAST_OF_AN_HOUR = 0.1;

/** Of one agent; `why` is put behind the sentence of what is abnormal. */
export interface CostFinding {
  readonly measure: JudgedMeasure;
  readonly isAbnormal: boolean;
  readonly sinceHour: number | undefined;
}

export function judgeCost(agent: WatchedAgent, nowMicroseconds: number, local: LocalHours): CostFinding {
  const { cost } = agent;
  const hour = Math.floor(nowMicroseconds / HOUR_MICROSECONDS);
  const amount = cost.exactAt(hour) ?? 0;
  const passed = nowMicroseconds / HOUR_MICROSECONDS - hour;
  const projected = passed < LEAST_OF_AN_HOUR ? null : Math.round(amount / passed);
  const usual = cost.usual.usualIn(hour);
  const { hours, days } = cost.excessNow(hour, amount);
  const unknown = cost.unknownAt(hour);
  const isAbnormal = hours.isAbnormal || days.isAbnormal;
  const isLittle = usual !== undefined && usual.median <= COST_FLOOR_NANO_USD * 1.0001;
  const said = projected ?? amount;
  const ratio = usual === undefined || (isLittle && said <= COST_FLOOR_NANO_USD) ? null : said / usual.median;
  const sentences = [
    hourSentence({ amount, projected }),
    usualSentence(usual, isLittle, ratio, local.nameOf(hour)),
    ...unknownSentences(unknown),
    ...(days.isAbnormal ? [daySentence(agent, hour, local)] : []),
  ];
  return {
    measure: {
      verdict: verdictOf({ isAbnormal, hasUnknown: unknown > 0, isKnown: usual !== undefined }),
      amount: unknown > 0 && amount === 0 ? null : amount,
      projected,
      usual: usual ?? null,
      ratio,
      sentence: bounded(sentences.join('; ')),
      sinceMicroseconds: sinceOf(hours, days, local, hour),
    },
    isAbnormal,
    sinceHour: hours.isAbnormal ? hours.sinceHour : undefined,
  };
}

interface Excessive {
  readonly isAbnormal: boolean;
  readonly sinceHour?: number;
}

function verdictOf({
  isAbnormal,
  hasUnknown,
  isKnown,
}: {
  readonly isAbnormal: boolean;
  readonly hasUnknown: boolean;
  readonly isKnown: boolean;
}): JudgedMeasure['verdict'] {
  if (isAbnormal) return 'abnormal';
  if (hasUnknown) return 'unknown';
  return isKnown ? 'normal' : 'learning';
}

function sinceOf(hours: Excessive, days: Excessive, local: LocalHours, hour: number): number | null {
  if (hours.isAbnormal && hours.sinceHour !== undefined) return hours.sinceHour * HOUR_MICROSECONDS;
  if (!days.isAbnormal || days.sinceHour === undefined) return null;
  // What is called an hour there is a day of the place.
  return (days.sinceHour * 24 - (local.of(hour) - hour)) * HOUR_MICROSECONDS;
}

function hourSentence({
  amount,
  projected,
}: {
  readonly amount: number;
  readonly projected: number | null;
}): string {
  const now = `${dollars(amount)} this hour`;
  return projected === null || amount === 0 ? now : `${now}, ${dollars(projected)} at its end if it goes on`;
}

function usualSentence(
  usual: Usual | undefined,
  isLittle: boolean,
  ratio: number | null,
  hourName: string,
): string {
  if (usual === undefined) return 'what is usual is being learned: it takes three days at least';
  const measured = ratio === null ? '' : ` (${times(ratio)})`;
  if (isLittle) return `usual for ${hourName}: less than ${dollars(COST_FLOOR_NANO_USD)}${measured}`;
  return `usual for ${hourName}: ${band(usual, dollars)}${measured}`;
}

function unknownSentences(unknown: number): readonly string[] {
  if (unknown === 0) return [];
  return [`${counted(unknown, 'call')} of this hour ${unknown === 1 ? 'has' : 'have'} no known price`];
}

function daySentence(agent: WatchedAgent, hour: number, local: LocalHours): string {
  const { amount, usual } = agent.cost.dayAgainstUsual(local.dayOf(hour) - 1);
  if (amount === undefined || usual === undefined)
    return 'the totals of the last days are above what is usual';
  return `yesterday came to ${dollars(amount)}; usual for its day: ${band(usual, dollars)}`;
}
