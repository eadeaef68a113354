/**
 * node bench/router/run.ts [--rounds=5] [--seconds=3] [--streams=200]
 *
 * Compares the router with a bare forwarder and with Portkey's gateway, in interleaved rounds against one upstream. See
 * README.md for the method.
 */
import { parseArgs } from 'node:util';
import { median, quantile } from '../laboratory/quantiles.ts';
import { type Contender, startContenders } from './contenders.ts';
import {
  type StreamsResult,
  type Throughput,
  measureLatencies,
  measureStreams,
  measureThroughput,
} from './measure.ts';

const CONNECTIONS = [1, 32] as const;
const LATENCY_REQUESTS = 300;
const WARM_UP_SECONDS = 2;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    streams: { type: 'string', default: '200' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

interface Figures {
  readonly throughput: Map<number, Throughput[]>;
  /** Medians and 99th percentiles of each round, less those of the direct way in the same round. */
  readonly addedMedian: number[];
  readonly addedP99: number[];
  streams: StreamsResult | undefined;
}

await using contenders = await startContenders();
const { direct, gateways } = contenders;
const figures = new Map<Contender, Figures>(
  gateways.map((gateway) => [
    gateway,
    {
      throughput: new Map(CONNECTIONS.map((count) => [count, []])),
      addedMedian: [],
      addedP99: [],
      streams: undefined,
    },
  ]),
);

console.log('warming up');
for (const gateway of [direct, ...gateways]) await measureThroughput(gateway, 32, WARM_UP_SECONDS);

for (let round = 1; round <= rounds; round += 1) {
  console.log(`round ${round} of ${rounds}`);
  // Every round begins with another one, so that no one always comes after the same neighbour.
  const order = gateways.map((_gateway, index) => gateways[(index + round) % gateways.length]);
  const base = (await measureLatencies(direct, LATENCY_REQUESTS)).toSorted((one, other) => one - other);
  for (const gateway of order) {
    const own = gateway && figures.get(gateway);
    if (gateway === undefined || own === undefined) continue;
    const latencies = (await measureLatencies(gateway, LATENCY_REQUESTS)).toSorted(
      (one, other) => one - other,
    );
    own.addedMedian.push(quantile(latencies, 0.5) - quantile(base, 0.5));
    own.addedP99.push(quantile(latencies, 0.99) - quantile(base, 0.99));
    for (const count of CONNECTIONS) {
      own.throughput.get(count)?.push(await measureThroughput(gateway, count, seconds));
    }
  }
}
for (const [gateway, own] of figures) {
  console.log(`${values.streams} streams through ${gateway.name}`);
  own.streams = await measureStreams(gateway, Number(values.streams));
}
printTable();

function printTable(): void {
  const bare = gateways.find(({ name }) => name === 'bare forwarder');
  const at = (gateway: Contender | undefined, count: number): readonly Throughput[] =>
    (gateway && figures.get(gateway)?.throughput.get(count)) ?? [];
  const requestsPerSecond = (gateway: Contender | undefined, count: number): number =>
    median(at(gateway, count).map((one) => one.requestsPerSecond));
  // Each round is compared with the bare forwarder of the same round: the machine changes from minute to minute.
  const ofBare = (gateway: Contender, count: number): number =>
    median(
      at(gateway, count).map(
        (one, round) => one.requestsPerSecond / (at(bare, count)[round]?.requestsPerSecond ?? 0),
      ),
    );
  const processor = (gateway: Contender | undefined): number =>
    median(at(gateway, 32).map((one) => one.processorMicrosecondsPerRequest));
  console.log(`
| | req/s, 1 connection | of bare | req/s, 32 connections | of bare | processor a request | added p50 | added p99 | streams whole | worst gap | first chunk p99 |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|`);
  for (const [gateway, own] of figures) {
    const cells = CONNECTIONS.flatMap((count) => [
      requestsPerSecond(gateway, count).toFixed(0),
      `${(100 * ofBare(gateway, count)).toFixed(0)} %`,
    ]);
    console.log(
      `| ${[
        gateway.name,
        ...cells,
        `${processor(gateway).toFixed(0)} µs`,
        `${median(own.addedMedian).toFixed(2)} ms`,
        `${median(own.addedP99).toFixed(2)} ms`,
        `${own.streams?.whole} of ${own.streams?.streams}`,
        `${own.streams?.worstGapMilliseconds.toFixed(0)} ms`,
        `${own.streams?.firstChunkP99Milliseconds.toFixed(0)} ms`,
      ].join(' | ')} |`,
    );
  }
  const portkey = gateways.find(({ name }) => name === 'portkey');
  const ratio = requestsPerSecond(bare, 32) / requestsPerSecond(portkey, 32);
  console.log(
    `\nThe bare forwarder does ${ratio.toFixed(1)} times the requests of Portkey at 32 connections.`,
  );
}
