/** One pino logger for every process: JSON lines, static messages, data in the object, never a key or a prompt. */
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Second line of defence: callers must not log these at all. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['authorization', 'apiKey', 'token', 'messages']);
const CENSOR = '[redacted]';

export function createLogger(component: string, level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { component },
      timestamp: isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        // In place of pino's `redact`, which costs as much as all the rest of a busy router's line.
        log: (fields) => withoutSecrets(fields, 1),
      },
      errorKey: 'error',
    },
    destination ?? pino.destination(1),
  );
}

let writtenMilliseconds = 0;
let writtenTime = '';

/** As pino.stdTimeFunctions.isoTime, but written out once for all lines of one millisecond: a busy router has several. */
function isoTime(): string {
  const milliseconds = Date.now();
  if (milliseconds !== writtenMilliseconds) {
    writtenMilliseconds = milliseconds;
    writtenTime = `,"time":"${new Date(milliseconds).toISOString()}"`;
  }
  return writtenTime;
}

/** Looks at the fields and at the fields of plain objects in them; returns the object itself when it is clean. */
function withoutSecrets(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let clean = fields;
  for (const name in fields) {
    const value = fields[name];
    const replacement = withoutSecret(name, value, depth);
    if (replacement === value) continue;
    if (clean === fields) clean = { ...fields };
    clean[name] = replacement;
  }
  return clean;
}

function withoutSecret(name: string, value: unknown, depth: number): unknown {
  if (SECRET_FIELDS.has(name)) return CENSOR;
  if (!isPlainObject(value)) return value;
  if (name === 'prompt' && 'text' in value) return { ...value, text: CENSOR };
  return depth > 0 ? withoutSecrets(value, depth - 1) : value;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
