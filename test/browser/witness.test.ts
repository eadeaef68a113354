/** That the tests of this suite can fail: a page that makes the mistakes which the console must not make is caught at each. */
import { createServer } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '#process/http/listen.ts';
import { launchChromium } from './chromium/launch-chromium.ts';
import { accessibilityProblems } from './visits/accessibility.ts';
import { type Witness, watchContext } from './visits/witness.ts';
import { HOSTILE_TEXTS } from './world/hostile-texts.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

interface Visit extends Witness {
  readonly unreadable: readonly string[];
}

/** Shows the page until nothing more comes, and says what was found. */
async function visit(html: string, headers: Readonly<Record<string, string>> = {}): Promise<Visit> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(html);
  });
  const port = await listen(server, 0, '127.0.0.1');
  const origin = `http://127.0.0.1:${port}`;
  const context = await browser.newContext();
  try {
    const witness = await watchContext(context, origin);
    const page = await context.newPage();
    await page.goto(`${origin}/`, { waitUntil: 'load' });
    await page.waitForTimeout(500);
    return { ...witness, unreadable: await accessibilityProblems(page) };
  } finally {
    await context.close();
    server.closeAllConnections();
    server.close();
  }
}

/** As a careless page would have it: each text as markup of its own element. */
const CARELESS = `<!doctype html><title>x</title><main></main><script>
  const texts = ${JSON.stringify(HOSTILE_TEXTS).replaceAll('<', String.raw`\u003c`)};
  for (const { group, text } of texts) {
    if (!['markup', 'breakers'].includes(group)) continue;
    const element = document.createElement('article');
    element.innerHTML = '<p title="' + text + '">' + text + '</p>';
    document.querySelector('main').append(element);
  }
</script>`;

describe('a page that takes texts for markup', () => {
  it('is caught executing them, asking other origins, and leaving', async () => {
    const { findings } = await visit(CARELESS);
    const executed = new Set(findings.filter(({ kind }) => kind === 'execution').map(({ what }) => what));
    const asked = new Set(findings.filter(({ kind }) => kind === 'request').map(({ what }) => what));
    expect(executed.size).toBeGreaterThan(10);
    expect(asked.size).toBeGreaterThan(5);
  });

  it('is caught by its policy where the policy stops it', async () => {
    const policy = "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'";
    const { findings } = await visit(
      '<img src="https://attacker.invalid/1"><script>capatazCanary(1)</script>',
      {
        'content-security-policy': policy,
      },
    );
    expect(findings.filter(({ kind }) => kind === 'execution')).toEqual([]);
    expect(findings.filter(({ kind }) => kind === 'violation').map(({ what }) => what.split(' ')[0])).toEqual(
      expect.arrayContaining(['img-src', 'script-src-elem']),
    );
  });
});

it('finds nothing in a page that shows them as texts', async () => {
  const careful = CARELESS.replace(
    /element\.innerHTML.*/,
    'element.textContent = text; element.title = text;',
  );
  const { findings, requests } = await visit(careful);
  expect(findings).toEqual([]);
  expect(requests.filter((url) => !url.endsWith('/favicon.ico'))).toHaveLength(1);
});

it('finds what people with a screen reader or weak eyes cannot use', async () => {
  const { unreadable } = await visit(
    '<html><p style="color:#aaa">pale</p><img src="/x"><button></button></html>',
  );
  expect(unreadable.map((problem) => problem.split(' ')[0])).toEqual(
    expect.arrayContaining(['button-name', 'color-contrast', 'html-has-lang', 'image-alt']),
  );
});
