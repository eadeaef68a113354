/** The three measurements: requests per second, added latency, and streams without a stall. */
import { Agent, request as httpRequest } from 'node:http';
import autocannon from 'autocannon';
import { Client } from 'undici';
import { processorMicroseconds } from '../laboratory/processes.ts';
import { quantile } from '../laboratory/quantiles.ts';
import type { Contender } from './contenders.ts';
import { CHUNK_COUNT, STALL_MILLISECONDS } from '../laboratory/stream-pace.ts';
import { CHAT_BODY, CHAT_PATH, STREAM_BODY } from './workload.ts';

export interface Throughput {
  readonly requestsPerSecond: number;
  /** Of the gateway's own process: what it costs, whatever else the machine is doing. */
  readonly processorMicrosecondsPerRequest: number;
}

/** A closed loop over so many connections. Throws when any answer was not 2xx. */
export async function measureThroughput(
  { name, port, headers, processId }: Contender,
  connections: number,
  seconds: number,
): Promise<Throughput> {
  const processor = (): Promise<number> =>
    processId === 0 ? Promise.resolve(0) : processorMicroseconds(processId);
  const before = await processor();
  const result = await autocannon({
    url: `http://127.0.0.1:${port}${CHAT_PATH}`,
    method: 'POST',
    headers: { ...headers },
    body: CHAT_BODY,
    connections,
    duration: seconds,
    timeout: 10,
  });
  const used = (await processor()) - before;
  const bad = result.non2xx + result.errors + result.timeouts;
  if (bad > 0) throw new Error(`${name} failed ${bad} requests at ${connections} connections`);
  return {
    requestsPerSecond: result.requests.total / result.duration,
    processorMicrosecondsPerRequest: used / result.requests.total,
  };
}

/** Milliseconds of each of so many requests, one after the other on one kept connection. */
export async function measureLatencies(
  { name, port, headers }: Contender,
  count: number,
): Promise<readonly number[]> {
  const client = new Client(`http://127.0.0.1:${port}`);
  const latencies: number[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const startedAt = performance.now();
      const { statusCode, body } = await client.request({
        method: 'POST',
        path: CHAT_PATH,
        headers,
        body: CHAT_BODY,
      });
      await body.text();
      latencies.push(performance.now() - startedAt);
      if (statusCode !== 200) throw new Error(`${name} answered ${statusCode}`);
    }
  } finally {
    await client.close();
  }
  return latencies;
}

export interface StreamsResult {
  readonly streams: number;
  /** Streams with every chunk, the closing event and no gap above the limit. */
  readonly whole: number;
  readonly worstGapMilliseconds: number;
  readonly medianGapMilliseconds: number;
  readonly firstChunkP99Milliseconds: number;
}

interface OneStream {
  readonly chunks: number;
  readonly isDone: boolean;
  readonly gaps: readonly number[];
  readonly firstChunkMilliseconds: number;
}

export async function measureStreams(contender: Contender, count: number): Promise<StreamsResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const streams = await Promise.all(Array.from({ length: count }, () => readStream(contender, agent)));
  agent.destroy();
  const gaps = streams.flatMap((stream) => stream.gaps).toSorted((one, other) => one - other);
  const isWhole = ({ chunks, isDone, gaps: own }: OneStream): boolean =>
    isDone && chunks === CHUNK_COUNT && own.every((gap) => gap <= STALL_MILLISECONDS);
  return {
    streams: count,
    whole: streams.filter(isWhole).length,
    worstGapMilliseconds: gaps.at(-1) ?? 0,
    medianGapMilliseconds: quantile(gaps, 0.5),
    firstChunkP99Milliseconds: quantile(
      streams
        .map(({ firstChunkMilliseconds }) => firstChunkMilliseconds)
        .toSorted((one, other) => one - other),
      0.99,
    ),
  };
}

async function readStream({ port, streamPort = port, headers }: Contender, agent: Agent): Promise<OneStream> {
  const { promise, resolve, reject } = Promise.withResolvers<OneStream>();
  const startedAt = performance.now();
  const request = httpRequest({
    port: streamPort,
    host: '127.0.0.1',
    path: CHAT_PATH,
    method: 'POST',
    headers,
    agent,
  });
  request.on('error', reject);
  request.on('response', (response) => {
    let text = '';
    let lastAt: number | undefined;
    let firstChunkMilliseconds = 0;
    const gaps: number[] = [];
    response.setEncoding('utf8');
    response.on('error', reject);
    response.on('data', (piece: string) => {
      text += piece;
      const now = performance.now();
      if (lastAt === undefined) firstChunkMilliseconds = now - startedAt;
      else gaps.push(now - lastAt);
      lastAt = now;
    });
    response.on('end', () => {
      const chunks = text.split('"content":"word "').length - 1;
      resolve({ chunks, isDone: text.trimEnd().endsWith('data: [DONE]'), gaps, firstChunkMilliseconds });
    });
  });
  request.end(STREAM_BODY);
  return await promise;
}
