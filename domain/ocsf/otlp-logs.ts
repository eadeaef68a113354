/**
 * OCSF events as log records of OpenTelemetry (ExportLogsServiceRequest in OTLP's JSON): the event is the body, so that
 * nothing is lost between the two, and what collectors route by are attributes.
 */
import type { OcsfEvent } from './ocsf-event.ts';

/** OTLP's SeverityNumber for each severity_id of OCSF. */
const SEVERITY_NUMBERS: Readonly<Record<number, { readonly number: number; readonly text: string }>> = {
  1: { number: 9, text: 'INFO' },
  2: { number: 10, text: 'INFO2' },
  3: { number: 13, text: 'WARN' },
  4: { number: 17, text: 'ERROR' },
  5: { number: 21, text: 'FATAL' },
};

export function otlpLogs(events: readonly OcsfEvent[]): unknown {
  return {
    resourceLogs: [
      {
        resource: { attributes: [attribute('service.name', 'capataz-ledger')] },
        scopeLogs: [
          {
            scope: { name: 'capataz.ocsf' },
            logRecords: events.map((event) => {
              const severity = SEVERITY_NUMBERS[event.severity_id];
              return {
                timeUnixNano: `${event.time}000000`,
                severityNumber: severity?.number ?? 0,
                severityText: severity?.text ?? 'UNSPECIFIED',
                body: { stringValue: JSON.stringify(event) },
                attributes: [
                  attribute('event.name', 'ocsf'),
                  attribute('ocsf.class_uid', String(event.class_uid)),
                  attribute('log.record.uid', event.metadata.uid),
                ],
              };
            }),
          },
        ],
      },
    ],
  };
}

function attribute(key: string, stringValue: string): unknown {
  return { key, value: { stringValue } };
}
