/** Sinks that take events by HTTP: any that reads a JSON array or JSON lines, Splunk's event collector, OTLP logs. */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { otlpLogs } from '#domain/ocsf/otlp-logs.ts';
import type { OcsfEvent } from '#domain/ocsf/ocsf-event.ts';
import { type Sink, jsonLine } from './sink.ts';

const HTTP_FORMATS = {
  JsonArray: {
    contentType: 'application/json',
    scheme: 'Bearer',
    body: (events: readonly OcsfEvent[]) => JSON.stringify(events),
  },
  JsonLines: {
    contentType: 'application/x-ndjson',
    scheme: 'Bearer',
    body: (events: readonly OcsfEvent[]) => events.map(jsonLine).join(''),
  },
  SplunkHec: {
    contentType: 'application/json',
    scheme: 'Splunk',
    body: (events: readonly OcsfEvent[]) =>
      events
        .map((event) =>
          JSON.stringify({ time: event.time / 1000, sourcetype: 'ocsf:json', source: 'capataz', event }),
        )
        .join('\n'),
  },
  OtlpLogs: {
    contentType: 'application/json',
    scheme: 'Bearer',
    body: (events: readonly OcsfEvent[]) => JSON.stringify(otlpLogs(events)),
  },
} as const;
type HttpFormat = keyof typeof HTTP_FORMATS;

export interface HttpSinkOptions {
  readonly url: string;
  readonly format: HttpFormat;
  /** A file with the token, read again for each delivery: whoever renews it need tell nobody. */
  readonly tokenPath?: string;
  /** PEM file of authorities to trust in place of the public ones. */
  readonly certificateAuthoritiesPath?: string;
}

const ANSWER_QUOTED_CHARACTERS = 200;
const ANSWER_MAXIMUM_BYTES = 65_536;

export async function httpSink(options: HttpSinkOptions): Promise<Sink> {
  const { url, format, tokenPath, certificateAuthoritiesPath } = options;
  const { contentType, scheme, body } = HTTP_FORMATS[format];
  const ca =
    certificateAuthoritiesPath === undefined ? undefined : await readFile(certificateAuthoritiesPath, 'utf8');
  const dispatcher = new Agent({ connections: 1, ...(ca !== undefined && { connect: { ca } }) });
  return {
    deliver: async (events, signal) => {
      const token = tokenPath === undefined ? undefined : (await readFile(tokenPath, 'utf8')).trim();
      const answer = await request(url, {
        method: 'POST',
        dispatcher,
        signal,
        headers: {
          'content-type': contentType,
          ...(token !== undefined && { authorization: `${scheme} ${token}` }),
        },
        body: body(events),
      });
      const text = await boundedText(answer.body);
      if (answer.statusCode < 200 || answer.statusCode >= 300) {
        throw new Error(
          `${new URL(url).host} answered ${answer.statusCode}: ${text.slice(0, ANSWER_QUOTED_CHARACTERS)}`,
        );
      }
      if (format === 'OtlpLogs') refusePartialSuccess(text);
    },
    close: () => dispatcher.close(),
  };
}

async function boundedText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > ANSWER_MAXIMUM_BYTES) throw new Error('the answer is longer than an acknowledgement can be');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A collector may take some and refuse others with 200 (OTLP, partial success). Sent again, they may be taken. */
function refusePartialSuccess(text: string): void {
  const rejected = /"rejectedLogRecords"\s*:\s*"?(\d+)/.exec(text)?.[1];
  if (rejected !== undefined && Number(rejected) > 0) {
    throw new Error(`the collector refused ${rejected} of the events`);
  }
}
