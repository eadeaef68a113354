/** Coming in with a token, and going. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { launchChromium } from './chromium/launch-chromium.ts';
import { visit } from './visits/console-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

it('lets nobody in with something that is no token, and says why in a sentence', async () => {
  await visit(browser, undefined, {}, async ({ page, open, ask }) => {
    await open('/agents');
    await page.getByLabel('Token').fill('not-a-token');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.locator('.note').getByText(/token/i).first().waitFor();
    expect((await ask('GET', '/v1/agents')).status).toBe(401);
  });
});

it('leads a person to the page that was asked for, keeps no token in the browser, and forgets the session on the way out', async () => {
  const { tokens } = inject('browserWorld');
  await visit(browser, undefined, {}, async ({ page, open, ask }) => {
    await open('/agents');
    await page.getByLabel('Token').fill(tokens.director);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    await expect.poll(() => page.locator('h1').textContent()).toBe('Fleet');
    const kept = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
    );
    expect(kept).not.toContain(tokens.director.slice(-20));
    expect(kept).not.toContain('capataz-session');
    const [session] = await page.context().cookies();
    expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict' });
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    expect((await ask('GET', '/v1/agents')).status).toBe(401);
  });
});
