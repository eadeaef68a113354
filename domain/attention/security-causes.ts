/** Security events that need somebody: by what happened and where it came from. */
import type { AttentionItem } from '../observation/attention-item.ts';
import { SECURITY_EVENTS } from '../ledger/security-events.ts';
import { type SecuritySource, burstSince, countsOfHour } from '../watching/security-watch.ts';
import { counted } from '../watching/sentences.ts';
import { type FoundCause, causeId } from './attention-queue.ts';

/** From so many in an hour on it is no slip. */
const BURST = 10;
const LARGE_BURST = 50;
/** What the ledger says of itself. Missing records are told of by their own record. */
const OF_LEDGER: ReadonlySet<string> = new Set(['ledger_tampered', 'meter_differs']);
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(['ledger_gap']);

export function securityCause(source: SecuritySource, nowMicroseconds: number): FoundCause | undefined {
  const { namespace, event, subject, severity, sentence, agents, runs } = source;
  const { total, blocked } = countsOfHour(source, nowMicroseconds);
  if (total === 0 || TOLD_ELSEWHERE.has(event)) return undefined;
  const urgency = urgencyOf(severity, total, blocked);
  if (urgency === undefined) return undefined;
  const isOfLedger = OF_LEDGER.has(event);
  const name = event.replaceAll('_', ' ');
  const from = subject === '' ? '' : ` from ${subject}`;
  return {
    id: causeId(isOfLedger ? 'ledger' : 'security', namespace, event, subject),
    kind: isOfLedger ? 'ledger' : 'security',
    urgency,
    agents: agents.map((agent) => ({ namespace, name: agent })),
    subject: subject === '' ? null : { namespace, name: subject.slice(0, 253) },
    title: `${counted(total, `event "${name}"`, `events "${name}"`)}${from} in the last hour`,
    titleOfMany: `agents had ${counted(total, `event "${name}"`, `events "${name}"`)}${from} in the last hour`,
    why: `${counted(total, 'event')} in the last hour${from}: ${stopped(total, blocked)}. The latest: ${sentence}`,
    causes: causesOf(source),
    runs: runs.toReversed().slice(0, 10),
    sinceMicroseconds: burstSince(source),
    weight: total,
  };
}

function urgencyOf(
  severity: SecuritySource['severity'],
  total: number,
  blocked: number,
): AttentionItem['urgency'] | undefined {
  const gotThrough = total - blocked;
  switch (severity) {
    case 'critical':
      return 'page';
    case 'high':
      return gotThrough >= BURST ? 'page' : 'ticket';
    case 'medium':
      if (gotThrough >= LARGE_BURST) return 'page';
      return total >= BURST ? 'ticket' : undefined;
    case 'low':
      if (total >= LARGE_BURST) return 'ticket';
      return total >= BURST ? 'notice' : undefined;
    case 'informational':
    default:
      return undefined;
  }
}

function stopped(total: number, blocked: number): string {
  if (blocked === total) return total === 1 ? 'it was blocked' : `all ${total} were blocked`;
  if (blocked === 0) return 'none was blocked';
  return `${blocked} of ${total} were blocked`;
}

function causesOf({ event, lastMicroseconds, owasp }: SecuritySource): FoundCause['causes'] {
  const known = Object.hasOwn(SECURITY_EVENTS, event)
    ? SECURITY_EVENTS[event as keyof typeof SECURITY_EVENTS].meaning
    : `The event ${event}.`;
  const lists = owasp.length === 0 ? '' : ` (OWASP ${owasp.join(', ')})`;
  return [{ cause: event, sentence: `${known}${lists}`, atMicroseconds: lastMicroseconds }];
}
