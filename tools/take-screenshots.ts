/**
 * `npm run screenshots`: the pictures of the console that README and docs show, of the page as it is built, with generated data
 * (services/console/page/testing). Look at each before it is committed.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { launchChromium } from '#test/browser/chromium/launch-chromium.ts';

const CHECKOUT = join(import.meta.dirname, '..');
const IMAGES = join(CHECKOUT, 'docs/operations/images');
const PAGE = join(CHECKOUT, 'services/console/page');
const SHOWN_MILLISECONDS = 20_000;

const PICTURES = [
  { name: 'now', path: '/', width: 1280, height: 860, theme: 'light' },
  { name: 'fleet', path: '/agents', width: 1280, height: 860, theme: 'light' },
  { name: 'rollout', path: '/rollouts/claims/ticket-prompt', width: 1280, height: 860, theme: 'dark' },
  { name: 'drift', path: '/drift', width: 1280, height: 860, theme: 'light' },
  { name: 'now-on-a-telephone', path: '/', width: 390, height: 844, theme: 'light' },
] as const;

const server = spawn(process.execPath, [join(PAGE, 'testing/develop.ts'), '--built'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [url] = await once(createInterface({ input: server.stdout }));
  await mkdir(IMAGES, { recursive: true });
  await using browser = await launchChromium();
  for (const { name, path, width, height, theme } of PICTURES) {
    await using context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      locale: 'en',
      timezoneId: 'UTC',
    });
    const page = await context.newPage();
    await page.goto(`${url}${path}`);
    await page.locator('.content').waitFor({ timeout: SHOWN_MILLISECONDS });
    await page.locator('.skeleton').first().waitFor({ state: 'detached', timeout: SHOWN_MILLISECONDS });
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    console.log(`docs/operations/images/${name}.png`);
  }
} finally {
  server.kill();
}

/** The first line, or an error where there is none. */
async function once(lines: AsyncIterable<string>): Promise<readonly [string]> {
  for await (const line of lines) return [line];
  throw new Error('The page was not served: build it with npm run build:page.');
}
