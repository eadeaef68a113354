/** Formats of strings that a grammar keeps, as patterns. Some are narrower than the format, none is wider. */
import { NOTED_TEXT_FORMATS, UUID_FORMATS, WHOLE_NUMBER_FORMATS } from '#domain/json-schema/formats.ts';

const DAY = [
  '(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])',
  '(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)',
  '02-(?:0[1-9]|1\\d|2[0-8])',
].join('|');
const LEAP_YEAR = '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
const DATE = `(?:\\d{4}-(?:${DAY})|${LEAP_YEAR}-02-29)`;
const HOUR = '(?:[01]\\d|2[0-3])';
const TIME = `${HOUR}:[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${HOUR}:[0-5]\\d)`;
const NUMBER = '\\d{1,9}';
const DAYS = `(?:${NUMBER}D|${NUMBER}M(?:${NUMBER}D)?|${NUMBER}Y(?:${NUMBER}M(?:${NUMBER}D)?)?)`;
const HOURS = `T(?:${NUMBER}S|${NUMBER}M(?:${NUMBER}S)?|${NUMBER}H(?:${NUMBER}M(?:${NUMBER}S)?)?)`;
const LABEL = '[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20})?';
const HOST = `${LABEL}(?:\\.${LABEL}){0,4}`;
const LOCAL_PART = '[A-Za-z0-9_+-]{1,30}(?:\\.[A-Za-z0-9_+-]{1,30})?';
const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const GROUP = '[0-9a-fA-F]{1,4}';
const PATH_CHARACTER = "[A-Za-z0-9._~!$&'()*+,;=:@-]";
const URI = [
  `[a-z][a-z0-9+.-]{0,15}:(?://${HOST}(?::\\d{1,5})?(?:/${PATH_CHARACTER}*)*`,
  `${PATH_CHARACTER}+(?:/${PATH_CHARACTER}*)*)`,
].join('|');
const URI_END = `(?:\\?(?:${PATH_CHARACTER}|[/?])*)?(?:#(?:${PATH_CHARACTER}|[/?])*)?`;
const BASE64 = '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?';
const UUID = '[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}';

export const FORMAT_PATTERNS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    byte: BASE64,
    date: DATE,
    'date-time': `${DATE}T${TIME}`,
    duration: `P(?:${DAYS}(?:${HOURS})?|${HOURS}|${NUMBER}W)`,
    email: `${LOCAL_PART}@${LABEL}(?:\\.${LABEL}){1,3}`,
    hostname: HOST,
    'idn-email': `${LOCAL_PART}@${LABEL}(?:\\.${LABEL}){1,3}`,
    ipv4: `${BYTE}(?:\\.${BYTE}){3}`,
    ipv6: `(?:${GROUP}:){7}${GROUP}|(?:${GROUP}:){1,6}:${GROUP}|::(?:${GROUP}(?::${GROUP}){0,6})?`,
    iri: `(?:${URI})${URI_END}`,
    'iri-reference': `(?:${URI})${URI_END}`,
    'json-pointer': '(?:/(?:[^~/]|~[01])*)*',
    'relative-json-pointer': '(?:0|[1-9]\\d{0,5})(?:#|(?:/(?:[^~/]|~[01])*)*)',
    time: TIME,
    uri: `(?:${URI})${URI_END}`,
    'uri-reference': `(?:${URI})${URI_END}`,
    base64: BASE64,
    ...Object.fromEntries(UUID_FORMATS.map((name) => [name, UUID])),
  }).map(([name, pattern]) => [name, `^(?:${pattern})$`]),
);

/** Formats of numbers, and those that every string has. */
export const FORMATS_OF_ANY_STRING: ReadonlySet<string> = new Set([
  ...NOTED_TEXT_FORMATS,
  ...Object.keys(WHOLE_NUMBER_FORMATS),
  'double',
  'float',
]);
