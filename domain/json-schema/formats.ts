/**
 * What "format" may name. The checks are regular expressions on ECMAScript's backtracking engine, so no text longer
 * than any honest one reaches them.
 */
import {
  isDate,
  isDateTime,
  isDuration,
  isEmail,
  isHostname,
  isIPv4,
  isIPv6,
  isIdnEmail,
  isIri,
  isIriReference,
  isJsonPointer,
  isRelativeJsonPointer,
  isTime,
  isUri,
  isUriReference,
  isUriTemplate,
  isUuid,
} from '@hyperjump/json-schema-formats';
import { isRegularExpression } from './linear-pattern.ts';

export const FORMATTED_TEXT_MAXIMUM_CHARACTERS = 4_096;

export interface Format {
  readonly appliesTo: 'string' | 'number';
  readonly holds: (value: string | number) => boolean;
}

const always = (): boolean => true;

const TEXT_FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  time: isTime,
  'date-time': isDateTime,
  duration: isDuration,
  email: isEmail,
  'idn-email': isIdnEmail,
  hostname: isHostname,
  ipv4: isIPv4,
  ipv6: isIPv6,
  uri: isUri,
  'uri-reference': isUriReference,
  'uri-template': isUriTemplate,
  iri: isIri,
  'iri-reference': isIriReference,
  url: isUri,
  uuid: isUuid,
  'json-pointer': isJsonPointer,
  'relative-json-pointer': isRelativeJsonPointer,
  regex: isRegularExpression,
  // OpenAPI's names. Those that say how to show a value say nothing about which it is.
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  password: always,
  binary: always,
};

const NUMBER_FORMATS: Readonly<Record<string, (value: number) => boolean>> = {
  int32: (value) => Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31,
  int64: (value) => Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63,
  float: always,
  double: always,
};

/** Formats without a bound of their own are for texts of any length. */
const OF_ANY_LENGTH = new Set(['byte', 'password', 'binary']);

export const FORMAT_NAMES: readonly string[] = [...Object.keys(TEXT_FORMATS), ...Object.keys(NUMBER_FORMATS)];

export function findFormat(name: string): Format | undefined {
  if (Object.hasOwn(TEXT_FORMATS, name)) {
    const check = TEXT_FORMATS[name] ?? always;
    return { appliesTo: 'string', holds: (value) => holdsForText(name, check, String(value)) };
  }
  if (Object.hasOwn(NUMBER_FORMATS, name)) {
    const check = NUMBER_FORMATS[name] ?? always;
    return { appliesTo: 'number', holds: (value) => check(Number(value)) };
  }
  return undefined;
}

function holdsForText(name: string, check: (text: string) => boolean, text: string): boolean {
  if (text.length > FORMATTED_TEXT_MAXIMUM_CHARACTERS && !OF_ANY_LENGTH.has(name)) return false;
  try {
    return check(text);
  } catch {
    // The library throws for an address that is well formed and of a kind that nobody registered.
    return false;
  }
}
