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
import { isRegularExpression } from './pattern-parts.ts';

export const FORMATTED_TEXT_MAXIMUM_CHARACTERS = 4_096;

export interface Format {
  readonly appliesTo: 'string' | 'number';
  /** What the check costs for each character, in steps of an evaluation. */
  readonly stepsPerCharacter: number;
  /** A longer text is refused unread. */
  readonly charactersMaximum: number;
  readonly holds: (value: string | number) => boolean;
}

const always = (): boolean => true;

const STEPS_PER_CHARACTER = 0.25;
const STEPS_PER_CHARACTER_OF_BASE64 = 1 / 16;
/** "regex" is no regular expression itself: each text is parsed. */
const STEPS_PER_CHARACTER_OF_PARSER = 8;

/**
 * How a text is to be shown or stored, or a kind without a definition that two programs would read alike. Most of them
 * are written beside a pattern that says more.
 */
export const NOTED_TEXT_FORMATS: readonly string[] = `
  binary cidrv4 cidrv6 color cuid cuid2 decimal directory-path e164 emoji ends_with file-path hex includes
  ipv4interface ipv4network ipv6interface ipv6network ipvanyinterface ipvanynetwork iso-date-time iso-time jwt ksuid
  mac multi-host-uri name-email nanoid new-path partial-date-time password path phone postgres-dsn starts_with template_literal
  time-delta ulid xid
`
  .trim()
  .split(/\s+/);

export const UUID_FORMATS: readonly string[] = 'guid uuid uuid1 uuid3 uuid4 uuid5 uuid6 uuid7 uuid8'.split(
  ' ',
);

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
  'json-pointer': isJsonPointer,
  'relative-json-pointer': isRelativeJsonPointer,
  regex: isRegularExpression,
  byte: isBase64,
  // Names that Pydantic, zod and others write.
  ...Object.fromEntries(UUID_FORMATS.map((name) => [name, isUuid])),
  base64: isBase64,
  base64url: (text) => /^[A-Za-z0-9_-]*={0,2}$/.test(text),
  ipvanyaddress: (text) => isIPv4(text) || isIPv6(text),
  'json-string': isJsonText,
  lowercase: (text) => text === text.toLowerCase(),
  uppercase: (text) => text === text.toUpperCase(),
  ...Object.fromEntries(NOTED_TEXT_FORMATS.map((name) => [name, always])),
};

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whole numbers within bounds: OpenAPI's names, and those of generators for Rust and Go. */
export const WHOLE_NUMBER_FORMATS: Readonly<
  Record<string, { readonly least: number; readonly most: number }>
> = {
  int8: { least: -128, most: 127 },
  int16: { least: -32_768, most: 32_767 },
  int32: { least: -(2 ** 31), most: 2 ** 31 - 1 },
  // The largest double below 2^63 (2^64): what is above it is read as the power itself.
  int64: { least: -(2 ** 63), most: 2 ** 63 - 1024 },
  int: { least: -(2 ** 63), most: 2 ** 63 - 1024 },
  uint8: { least: 0, most: 255 },
  uint16: { least: 0, most: 65_535 },
  uint32: { least: 0, most: 2 ** 32 - 1 },
  uint64: { least: 0, most: 2 ** 64 - 2048 },
  uint: { least: 0, most: 2 ** 64 - 2048 },
};

const NUMBER_FORMATS: Readonly<Record<string, (value: number) => boolean>> = {
  ...Object.fromEntries(
    Object.entries(WHOLE_NUMBER_FORMATS).map(([name, { least, most }]) => [
      name,
      (value: number) => Number.isInteger(value) && value >= least && value <= most,
    ]),
  ),
  float: always,
  double: always,
};

/** Formats without a bound of their own are for texts of any length. */
const OF_ANY_LENGTH = new Set(['byte', 'base64', 'base64url', ...NOTED_TEXT_FORMATS]);

export const FORMAT_NAMES: readonly string[] = [...Object.keys(TEXT_FORMATS), ...Object.keys(NUMBER_FORMATS)];

export function findFormat(name: string): Format | undefined {
  if (Object.hasOwn(TEXT_FORMATS, name)) {
    const check = TEXT_FORMATS[name] ?? always;
    return {
      appliesTo: 'string',
      stepsPerCharacter: stepsOf(name),
      charactersMaximum: OF_ANY_LENGTH.has(name) ? Infinity : FORMATTED_TEXT_MAXIMUM_CHARACTERS,
      holds: (value) => holdsForText(name, check, String(value)),
    };
  }
  if (Object.hasOwn(NUMBER_FORMATS, name)) {
    const check = NUMBER_FORMATS[name] ?? always;
    return {
      appliesTo: 'number',
      stepsPerCharacter: 0,
      charactersMaximum: 0,
      holds: (value) => check(Number(value)),
    };
  }
  return undefined;
}

function stepsOf(name: string): number {
  if (name === 'regex') return STEPS_PER_CHARACTER_OF_PARSER;
  if (NOTED_TEXT_FORMATS.includes(name)) return 0;
  return OF_ANY_LENGTH.has(name) ? STEPS_PER_CHARACTER_OF_BASE64 : STEPS_PER_CHARACTER;
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
