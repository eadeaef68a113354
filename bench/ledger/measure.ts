/** Closed loop: as fast as a number of callers can, each waiting for its answer. Open loop: at a rate, whoever waits. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SubmittedRecord } from '#services/ledger/store/ledger-store.ts';
import { quantile } from '../laboratory/quantiles.ts';
import type { Contender } from './contenders.ts';

export interface Acknowledgements {
  readonly recordsPerSecond: number;
  readonly medianMilliseconds: number;
  readonly p99Milliseconds: number;
  readonly slowestMilliseconds: number;
}

export async function measureClosedLoop(
  contender: Contender,
  records: Iterator<SubmittedRecord, never>,
  callers: number,
  seconds: number,
): Promise<Acknowledgements> {
  const latencies: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  const call = async (): Promise<void> => {
    while (performance.now() < end) {
      const { value } = records.next();
      const sent = performance.now();
      await contender.write(value);
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return summary(latencies, performance.now() - began);
}

/** Latencies count from when a record was due, not from when it could be sent: a stall is seen by all whom it meets. */
export async function measureOpenLoop(
  contender: Contender,
  records: Iterator<SubmittedRecord, never>,
  recordsPerSecond: number,
  seconds: number,
): Promise<Acknowledgements> {
  const latencies: number[] = [];
  const answers: Promise<void>[] = [];
  const total = recordsPerSecond * seconds;
  const began = performance.now();
  const send = async (due: number): Promise<void> => {
    await contender.write(records.next().value);
    latencies.push(performance.now() - due);
  };
  while (answers.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * recordsPerSecond));
    while (answers.length < due) {
      answers.push(send(began + ((answers.length + 1) / recordsPerSecond) * 1000));
    }
    await sleep(1);
  }
  await Promise.all(answers);
  return summary(latencies, performance.now() - began);
}

function summary(latencies: readonly number[], milliseconds: number): Acknowledgements {
  const sorted = latencies.toSorted((one, other) => one - other);
  return {
    recordsPerSecond: (latencies.length / milliseconds) * 1000,
    medianMilliseconds: quantile(sorted, 0.5),
    p99Milliseconds: quantile(sorted, 0.99),
    slowestMilliseconds: sorted.at(-1) ?? Number.NaN,
  };
}
