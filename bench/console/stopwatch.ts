/** Times by the page's own clock, until the frame in which what was waited for is drawn. */
import type { BrowserContext, Page } from 'playwright-core';

const PATIENCE_MILLISECONDS = 30_000;

/** Runs in the page: resolves with the clock of the frame after the one in which it is so. */
const DRAWN = `(isSo) => new Promise((resolve, reject) => {
  const ends = performance.now() + ${PATIENCE_MILLISECONDS};
  const look = () => {
    if (isSo()) requestAnimationFrame(() => resolve(performance.now()));
    else if (performance.now() > ends) reject(new Error('It was not drawn in time: ' + isSo));
    else requestAnimationFrame(look);
  };
  look();
})`;

/** Milliseconds from the beginning of the navigation until it is so. `isSo`: JavaScript of the page. */
export async function timeToOpen(context: BrowserContext, url: string, isSo: string): Promise<number> {
  const page = await context.newPage();
  try {
    await page.addInitScript({ content: `globalThis.capatazDrawn = (${DRAWN})(() => ${isSo});` });
    await page.goto(url, { waitUntil: 'commit' });
    return Number(await page.evaluate('globalThis.capatazDrawn'));
  } finally {
    await page.close();
  }
}

/** Milliseconds from the click until it is so. */
export async function timeToFollow(page: Page, selector: string, isSo: string): Promise<number> {
  return Number(
    await page.evaluate(`(async () => {
      const begun = performance.now();
      document.querySelector(${JSON.stringify(selector)}).click();
      return (await (${DRAWN})(() => ${isSo})) - begun;
    })()`),
  );
}

/** Milliseconds from each key that is typed until it is so. */
export async function timesToType(page: Page, text: string, isSo: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (const key of text) {
    await page.evaluate(`globalThis.capatazTyped = new Promise((resolve) => {
      addEventListener('keydown', () => {
        const begun = performance.now();
        addEventListener('input', () => setTimeout(() => resolve((${DRAWN})(() => ${isSo}).then((at) => at - begun))), { once: true });
      }, { once: true, capture: true });
    }); undefined`);
    await page.keyboard.press(key);
    times.push(Number(await page.evaluate('globalThis.capatazTyped')));
  }
  return times;
}
