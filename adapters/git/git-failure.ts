/** What git's own words mean. */

export type GitFailureReason =
  | 'UrlNotAllowed'
  | 'Unreachable'
  | 'AccessDenied'
  | 'HostKeyRefused'
  | 'ReferenceNotFound'
  | 'TooLarge'
  | 'TimedOut'
  | 'FetchFailed';

export class GitFailure extends Error {
  override readonly name = 'GitFailure';
  readonly reason: GitFailureReason;
  constructor(reason: GitFailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

const MESSAGE_MAXIMUM_LENGTH = 300;

/** In this order: the first that fits. git speaks English, for its locale is C. */
const MEANINGS: readonly (readonly [RegExp, GitFailureReason])[] = [
  [/out of memory/i, 'TooLarge'],
  [/transport '[^']*' not allowed|protocol .* (?:not supported|disabled)/i, 'UrlNotAllowed'],
  [/host key verification failed|no .* host key is known/i, 'HostKeyRefused'],
  [/couldn't find remote ref|remote ref does not exist/i, 'ReferenceNotFound'],
  [
    /authentication failed|could not read (?:username|password)|terminal prompts disabled|permission denied|repository .*not found|returned error: 40[134]|invalid credentials|access denied|error in libcrypto|invalid format/i,
    'AccessDenied',
  ],
  [
    /could not resolve|failed to connect|couldn't connect|connection (?:refused|reset|timed out|closed)|unable to access|redirect|does not appear to be a git repository|not valid: is this a git repository|operation too slow|remote end hung up|early eof|could not read from remote|unable to connect/i,
    'Unreachable',
  ],
];

export function gitFailure(said: string): GitFailure {
  const reason = MEANINGS.find(([pattern]) => pattern.test(said))?.[1] ?? 'FetchFailed';
  const because =
    reason === 'TooLarge' ? 'What the server sends unfolds into more than there is memory for: ' : '';
  return new GitFailure(reason, `${because}git says: ${lastWords(said)}`);
}

/** What git adds whatever ssh says. */
const WITHOUT_NEWS =
  /^(?:fatal: Could not read from remote repository|Please make sure you have the correct access rights|and the repository exists)/;

/** The line that says most, and nothing that differs from one try to the next. */
function lastWords(said: string): string {
  const lines = said
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== '' && !/^(?:remote: )?(?:Enumerating|Counting|Compressing|Receiving|Resolving)/.test(line),
    );
  const news = lines.filter((one) => !WITHOUT_NEWS.test(one));
  const line =
    news.find((one) => /^(?:fatal|error|ERROR|remote: error|Load key)/.test(one)) ??
    news.find((one) => /has changed and|host key is known/.test(one)) ??
    news.find((one) => /denied|failed|refused/i.test(one)) ??
    news.at(-1) ??
    lines.at(-1) ??
    'nothing';
  // A server's words may hold anything.
  const clean = line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').replaceAll(/ after \d+ ms/g, '');
  return clean.slice(0, MESSAGE_MAXIMUM_LENGTH).toWellFormed();
}
