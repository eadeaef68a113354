/**
 * Some namespaces together as one number beside one band. Bands are added end to end: agents of one cluster swing together, so
 * that a narrower band would call a busy Monday abnormal. What is not known of one of them is left out, and said.
 */
import type { JudgedMeasure, UsualBand } from '#domain/observation/judged-measure.ts';
import { unknownMeasure } from '../objects/agent-objects.ts';
import { dollars } from './dollars.ts';

export function sumOfCosts(costs: readonly JudgedMeasure[]): JudgedMeasure {
  const [only] = costs;
  if (costs.length === 1 && only !== undefined) return only;
  const known = costs.filter(({ amount }) => amount !== null);
  if (known.length === 0) return unknownMeasure('No cost of this hour is known.');
  const amount = sum(known.map((cost) => cost.amount ?? 0));
  const projected = sum(known.map((cost) => cost.projected ?? cost.amount ?? 0));
  const missing = costs.length - known.length;
  const left = missing === 0 ? '' : ` ${missing} of ${costs.length} namespaces are not known and left out.`;
  const usual = sumOfBands(known);
  if (usual === undefined) {
    const verdict = missing > 0 ? 'unknown' : 'learning';
    const sentence = `${dollars(amount)} so far this hour; what is usual is still being learned.${left}`;
    return { ...unknownMeasure(sentence), verdict, amount, projected };
  }
  const isAbnormal = projected > usual.high;
  return {
    verdict: isAbnormal ? 'abnormal' : missing > 0 ? 'unknown' : 'normal',
    amount,
    projected,
    usual,
    ratio: usual.median > 0 ? projected / usual.median : null,
    sentence:
      `${dollars(amount)} so far this hour, which comes to ${dollars(projected)}; ` +
      `usual for this hour: ${dollars(usual.low)} to ${dollars(usual.high)}.${left}`,
    sinceMicroseconds: isAbnormal ? earliest(known) : null,
  };
}

/** Undefined when one of them has no band yet. */
function sumOfBands(costs: readonly JudgedMeasure[]): UsualBand | undefined {
  const bands = costs.flatMap(({ usual }) => usual ?? []);
  if (bands.length < costs.length) return undefined;
  const [basis, ...others] = new Set(bands.map((band) => band.basis));
  return {
    low: sum(bands.map(({ low }) => low)),
    median: sum(bands.map(({ median }) => median)),
    high: sum(bands.map(({ high }) => high)),
    basis: basis === undefined || others.length > 0 ? 'mixed' : basis,
  };
}

/** Null when nothing is known of any. */
export function sumOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : sum(known);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function earliest(costs: readonly JudgedMeasure[]): number | null {
  const times = costs.flatMap(({ verdict, sinceMicroseconds }) =>
    verdict === 'abnormal' && sinceMicroseconds !== null ? [sinceMicroseconds] : [],
  );
  return times.length === 0 ? null : Math.min(...times);
}
