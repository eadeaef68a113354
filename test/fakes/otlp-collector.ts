/** A collector on 127.0.0.1 that keeps what it is sent, or does to it what a test says. */
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeTracesFromProtobuf } from '#domain/otlp/decode-protobuf.ts';
import type { OtlpSpan } from '#domain/otlp/reported-work.ts';

export interface OtlpCollector {
  readonly url: string;
  readonly bodies: readonly Buffer[];
  /** All spans of the bodies that were answered with 200; fails the test when one of them cannot be read. */
  readonly spans: () => readonly OtlpSpan[];
  answer: (response: ServerResponse) => void;
  readonly close: () => Promise<void>;
}

export async function startOtlpCollector(): Promise<OtlpCollector> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'POST' && request.url === '/v1/traces') bodies.push(Buffer.concat(chunks));
      collector.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: OtlpCollector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    spans: () =>
      bodies.flatMap((body) => {
        const decoded = decodeTracesFromProtobuf(body);
        if (!decoded.ok || decoded.rejected > 0) throw new Error('The exporter sent what cannot be read.');
        return decoded.items;
      }),
    answer: (response) => void response.writeHead(200).end(),
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
  return collector;
}
