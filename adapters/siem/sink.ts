/** Sink: where security events go. `deliver` resolves when the other side has them all; it may get them again. */
import type { OcsfEvent } from '#domain/ocsf/ocsf-event.ts';

export interface Sink {
  /** Rejects when not all are known to be delivered; the same events then come again. */
  readonly deliver: (events: readonly OcsfEvent[], signal: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A text as read by a SIEM line by line: JSON has no bare line breaks. */
export function jsonLine(event: OcsfEvent): string {
  return `${JSON.stringify(event)}\n`;
}
