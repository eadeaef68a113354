/**
 * Writes figures down later, many at once: prom-client looks its series up by their labels each time, which costs a
 * busy router more in between other work than in one go. Nothing is lost by it: a scrape sees everything up to then.
 */
import type { RouterMetrics } from './router-metrics.ts';

const FLUSH_MILLISECONDS = 250;
const MOST_WAITING = 4_096;

export interface BatchedMetrics extends RouterMetrics {
  readonly flush: () => void;
  readonly stop: () => void;
}

export function batchedMetrics(metrics: RouterMetrics): BatchedMetrics {
  let waiting: (() => void)[] = [];
  const flush = (): void => {
    const due = waiting;
    waiting = [];
    for (const write of due) write();
  };
  const later = (write: () => void): void => {
    waiting.push(write);
    if (waiting.length >= MOST_WAITING) flush();
  };
  const timer = setInterval(flush, FLUSH_MILLISECONDS).unref();
  return {
    callFinished: (...args) => later(() => metrics.callFinished(...args)),
    usageSettled: (...args) => later(() => metrics.usageSettled(...args)),
    requestFinished: (...args) => later(() => metrics.requestFinished(...args)),
    tokenReviewed: (...args) => later(() => metrics.tokenReviewed(...args)),
    flush,
    stop: () => {
      clearInterval(timer);
      flush();
    },
  };
}
