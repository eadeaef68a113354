/** Two hundred hostile texts wherever a console shows what others wrote: they are texts, and nothing comes of them. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium/launch-chromium.ts';
import { type Visit, areasOf, settled, visit } from './visits/console-visit.ts';
import { HOSTILE_NAMESPACE, hostileAgentName } from './world/hostile-objects.ts';
import { HOSTILE_TEXTS } from './world/hostile-texts.ts';

const ONE_IN = 9;

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

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
});
