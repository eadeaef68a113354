/** Runs in a closed loop: each connection asks again as soon as it has its answer. */
import { Client } from 'undici';
import { peakMemoryBytes, processorMicroseconds } from '../laboratory/processes.ts';
import { quantile } from '../laboratory/quantiles.ts';
import type { Contender } from './contenders.ts';
import { RUN_BODY, type Scenario } from './workload.ts';

export interface Measured {
  readonly runsPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  /** User and system time of all processes of the contender. */
  readonly processorMicrosecondsPerRun: number;
}

/** Throws when any run did not succeed. */
export async function measureRuns(
  contender: Contender,
  scenario: Scenario,
  connections: number,
  seconds: number,
): Promise<Measured> {
  const url = new URL(contender.runUrl(scenario));
  const latencies: number[] = [];
  const before = await processorOf(contender, scenario);
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const loop = async (): Promise<void> => {
    const client = new Client(url.origin);
    try {
      while (performance.now() < until) {
        const askedAt = performance.now();
        const { statusCode, body } = await client.request({
          method: 'POST',
          path: url.pathname,
          headers: { 'content-type': 'application/json' },
          body: RUN_BODY,
        });
        const text = await body.text();
        latencies.push(performance.now() - askedAt);
        if (statusCode !== 200 || !text.includes('"succeeded"')) {
          throw new Error(`${contender.name} answered ${statusCode}: ${text.slice(0, 300)}`);
        }
      }
    } finally {
      await client.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  const took = (performance.now() - startedAt) / 1000;
  const used = (await processorOf(contender, scenario)) - before;
  latencies.sort((one, other) => one - other);
  return {
    runsPerSecond: latencies.length / took,
    p50Milliseconds: quantile(latencies, 0.5),
    p99Milliseconds: quantile(latencies, 0.99),
    processorMicrosecondsPerRun: used / latencies.length,
  };
}

async function processorOf({ processIds }: Contender, scenario: Scenario): Promise<number> {
  return sum(await Promise.all(processIds(scenario).map(processorMicroseconds)));
}

/** Peak memory of the processes that served the scenario. */
export async function memoryOf({ processIds }: Contender, scenario: Scenario): Promise<number> {
  return sum(await Promise.all(processIds(scenario).map(peakMemoryBytes)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
