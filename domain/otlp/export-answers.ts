/**
 * What an exporter is answered, in the encoding that it wrote: ExportTraceServiceResponse and ExportLogsServiceResponse, which
 * have one shape, and google.rpc.Status for a refusal. A JSON answer says what was rejected as text, as 64-bit numbers are.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export type OtlpEncoding = 'json' | 'protobuf';

export const CONTENT_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  json: 'application/json',
  protobuf: 'application/x-protobuf',
};

/** Of `rejected` ones nobody is to send the same again. `message` alone is a warning. */
export function writeExportAnswer(
  encoding: OtlpEncoding,
  items: 'spans' | 'logRecords',
  rejected: number,
  message: string | undefined,
): string | Uint8Array {
  const isWhole = rejected === 0 && message === undefined;
  if (encoding === 'json') {
    if (isWhole) return '{}';
    const field = items === 'spans' ? 'rejectedSpans' : 'rejectedLogRecords';
    return JSON.stringify({ partialSuccess: { [field]: String(rejected), errorMessage: message ?? '' } });
  }
  const writer = new BinaryWriter();
  if (isWhole) return writer.finish();
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int64(rejected);
  writer.tag(2, WireType.LengthDelimited).string(message ?? '');
  return writer.join().finish();
}

/** `code` is one of https://grpc.io/docs/guides/status-codes/. */
export function writeStatus(encoding: OtlpEncoding, code: number, message: string): string | Uint8Array {
  if (encoding === 'json') return JSON.stringify({ code, message });
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(code);
  writer.tag(2, WireType.LengthDelimited).string(message);
  return writer.finish();
}
