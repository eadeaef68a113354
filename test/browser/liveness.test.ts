/** What a page says of how current it is while the console dies and comes back. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { launchChromium } from './chromium/launch-chromium.ts';
import { visit } from './visits/console-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

let isDead = false;
async function killConsole(): Promise<void> {
  isDead = true;
  await control('kill');
}
async function startConsole(): Promise<void> {
  await control('start');
  isDead = false;
}
async function control(act: 'kill' | 'start'): Promise<void> {
  const response = await fetch(`${inject('browserWorld').consoleControlUrl}/${act}`, { method: 'POST' });
  if (!response.ok) throw new Error(await response.text());
}
// Whatever failed: the next file wants a console.
afterEach(async () => {
  if (isDead) await startConsole();
});

it('asks for one stream a tab, whatever is looked at in it', async () => {
  await visit(browser, 'director', {}, async ({ page, witness, open }) => {
    await open('/');
    for (const area of await page.locator('nav a.area').all()) {
      await area.click();
      await page.waitForTimeout(100);
    }
    expect(witness.requests.filter((url) => url.endsWith('/v1/stream'))).toHaveLength(1);
  });
});

it('says that it is stale when nothing is heard for 15 seconds, and is live again once the console is back', async () => {
  await visit(browser, 'director', {}, async ({ page, witness, open }) => {
    await open('/agents');
    const top = page.locator('header.top');
    await top.getByText('Live').waitFor();
    await killConsole();
    await top.getByText('Stale').waitFor({ timeout: 40_000 });
    // What was there stays readable.
    expect(await page.locator('table tbody tr').count()).toBeGreaterThan(5);
    await startConsole();
    await top.getByText('Live').waitFor({ timeout: 60_000 });
    // Requests to a console that is dead fail: that is what was tested, and no mistake of the page.
    const failed = witness.findings.filter(({ kind }) => kind !== 'error');
    expect(failed).toEqual([]);
    await page.getByRole('link', { name: 'Now' }).first().click();
    await expect.poll(() => page.locator('h1').textContent()).toBe('Now');
  });
});
