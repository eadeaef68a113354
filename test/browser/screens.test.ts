/** Every screen, as different people's windows have it: accessible, within its width, and asking nobody else. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium/launch-chromium.ts';
import { accessibilityProblems } from './visits/accessibility.ts';
import { type Look, areasOf, settled, visit } from './visits/console-visit.ts';
import { RELEASES } from './world/fleet-objects.ts';
import { HOSTILE_NAMESPACE } from './world/hostile-objects.ts';
import { HOSTILE_AGENT, HOSTILE_RUN } from './world/hostile-run.ts';
import { LONG_RUN } from './world/long-run.ts';

/** Both themes, both languages and both widths; the menu stands beside the content in wide windows alone. */
const LOOKS: readonly Look[] = [
  { theme: 'light', language: 'en', width: 1280 },
  { theme: 'dark', language: 'es', width: 1280 },
  { theme: 'light', language: 'es', width: 390 },
];

/** Beside the areas of the menu: half of them in wide windows, half in narrow ones. */
const DETAILS = [
  '/agents?search=ticket',
  '/agents?search=there-is-none-of-this-name',
  '/agents/finance/invoice-classifier-es',
  `/agents/${HOSTILE_NAMESPACE}/${HOSTILE_AGENT}`,
  `/runs/${LONG_RUN.namespace}/${LONG_RUN.id}`,
  `/runs/${HOSTILE_NAMESPACE}/${HOSTILE_RUN}`,
  `/rollouts/${RELEASES[0].namespace}/${RELEASES[0].prompt}`,
  `/rollouts/${HOSTILE_NAMESPACE}/constructor-0`,
  '/there-is-no-such-page',
] as const;

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

describe.each(LOOKS)('in $theme, $language, $width px wide', (look) => {
  it('every screen is accessible and never wider than the window', async () => {
    await visit(browser, 'director', look, async ({ page, open }) => {
      await open('/');
      const areas = await areasOf(page);
      expect(areas.length).toBeGreaterThanOrEqual(8);
      const problems: string[] = [];
      const details = look.width === 1280 ? DETAILS.slice(0, 5) : DETAILS.slice(5);
      for (const path of [...areas, ...details]) {
        await open(path);
        await settled(page);
        const found = [...(await accessibilityProblems(page)), ...(await tooWide(page))];
        problems.push(...found.map((problem) => `${path}: ${problem}`));
      }
      expect(problems).toEqual([]);
    });
  }, 300_000);

  it('the door is accessible too', async () => {
    await visit(browser, undefined, look, async ({ page, open }) => {
      await open('/');
      expect([...(await accessibilityProblems(page)), ...(await tooWide(page))]).toEqual([]);
    });
  });
});

async function tooWide(page: Parameters<typeof settled>[0]): Promise<readonly string[]> {
  const [content, window] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as [number, number];
  return content > window ? [`the page is ${content} px wide in a window of ${window} px`] : [];
}
