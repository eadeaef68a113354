import { httpSink } from '#adapters/siem/http-sink.ts';
import { jsonLinesFileSink, jsonLinesOutputSink } from '#adapters/siem/json-lines-sink.ts';
import type { Sink } from '#adapters/siem/sink.ts';
import { syslogSink } from '#adapters/siem/syslog-sink.ts';
import type { SinkSettings } from './sink-configuration.ts';

export interface SinkMeans {
  readonly hostname: string;
  readonly writeOutput: (text: string, done: (error?: Error | null) => void) => void;
}

const MEBIBYTE = 1_048_576;

type SettingsOf<Type extends SinkSettings['type']> = Extract<SinkSettings, { type: Type }>;

/** Rejects where a file that is named is not there. */
export async function createSink(settings: SinkSettings, means: SinkMeans): Promise<Sink> {
  if (settings.type === 'JsonLines') return jsonLines(settings, means);
  return settings.type === 'SyslogTls' ? syslog(settings, means) : await http(settings);
}

function jsonLines({ path, maximumMebibytes }: SettingsOf<'JsonLines'>, { writeOutput }: SinkMeans): Sink {
  return path === undefined
    ? jsonLinesOutputSink(writeOutput)
    : jsonLinesFileSink({ path, maximumBytes: maximumMebibytes * MEBIBYTE });
}

function http(settings: SettingsOf<'Https' | 'OtlpLogs'>): Promise<Sink> {
  const { type, url, tokenPath, certificateAuthoritiesPath } = settings;
  return httpSink({
    url,
    format: type === 'OtlpLogs' ? 'OtlpLogs' : settings.format,
    ...(tokenPath !== undefined && { tokenPath }),
    ...(certificateAuthoritiesPath !== undefined && { certificateAuthoritiesPath }),
  });
}

function syslog(settings: SettingsOf<'SyslogTls'>, { hostname }: SinkMeans): Sink {
  const { host, port, certificateAuthoritiesPath, certificatePath, keyPath } = settings;
  return syslogSink({
    host,
    port,
    hostname,
    ...(certificateAuthoritiesPath !== undefined && { certificateAuthoritiesPath }),
    ...(certificatePath !== undefined && { certificatePath }),
    ...(keyPath !== undefined && { keyPath }),
  });
}
