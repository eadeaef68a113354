/** A person's look at the console in a browser window of their own, watched from the first byte to the last. */
import type { Browser, Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import type { PersonName } from '../world/people.ts';
import { type Witness, watchContext } from './witness.ts';

export interface Look {
  readonly theme?: 'light' | 'dark';
  readonly language?: 'en' | 'es';
  readonly width?: 1280 | 390;
}

export interface Visit {
  readonly page: Page;
  readonly witness: Witness;
  /** Goes there and waits until its title and nothing of a skeleton stands there. */
  readonly open: (path: string) => Promise<void>;
  /** By the page's own means: its cookies, and the token against forged requests where it is given. */
  readonly ask: (method: string, path: string, body?: object) => Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the answers are of many kinds, and tests read them freely.
  readonly body: any;
}

const HEIGHTS = { 1280: 800, 390: 844 } as const;
const PATIENCE_MILLISECONDS = 30_000;

/**
 * `person` undefined: nobody is logged in. Rejects when the look does, and also when the page has meanwhile asked another origin,
 * broken its policy, executed a text or thrown.
 */
export async function visit(
  browser: Browser,
  person: PersonName | undefined,
  { theme = 'light', language = 'en', width = 1280 }: Look,
  look: (visit: Visit) => Promise<void>,
): Promise<void> {
  const { consoleUrl, sessions } = inject('browserWorld');
  const context = await browser.newContext({
    baseURL: consoleUrl,
    colorScheme: theme,
    locale: language,
    timezoneId: 'UTC',
    viewport: { width, height: HEIGHTS[width] },
    reducedMotion: 'reduce',
    ...(person !== undefined && { storageState: sessions[person] }),
  });
  context.setDefaultTimeout(PATIENCE_MILLISECONDS);
  try {
    const witness = await watchContext(context, consoleUrl);
    const page = await context.newPage();
    const open = async (path: string): Promise<void> => {
      await page.goto(path);
      await settled(page);
    };
    await look({ page, witness, open, ask: (...question) => askFrom(page, ...question) });
    expect(witness.findings).toEqual([]);
  } finally {
    await context.close();
  }
}

export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  // Not by waitForFunction: that evaluates in the page, which its policy forbids.
  const script = `document.querySelector('.skeleton__line') === null && document.querySelector('h1')?.textContent !== ''`;
  await expect.poll(() => page.evaluate(script), { interval: 30 }).toBe(true);
}

/** Where the menu leads. */
export async function areasOf(page: Page): Promise<readonly string[]> {
  await page.locator('nav a.area').first().waitFor({ state: 'attached' });
  const script = "[...document.querySelectorAll('nav a.area')].map((link) => link.getAttribute('href'))";
  return (await page.evaluate(script)) as readonly string[];
}

/** Runs in the page. */
const ASK = `async ([method, path, body]) => {
  const headers = { 'content-type': 'application/json' };
  if (method !== 'GET') {
    const session = await fetch('/v1/session');
    headers['x-capataz-csrf'] = (await session.json()).csrfToken ?? '';
  }
  const response = await fetch(path, { method, headers, ...(body !== null && { body: JSON.stringify(body) }) });
  return { status: response.status, text: await response.text() };
}`;

async function askFrom(page: Page, method: string, path: string, body?: object): Promise<Answer> {
  const answer = (await page.evaluate(`(${ASK})(${JSON.stringify([method, path, body ?? null])})`)) as {
    readonly status: number;
    readonly text: string;
  };
  return { ...answer, body: parsed(answer.text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
