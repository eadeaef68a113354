/** One pino logger for every process: JSON lines, static messages, data in the object, never a key or a prompt. */
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Second line of defence: callers must not log these at all. */
const REDACTED_PATHS = [
  'authorization',
  '*.authorization',
  'headers.authorization',
  'apiKey',
  '*.apiKey',
  'token',
  '*.token',
  'messages',
  '*.messages',
  'prompt.text',
];

export function createLogger(component: string, level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { component },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
      errorKey: 'error',
    },
    destination ?? pino.destination(1),
  );
}
