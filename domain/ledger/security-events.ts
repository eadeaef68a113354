/** The security events that Capataz tells, with how grave each is and what it is in OWASP's lists. */
import type { RecordOf } from './ledger-record.ts';

interface SecurityEventDescription {
  readonly severity: RecordOf<'security_event'>['severity'];
  readonly owasp: readonly string[];
  /**
   * What the agent itself did, so that its prompt may be the reason: these hold up a release. What somebody tried from
   * outside, or what befell the platform, must not: whoever can provoke it could stop every release.
   */
  readonly isOwnConduct?: true;
  /** One sentence for the reference page. */
  readonly meaning: string;
}

export const SECURITY_EVENTS = {
  caller_refused: {
    severity: 'medium',
    owasp: ['ASI03'],
    meaning: 'Somebody called with a token that is not valid, or with one that may not do this.',
  },
  model_denied: {
    severity: 'low',
    owasp: ['LLM06', 'ASI03'],
    isOwnConduct: true,
    meaning: 'An agent asked for a Model that its policy does not allow.',
  },
  unknown_tool_called: {
    severity: 'low',
    owasp: ['LLM06', 'ASI02'],
    isOwnConduct: true,
    meaning: 'A model called a tool that the Agent does not have: a mistake of it, or an injection.',
  },
  tool_not_recorded: {
    severity: 'high',
    owasp: ['ASI02'],
    meaning: 'A tool with an effect was kept from running because its intent could not be recorded.',
  },
  provider_key_refused: {
    severity: 'medium',
    owasp: ['ASI03'],
    meaning: 'A provider refuses a key: it was revoked, rotated elsewhere, or never right.',
  },
  content_revealed: {
    severity: 'informational',
    owasp: ['LLM02'],
    meaning: 'Somebody read texts of a run.',
  },
  ledger_tampered: {
    severity: 'critical',
    owasp: ['ASI10'],
    meaning: 'The ledger or its witness found what was written changed, dropped or rolled back.',
  },
  ledger_gap: {
    severity: 'high',
    owasp: ['ASI10'],
    meaning: 'Records are known to be missing.',
  },
  meter_differs: {
    severity: 'high',
    owasp: ['LLM10'],
    meaning: "The router's meter and the ledger do not agree on what was spent.",
  },
} as const satisfies Record<string, SecurityEventDescription>;
export type SecurityEventCode = keyof typeof SECURITY_EVENTS;

export function isOwnConduct(event: string): boolean {
  const known: SecurityEventDescription | undefined = Object.hasOwn(SECURITY_EVENTS, event)
    ? SECURITY_EVENTS[event as SecurityEventCode]
    : undefined;
  return known?.isOwnConduct === true;
}
