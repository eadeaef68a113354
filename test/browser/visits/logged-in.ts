/** Everybody logs in once, as a person would, before any test: logins are limited, and a browser keeps a session. */
import type { Browser, BrowserContext } from 'playwright-core';
import { PERSON_NAMES, type PersonName } from '../world/people.ts';

/** Cookies of somebody who is logged in. */
export type LoggedIn = Awaited<ReturnType<BrowserContext['storageState']>>;
export type Sessions = Readonly<Record<PersonName, LoggedIn>>;

export async function logInEverybody(
  browser: Browser,
  consoleUrl: string,
  tokens: Readonly<Record<PersonName, string>>,
): Promise<Sessions> {
  const sessions = await Promise.all(
    PERSON_NAMES.map(async (name) => [name, await logIn(browser, consoleUrl, tokens[name])] as const),
  );
  return Object.fromEntries(sessions) as Record<PersonName, LoggedIn>;
}

export async function logIn(browser: Browser, consoleUrl: string, token: string): Promise<LoggedIn> {
  const context = await browser.newContext({ baseURL: consoleUrl, locale: 'en' });
  try {
    const page = await context.newPage();
    await page.goto('/');
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    return await context.storageState();
  } finally {
    await context.close();
  }
}
