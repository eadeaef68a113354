/** An OCSF event as a message of RFC 5424: facility 13 (log audit), the event's JSON as the text. */
import type { OcsfEvent } from './ocsf-event.ts';

const LOG_AUDIT = 13;

/** Syslog's severity for each severity_id of OCSF. */
const SEVERITIES: Readonly<Record<number, number>> = { 1: 6, 2: 5, 3: 4, 4: 3, 5: 2 };

/** RFC 5424 allows printable ASCII only, and 255 characters. */
export function syslogMessage(event: OcsfEvent, hostname: string): string {
  const priority = LOG_AUDIT * 8 + (SEVERITIES[event.severity_id] ?? 5);
  const host = hostname.replaceAll(/[^\u0021-\u007e]/g, '-').slice(0, 255) || '-';
  const time = new Date(event.time).toISOString();
  // The byte order mark says that the text is UTF-8.
  return `<${priority}>1 ${time} ${host} capataz - ocsf-${event.class_uid} - \ufeff${JSON.stringify(event)}`;
}
