/**
 * URLs in specs and settings. A parser mends some of them silently (a colon without a port, a backslash for a slash, a user
 * before an @), and then asks another server than the one that stands there: they are refused, by the API server too.
 */
import { z } from 'zod';
import { celRules } from './kind-definition.ts';

/** With a letter, a digit or a _ in front: what begins with a dash could be an option. */
const HOST_NAME = '[A-Za-z0-9_][A-Za-z0-9._-]*';
/** From 1 to 65535. */
const PORT = '[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]';
/** The host of a git server with its port. */
export const HOST_AND_PORT = `${HOST_NAME}(:(${PORT}))?`;
/** All that RFC 3986 has in a path, the apostrophe among it. */
const PATH_CHARACTERS = String.raw`A-Za-z0-9._~:/%!$&\x27()*+,;=@-`;
const ADDRESS = String.raw`https?://(${HOST_NAME}|\[[0-9A-Fa-f:.]+\])(:(${PORT}))?(/[${PATH_CHARACTERS}]*)?`;
const QUERY = String.raw`(\?[?${PATH_CHARACTERS}]*)?`;

const HTTP = /^https?:\/\//;

/** Where an API is: paths are added to it. */
export const ApiUrl = urlOf(
  HTTP,
  `^${ADDRESS}$`,
  'must be an http:// or https:// URL of a host, with a port (1 to 65535) and a path where needed, and without user, password, query, fragment or space',
);
/** What is asked as it stands. */
export const HttpUrl = urlOf(
  HTTP,
  `^${ADDRESS}${QUERY}$`,
  'must be an http:// or https:// URL of a host, with a port (1 to 65535), a path and a query where needed, and without user, password, fragment or space',
);

/** `pattern` must mean the same to JavaScript and to RE2. What has none of the schemes is not looked at further. */
export function urlOf(schemes: RegExp, pattern: string, sentence: string): z.ZodString {
  const expression = new RegExp(pattern);
  return z
    .string()
    .regex(schemes, { error: sentence, abort: true })
    .refine((text) => expression.test(text), sentence)
    .meta(celRules({ rule: `self.matches(r'${pattern}')`, message: sentence }));
}

/** What must be otherwise for an API to be asked there; undefined when nothing must. */
export function apiUrlProblem(text: string): string | undefined {
  const problem = ApiUrl.safeParse(text).error?.issues[0]?.message;
  return problem ?? (URL.canParse(text) ? undefined : 'must have a host');
}
