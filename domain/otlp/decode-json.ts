/**
 * ExportTraceServiceRequest and ExportLogsServiceRequest from JSON
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hexadecimal, 64-bit numbers as texts (or as
 * numbers), enumerations as numbers, fields that are not known ignored.
 */
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { AttributeGatherer } from './attribute-gatherer.ts';
import {
  type AttributeValue,
  type Decoded,
  ExportGatherer,
  OTLP_BOUNDS,
  type OtlpLogRecord,
  type OtlpSpan,
  type ReadAttributes,
  STATUS_ERROR,
  checkLogRecord,
  checkSpan,
} from './reported-work.ts';

type JsonObject = Readonly<Record<string, unknown>>;

export function decodeTracesFromJson(text: string): Decoded<OtlpSpan> {
  return decode(text, ['resourceSpans', 'scopeSpans', 'spans'], (span) => {
    const { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano, status } = span;
    return checkSpan(
      {
        traceId: idOf(traceId),
        spanId: idOf(spanId),
        parentSpanId: idOf(parentSpanId),
        name: shortText(name) ?? '',
        startNanoseconds: integerOf(startTimeUnixNano) ?? 0n,
        endNanoseconds: integerOf(endTimeUnixNano) ?? 0n,
        statusCode: statusOf(status),
      },
      attributesOf(span['attributes']),
    );
  });
}

export function decodeLogsFromJson(text: string): Decoded<OtlpLogRecord> {
  return decode(text, ['resourceLogs', 'scopeLogs', 'logRecords'], (record) => {
    const time = integerOf(record['timeUnixNano']) ?? 0n;
    return checkLogRecord({
      traceId: idOf(record['traceId']),
      spanId: idOf(record['spanId']),
      eventName: shortText(record['eventName']) ?? '',
      nanoseconds: time === 0n ? (integerOf(record['observedTimeUnixNano']) ?? 0n) : time,
      attributes: attributesOf(record['attributes']),
    });
  });
}

class MalformedRequestError extends Error {}

function decode<Item>(
  text: string,
  [resources, scopes, items]: readonly [string, string, string],
  read: (item: JsonObject) => Item | string,
): Decoded<Item> {
  const json = parseBoundedJson(text, OTLP_BOUNDS.json);
  if (!json.ok) return { ok: false, message: json.message };
  const gatherer = new ExportGatherer<Item>();
  try {
    for (const resource of objectsIn(objectOf(json.value), resources)) {
      for (const scope of objectsIn(resource, scopes)) {
        for (const item of objectsIn(scope, items)) gatherer.take(() => read(item));
      }
    }
  } catch (error) {
    if (!(error instanceof MalformedRequestError)) throw error;
    return { ok: false, message: `is not an export request: ${error.message}` };
  }
  return { ok: true, ...gatherer.result() };
}

function objectOf(value: unknown): JsonObject {
  if (!isObject(value)) throw new MalformedRequestError('it must be an object');
  return value;
}

function objectsIn(object: JsonObject, field: string): readonly JsonObject[] {
  const list = object[field];
  // Proto3 leaves empty lists out, and null is a field that is not set.
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list) || !list.every(isObject)) {
    throw new MalformedRequestError(`${field} must be a list of objects`);
  }
  return list;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function idOf(value: unknown): string {
  return typeof value === 'string' && value.length <= 32 ? value.toLowerCase() : '';
}

/** Undefined for what is no text, or longer than any attribute may be. */
function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= OTLP_BOUNDS.attributeBytes ? value : undefined;
}

const INTEGER = /^-?\d{1,20}$/;

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'string') return INTEGER.test(value) ? BigInt(value) : undefined;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}

function statusOf(status: unknown): number {
  if (!isObject(status)) return 0;
  // By its name is not to the letter of the protocol, and unmistakable.
  return status['code'] === STATUS_ERROR || status['code'] === 'STATUS_CODE_ERROR' ? STATUS_ERROR : 0;
}

function attributesOf(value: unknown): ReadAttributes {
  const attributes = new AttributeGatherer();
  if (!Array.isArray(value)) return attributes.result();
  for (const each of value as readonly unknown[]) {
    if (!isObject(each) || typeof each['key'] !== 'string') continue;
    const known = attributes.wants(each['key']);
    if (known !== undefined) attributes.set(known, valueOf(each['value']));
  }
  return attributes.result();
}

function valueOf(value: unknown): AttributeValue | undefined {
  if (!isObject(value)) return undefined;
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value;
  if (stringValue !== undefined) return shortText(stringValue);
  if (typeof boolValue === 'boolean') return boolValue;
  if (intValue !== undefined) return integerOf(intValue);
  if (typeof doubleValue === 'number') return doubleValue;
  return isObject(arrayValue) ? textsIn(arrayValue['values']) : undefined;
}

function textsIn(values: unknown): readonly string[] | undefined {
  if (!Array.isArray(values)) return undefined;
  return (values as readonly unknown[])
    .slice(0, OTLP_BOUNDS.listValues)
    .flatMap((value) => (isObject(value) ? (shortText(value['stringValue']) ?? []) : []));
}
