/** Two hundred hostile texts wherever a console shows what others wrote: they are texts, and nothing comes of them. */
import { parse } from 'csv-parse/sync';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium/launch-chromium.ts';
import { type Visit, areasOf, settled, visit } from './visits/console-visit.ts';
import { HOSTILE_NAMESPACE, hostileAgentName } from './world/hostile-objects.ts';
import { HOSTILE_RUN } from './world/hostile-run.ts';
import { HOSTILE_TEXTS } from './world/hostile-texts.ts';

const ONE_IN = 9;
const MARKED = HOSTILE_TEXTS.filter(({ text }) => text.includes('capatazCanary('));

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** Numbers of the texts whose call can be read in what is shown. */
async function readIn({ page }: Visit): Promise<readonly number[]> {
  const text = await page.locator('body').innerText();
  return Array.from(text.matchAll(/capatazCanary\((\d+)\)/g), ([, number]) => Number(number));
}

/** Of a run: false when what is shown is its end. */
async function showNextEntries(page: Visit['page']): Promise<boolean> {
  const next = page.getByRole('button', { name: 'Next' });
  if ((await next.getAttribute('aria-disabled')) === 'true') return false;
  const shown = page.getByText(/^Entries/);
  const before = await shown.textContent();
  await next.click();
  await expect.poll(() => shown.textContent()).not.toBe(before);
  return true;
}

/** Every part that scrolls, from its top to its end, with the mouse over what comes by. */
async function scrollThrough(visiting: Visit, look: () => Promise<void>): Promise<void> {
  const { page } = visiting;
  await page.mouse.move(400, 400);
  await page.evaluate(`globalThis.capatazScroll = () => {
    const parts = [document.scrollingElement, ...document.querySelectorAll('[class*=scroller]')];
    return parts.filter((part) => {
      const before = part.scrollTop;
      part.scrollTop += part.clientHeight * 0.8;
      return part.scrollTop > before;
    }).length;
  }; undefined`);
  for (let turn = 0; turn < 400; turn += 1) {
    await look();
    if (Number(await page.evaluate('capatazScroll()')) === 0) return;
    await page.waitForTimeout(30);
  }
}

describe('hostile texts', () => {
  it('do nothing on any screen', async () => {
    await visit(browser, 'director', {}, async (visiting) => {
      const { witness } = visiting;
      await visiting.open('/');
      for (const path of await areasOf(visiting.page)) {
        await visiting.open(`${path}?namespace=${HOSTILE_NAMESPACE}`);
        await scrollThrough(visiting, () => settled(visiting.page));
      }
      expect(witness.findings).toEqual([]);
    });
  });

  it('do nothing on the page of an agent, a rollout or an address that is made of them', async () => {
    await visit(browser, 'director', { theme: 'dark', language: 'es' }, async ({ page, open, witness }) => {
      for (const hostile of HOSTILE_TEXTS.filter(({ number }) => number % ONE_IN === 0)) {
        await open(`/agents/${HOSTILE_NAMESPACE}/${hostileAgentName(hostile)}`);
        await open(`/rollouts/${HOSTILE_NAMESPACE}/constructor-${hostile.number}`);
        const word = encodeURIComponent(hostile.text.slice(0, 200));
        await page.goto(`/agents?search=${word}&namespace=${word}&sort=${word}`);
        await settled(page);
      }
      expect(witness.findings).toEqual([]);
    });
  });

  it('do nothing in a run, where each is a thought, a tool, an argument, a result and a reason', async () => {
    await visit(browser, 'director', {}, async (visiting) => {
      const { page, open } = visiting;
      await open(`/runs/${HOSTILE_NAMESPACE}/${HOSTILE_RUN}`);
      await page.getByRole('button', { name: 'Show the texts' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Reason').fill('A test looks whether they are texts.');
      await dialog.getByRole('button', { name: 'Show the texts' }).click();
      await dialog.waitFor({ state: 'detached' });
      const seen = new Set<number>();
      do {
        await settled(page);
        await scrollThrough(visiting, () => Promise.resolve());
        for (const number of await readIn(visiting)) seen.add(number);
      } while (await showNextEntries(page));
      expect(seen.size).toBeGreaterThan(MARKED.length * 0.9);
    });
  });

  it('are no formulas in a table that is taken away', async () => {
    await visit(browser, 'director', {}, async ({ open, ask }) => {
      await open('/');
      const query = `namespace=${HOSTILE_NAMESPACE}&types=security_event&format=csv`;
      const { status, text } = await ask('GET', `/v1/export?${query}`);
      expect(status).toBe(200);
      const rows = parse(text, { bom: true }) as readonly (readonly string[])[];
      expect(rows.length).toBeGreaterThan(HOSTILE_TEXTS.length);
      const formulas = rows
        .flat()
        .filter((cell) => /^[=+\-@\t\r]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell));
      expect(formulas).toEqual([]);
    });
  });
});
