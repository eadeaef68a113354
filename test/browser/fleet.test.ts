/** The fleet of a thousand agents: what stands in the document, what is asked for, and where an address leads. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium/launch-chromium.ts';
import { type Visit, visit } from './visits/console-visit.ts';
import { AGENT_COUNT } from './world/browser-world.ts';

const MOST_ROWS = 60;
const PAGE_MAXIMUM_BYTES = 60_000;

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const rowsOf = ({ page }: Visit) => page.locator('table tbody tr[aria-rowindex]');

describe('a thousand agents', () => {
  it('are counted, and of their rows no more than sixty stand in the document, wherever one scrolls', async () => {
    await visit(browser, 'director', {}, async (visiting) => {
      const { page, open } = visiting;
      await open('/agents');
      await rowsOf(visiting).first().waitFor();
      await page.getByText('1,000 of 1,000 agents').waitFor();
      for (const share of [0, 0.3, 0.7, 1]) {
        await page.evaluate(
          `(() => { const part = document.querySelector('.fleet__scroller'); part.scrollTop = part.scrollHeight * ${share}; })()`,
        );
        await expect.poll(() => page.locator('.skeleton__line').count()).toBe(0);
        const count = await rowsOf(visiting).count();
        expect(count).toBeGreaterThan(5);
        expect(count).toBeLessThanOrEqual(MOST_ROWS);
      }
      await expect
        .poll(async () => Number(await rowsOf(visiting).last().getAttribute('aria-rowindex')))
        .toBe(AGENT_COUNT + 1);
    });
  });

  it('come a hundred at a time, no page of them above 60 kB', async () => {
    await visit(browser, 'director', {}, async ({ ask, open }) => {
      await open('/');
      const seen = new Set<string>();
      let cursor: string | null = '';
      while (cursor !== null) {
        const answer = await ask(
          'GET',
          `/v1/agents?limit=100&sort=name${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        expect(answer.status).toBe(200);
        expect(Buffer.byteLength(answer.text)).toBeLessThanOrEqual(PAGE_MAXIMUM_BYTES);
        for (const { namespace, name } of answer.body.rows) seen.add(`${namespace}/${name}`);
        cursor = answer.body.nextCursor;
      }
      expect(seen.size).toBe(AGENT_COUNT);
    });
  });
});

describe('an address', () => {
  it('leads to the same filters and the same agents in another window', async () => {
    let address = '';
    await visit(browser, 'director', {}, async (visiting) => {
      const { page, open } = visiting;
      await open('/agents');
      await page.getByRole('searchbox').fill('invoice-classifier');
      await expect.poll(() => rowsOf(visiting).count()).toBeGreaterThan(0);
      await expect.poll(() => page.url()).toContain('search=invoice-classifier');
      address = page.url();
    });
    await visit(browser, 'director', {}, async (visiting) => {
      await visiting.open(address);
      await rowsOf(visiting).first().waitFor();
      const names = await rowsOf(visiting).allTextContents();
      expect(names.length).toBeGreaterThan(0);
      for (const text of names) expect(text).toContain('invoice-classifier');
    });
  });

  it('is gone back to and forth to', async () => {
    await visit(browser, 'director', {}, async (visiting) => {
      const { page, open } = visiting;
      await open('/');
      const title = () => page.locator('h1').textContent();
      await page.getByRole('link', { name: 'Fleet' }).click();
      await expect.poll(title).toBe('Fleet');
      await rowsOf(visiting).first().getByRole('link').first().click();
      await expect.poll(title).not.toBe('Fleet');
      const agent = await title();
      await page.goBack();
      await expect.poll(title).toBe('Fleet');
      await page.goBack();
      await expect.poll(title).toBe('Now');
      await page.goForward();
      await page.goForward();
      await expect.poll(title).toBe(agent);
    });
  });
});
