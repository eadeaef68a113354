/**
 * npm run screenshots: pictures of the console for the documentation, over the simulated fleet of the browser tests without its
 * hostile part, into docs/operations/images/.
 */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { CHECKOUT_DIRECTORY } from '#cluster/instance/cluster-paths.ts';
import { launchChromium } from '#test/browser/chromium/launch-chromium.ts';
import { type LoggedIn, logIn } from '#test/browser/visits/logged-in.ts';
import { startBrowserWorld } from '#test/browser/world/browser-world.ts';
import { LONG_RUN } from '#test/browser/world/long-run.ts';

const FOLDER = join(CHECKOUT_DIRECTORY, 'docs/operations/images');
const MOST_BYTES = 200_000;
/** Charts are drawn, and what was fetched stands where it belongs. */
const SETTLING_MILLISECONDS = 4_000;

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly theme?: 'light' | 'dark';
  readonly width?: 390;
}

const PICTURES: readonly Picture[] = [
  { name: 'now', path: '/' },
  { name: 'now-dark', path: '/', theme: 'dark' },
  { name: 'now-narrow', path: '/', width: 390 },
  { name: 'fleet', path: '/agents' },
  { name: 'agent', path: '/agents/finance/invoice-classifier-es' },
  { name: 'run', path: `/runs/${LONG_RUN.namespace}/${LONG_RUN.id}` },
  { name: 'rollout', path: '/rollouts/shop/product-describer' },
  { name: 'drift', path: '/drift' },
  { name: 'security', path: '/security' },
];

await using cleanup = new AsyncDisposableStack();
const { console: opened, tokens } = cleanup.use(await startBrowserWorld({ isHostile: false }));
const browser = await launchChromium();
cleanup.defer(() => browser.close());
await mkdir(FOLDER, { recursive: true });
const session = await logIn(browser, opened.url, tokens.releaser);
for (const picture of PICTURES) console.log(await take(browser, session, picture));

async function take(
  from: Browser,
  storageState: LoggedIn,
  { name, path, theme = 'light', width }: Picture,
): Promise<string> {
  const context = await from.newContext({
    storageState,
    baseURL: opened.url,
    viewport: width === 390 ? { width, height: 844 } : { width: 1280, height: 800 },
    colorScheme: theme,
    locale: 'en',
    reducedMotion: 'reduce',
  });
  try {
    const page = await context.newPage();
    await page.goto(path);
    await page.locator('h1').first().waitFor();
    await sleep(SETTLING_MILLISECONDS);
    const file = join(FOLDER, `console-${name}.png`);
    await page.screenshot({ path: file });
    const { size } = await stat(file);
    if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes, which is more than ${MOST_BYTES}.`);
    return `${file}: ${Math.round(size / 1000)} kB`;
  } finally {
    await context.close();
  }
}
