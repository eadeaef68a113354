/**
 * ExportTraceServiceRequest and ExportLogsServiceRequest from protobuf
 * (https://github.com/open-telemetry/opentelemetry-proto, v1), field by field with the reader of @bufbuild/protobuf: what has no
 * meaning here is skipped on the wire, and no object is made of it.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { AttributeGatherer } from './attribute-gatherer.ts';
import { LONGEST_KNOWN_NAME } from './attribute-names.ts';
import {
  type AttributeValue,
  type Decoded,
  type DecodedExport,
  ExportGatherer,
  OTLP_BOUNDS,
  type OtlpLogRecord,
  type OtlpSpan,
  type RawSpan,
  checkLogRecord,
  checkSpan,
} from './reported-work.ts';

export function decodeTracesFromProtobuf(bytes: Uint8Array): Decoded<OtlpSpan> {
  return decode(bytes, (reader, gatherer: ExportGatherer<OtlpSpan>) => readSpan(reader, gatherer));
}

export function decodeLogsFromProtobuf(bytes: Uint8Array): Decoded<OtlpLogRecord> {
  return decode(bytes, (reader, gatherer: ExportGatherer<OtlpLogRecord>) => readLogRecord(reader, gatherer));
}

/** Requests of traces and logs have one shape: resources (1) of scopes (2) of items (2). */
function decode<Item>(
  bytes: Uint8Array,
  readItem: (reader: BoundedReader, gatherer: ExportGatherer<Item>) => void,
): Decoded<Item> {
  const gatherer = new ExportGatherer<Item>();
  try {
    const reader = new BoundedReader(bytes);
    readFields(reader, reader.len, {
      1: () =>
        readMessage(reader, {
          2: () => readMessage(reader, { 2: () => readItem(reader, gatherer) }),
        }),
    });
  } catch (error) {
    if (error instanceof TooManyFieldsError) {
      return { ok: false, message: `holds more than ${OTLP_BOUNDS.fields} fields` };
    }
    // What the reader says of it quotes nothing that would help.
    return { ok: false, message: 'is not an export request in protobuf' };
  }
  const result: DecodedExport<Item> = gatherer.result();
  return { ok: true, ...result };
}

type FieldReaders = Readonly<Record<number, (wireType: WireType) => void>>;

class MalformedMessageError extends Error {}
class TooManyFieldsError extends Error {}

/** A field may be two bytes long, and to look at each costs more than its bytes do. */
class BoundedReader extends BinaryReader {
  #fieldsLeft = OTLP_BOUNDS.fields;

  override tag(): [number, WireType] {
    this.#fieldsLeft -= 1;
    if (this.#fieldsLeft < 0) throw new TooManyFieldsError();
    return super.tag();
  }
}

function readMessage(reader: BoundedReader, fields: FieldReaders): void {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new MalformedMessageError();
  readFields(reader, end, fields);
}

function readFields(reader: BoundedReader, end: number, fields: FieldReaders): void {
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    const read = fields[field];
    if (read === undefined) reader.skip(wireType, field);
    else read(wireType);
  }
  // A message that reads past its own end has eaten of its neighbour.
  if (reader.pos !== end) throw new MalformedMessageError();
}

function expect(wireType: WireType, expected: WireType): void {
  if (wireType !== expected) throw new MalformedMessageError();
}

function readSpan(reader: BoundedReader, gatherer: ExportGatherer<OtlpSpan>): void {
  const raw: RawSpan = {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    name: '',
    startNanoseconds: 0n,
    endNanoseconds: 0n,
    statusCode: 0,
  };
  const attributes = new AttributeGatherer();
  readMessage(reader, {
    1: (type) => (raw.traceId = readId(reader, type)),
    2: (type) => (raw.spanId = readId(reader, type)),
    4: (type) => (raw.parentSpanId = readId(reader, type)),
    5: (type) => (raw.name = readText(reader, type) ?? ''),
    7: (type) => (raw.startNanoseconds = readFixed64(reader, type)),
    8: (type) => (raw.endNanoseconds = readFixed64(reader, type)),
    9: (type) => readAttribute(reader, type, attributes),
    15: (type) => {
      expect(type, WireType.LengthDelimited);
      readMessage(reader, {
        3: (code) => {
          expect(code, WireType.Varint);
          raw.statusCode = reader.int32();
        },
      });
    },
  });
  gatherer.take(() => checkSpan(raw, attributes.result()));
}

