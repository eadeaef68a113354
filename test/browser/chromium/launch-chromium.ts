/** A browser that reaches this machine alone, whatever a page asks of it. */
import { type Browser, chromium } from 'playwright-core';
import { ensureChromium } from './chromium-program.ts';

export async function launchChromium(): Promise<Browser> {
  const { executablePath, environment } = await ensureChromium();
  return await chromium.launch({
    executablePath,
    env: { ...process.env, ...environment },
    // Chromium as root has no sandbox; the pages that it opens are our own.
    chromiumSandbox: false,
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
}
