/**
 * What a page does that no page of the console may do: asks another origin, breaks its own content security policy, executes
 * what somebody wrote, or throws. One witness watches all pages of a browser context from before their first byte.
 */
import type { BrowserContext, Page } from 'playwright-core';

export interface Finding {
  readonly kind: 'request' | 'violation' | 'execution' | 'error';
  /** The address, the violated directive with what it blocked, the number of the text, or the message. */
  readonly what: string;
  /** Of the page. */
  readonly at: string;
}

export interface Witness {
  readonly findings: readonly Finding[];
  /** Everything that was asked for, in order. */
  readonly requests: readonly string[];
}

/** Runs in the page, before anything of its own. */
const TELL_OF_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) => {
  capatazViolation(event.effectiveDirective + ' blocked ' + event.blockedURI + ' ' + event.sample);
});`;

/** `origin`: the only one that may be asked. */
export async function watchContext(context: BrowserContext, origin: string): Promise<Witness> {
  const findings: Finding[] = [];
  const requests: string[] = [];
  const told = (kind: Finding['kind'], what: string, at: string): void =>
    void findings.push({ kind, what, at });
  await context.exposeBinding('capatazCanary', ({ page }: { page: Page }, number: unknown) => {
    told('execution', String(number), page.url());
  });
  await context.exposeBinding('capatazViolation', ({ page }: { page: Page }, what: string) => {
    told('violation', what, page.url());
  });
  await context.addInitScript({ content: TELL_OF_VIOLATIONS });
  context.on('request', (request) => {
    const url = request.url();
    requests.push(url);
    if (url !== 'about:blank' && !url.startsWith(`${origin}/`)) {
      told('request', url, request.isNavigationRequest() ? 'a navigation' : request.frame().url());
    }
  });
  context.on('weberror', (error) => told('error', error.error().message, error.page()?.url() ?? ''));
  context.on('console', (message) => {
    // Chromium tells of what a policy stopped here too, also of what raises no event.
    if (message.type() === 'error' && /content security policy|trusted ?types/i.test(message.text())) {
      told('violation', message.text(), message.page()?.url() ?? '');
    }
  });
  return { findings, requests };
}