function readLogRecord(reader: BoundedReader, gatherer: ExportGatherer<OtlpLogRecord>): void {
  let [traceId, spanId, eventName] = ['', '', ''];
  let [time, observed] = [0n, 0n];
  const attributes = new AttributeGatherer();
  readMessage(reader, {
    1: (type) => (time = readFixed64(reader, type)),
    6: (type) => readAttribute(reader, type, attributes),
    9: (type) => (traceId = readId(reader, type)),
    10: (type) => (spanId = readId(reader, type)),
    11: (type) => (observed = readFixed64(reader, type)),
    12: (type) => (eventName = readText(reader, type) ?? ''),
  });
  const nanoseconds = time === 0n ? observed : time;
  gatherer.take(() =>
    checkLogRecord({ traceId, spanId, eventName, nanoseconds, attributes: attributes.result() }),
  );
}

function readId(reader: BoundedReader, wireType: WireType): string {
  expect(wireType, WireType.LengthDelimited);
  const bytes = reader.bytes();
  // Longer ones are refused anyway.
  return bytes.length > 16 ? 'too long' : Buffer.from(bytes).toString('hex');
}

function readFixed64(reader: BoundedReader, wireType: WireType): bigint {
  expect(wireType, WireType.Bit64);
  return BigInt(reader.fixed64());
}

/** Undefined when it is longer than any attribute may be. */
function readText(reader: BoundedReader, wireType: WireType): string | undefined {
  expect(wireType, WireType.LengthDelimited);
  const bytes = reader.bytes();
  if (bytes.length > OTLP_BOUNDS.attributeBytes) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** KeyValue. The key comes first, as every writer writes it; a value before its key is passed over. */
function readAttribute(reader: BoundedReader, wireType: WireType, attributes: AttributeGatherer): void {
  expect(wireType, WireType.LengthDelimited);
  let name: string | undefined;
  readMessage(reader, {
    1: (type) => {
      expect(type, WireType.LengthDelimited);
      const bytes = reader.bytes();
      name =
        bytes.length > LONGEST_KNOWN_NAME
          ? undefined
          : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
    },
    2: (type) => {
      expect(type, WireType.LengthDelimited);
      const known = name === undefined ? undefined : attributes.wants(name);
      if (known === undefined) reader.skip(type);
      else attributes.set(known, readValue(reader));
    },
  });
}

/** AnyValue. Lists are of texts; maps and bytes mean nothing here. */
function readValue(reader: BoundedReader): AttributeValue | undefined {
  let value: AttributeValue | undefined;
  readMessage(reader, {
    1: (type) => (value = readText(reader, type)),
    2: (type) => {
      expect(type, WireType.Varint);
      value = reader.bool();
    },
    3: (type) => {
      expect(type, WireType.Varint);
      value = BigInt(reader.int64());
    },
    4: (type) => {
      expect(type, WireType.Bit64);
      value = reader.double();
    },
    5: (type) => {
      expect(type, WireType.LengthDelimited);
      value = readTexts(reader);
    },
  });
  return value;
}

function readTexts(reader: BoundedReader): readonly string[] {
  const texts: string[] = [];
  readMessage(reader, {
    1: (type) => {
      expect(type, WireType.LengthDelimited);
      readMessage(reader, {
        1: (text) => {
          const value = readText(reader, text);
          if (value !== undefined && texts.length < OTLP_BOUNDS.listValues) texts.push(value);
        },
      });
    },
  });
  return texts;
}
