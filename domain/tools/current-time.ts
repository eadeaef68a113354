/** The built-in tool `current-time`: a model does not know what day it is. */
import { z } from 'zod';
import type { Tool, ToolResult } from '#domain/conversation/tool.ts';
import { toolParameters } from './tool-parameters.ts';

const CurrentTimeArguments = z.strictObject({
  timeZone: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('IANA name of a time zone, such as "Europe/Madrid". UTC when not given.'),
});

export const currentTime: Tool = {
  name: 'current-time',
  description: 'Tells the current date, weekday and time, in UTC or in a time zone.',
  parameters: toolParameters(CurrentTimeArguments),
  effect: 'none',
  run: (given, { now }) => tellTime(now, CurrentTimeArguments.parse(given).timeZone ?? 'UTC'),
};

/** `{"dateTime": ISO 8601 with offset, "timeZone", "weekday"}`. */
function tellTime(now: Date, timeZone: string): ToolResult {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      weekday: 'long',
      timeZoneName: 'longOffset',
    });
  } catch {
    return { ok: false, problem: 'the time zone is not known; give an IANA name such as "Europe/Madrid"' };
  }
  const part = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  // "GMT+02:00"; some versions of the time zone data write plain "GMT" for UTC.
  const offset = (part['timeZoneName'] ?? '').replace('GMT', '');
  const date = `${part['year']}-${part['month']}-${part['day']}`;
  const time = `${part['hour']}:${part['minute']}:${part['second']}`;
  const dateTime = `${date}T${time}${offset === '' ? '+00:00' : offset}`;
  return { ok: true, text: JSON.stringify({ dateTime, timeZone, weekday: part['weekday'] }) };
}
