/** That nobody sees a namespace that they may not see: on no screen, in no answer, in no stream. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium/launch-chromium.ts';
import { type Visit, areasOf, visit } from './visits/console-visit.ts';
import { HOSTILE_AGENT, HOSTILE_RUN } from './world/hostile-run.ts';
import { LONG_RUN } from './world/long-run.ts';

/** Words that are of other namespaces alone: their own names, and those of what is in them. */
const FOREIGN =
  /finance|logistics|mischief|invoice-classifier|ticket-triage|parcel-tracker|leave-assistant|long-run|hostile-run/;

const LISTS = [
  '/v1/session',
  '/v1/now',
  '/v1/agents?limit=100',
  '/v1/agents?limit=100&sort=security',
  '/v1/agents?limit=100&namespace=finance',
  '/v1/agents?limit=100&search=invoice',
  '/v1/runs',
  '/v1/rollouts',
  '/v1/drift',
  '/v1/security?hours=24',
  '/v1/records',
  '/v1/checkpoints',
  '/v1/models',
  '/v1/export?types=security_event&format=jsonl',
  '/v1/export?namespace=finance&types=run_ended&format=jsonl',
];

const FOREIGN_THINGS = [
  '/v1/agents/finance/invoice-classifier-es',
  `/v1/agents/mischief/${HOSTILE_AGENT}`,
  `/v1/runs/${LONG_RUN.id}?namespace=${LONG_RUN.namespace}`,
  `/v1/runs/${LONG_RUN.id}/failures?namespace=${LONG_RUN.namespace}`,
  `/v1/runs/${HOSTILE_RUN}/verification?namespace=mischief&record=${HOSTILE_RUN}.1`,
  '/v1/rollouts/finance/tax-code-finder',
  '/v1/records/mischief/hostile-run.1/evidence',
];

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** What a person's own name and namespace would add. */
function withoutQuestion(text: string): string {
  return text.replaceAll('people-of-the-console', '');
}

/** Which lists are answered with these words, or not as they should be. A refusal may name what was asked for, and nothing more. */
async function answersThat(ask: Visit['ask'], words: RegExp): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of LISTS) {
    const { status, text } = await ask('GET', path);
    const isTold = status < 300 && words.test(withoutQuestion(text));
    if (status >= 500 || isTold) found.push(`${path}: ${status} ${text.slice(0, 200)}`);
  }
  return found;
}

async function streamFor(page: Visit['page'], milliseconds: number): Promise<string> {
  return String(
    await page.evaluate(`new Promise((resolve) => {
      const told = [];
      const source = new EventSource('/v1/stream');
      for (const name of ['changed', 'beat']) source.addEventListener(name, ({ data }) => told.push(data));
      setTimeout(() => { source.close(); resolve(told.join(' ')); }, ${milliseconds});
    })`),
  );
}

describe('somebody who may look into one namespace', () => {
  it('is answered of that one alone, whatever is asked for', async () => {
    await visit(browser, 'shopkeeper', {}, async ({ open, ask }) => {
      await open('/');
      expect(await answersThat(ask, FOREIGN)).toEqual([]);
      const own = await ask('GET', '/v1/agents?limit=100');
      expect(own.body.totalUnfiltered).toBeGreaterThan(50);
    });
  });

  it('is refused what is of another, in the words of what is not there', async () => {
    await visit(browser, 'shopkeeper', {}, async ({ open, ask }) => {
      await open('/');
      for (const path of FOREIGN_THINGS) {
        const { status } = await ask('GET', path);
        expect([path, status]).toEqual([
          path,
          expect.toSatisfy((code: number) => code === 403 || code === 404),
        ]);
      }
    });
  });

  it('sees nothing of another on any screen, nor in the stream', async () => {
    await visit(browser, 'shopkeeper', {}, async ({ page, open }) => {
      await open('/');
      const paths = [
        ...(await areasOf(page)),
        '/agents?namespace=finance',
        '/agents/finance/invoice-classifier-es',
      ];
      for (const path of paths) {
        await open(path);
        const text = withoutQuestion(await page.locator('main').innerText());
        // That there is none, or that one may not see it, is said in the words of the address.
        expect([path, text.replace('agent invoice-classifier-es in namespace finance', '')]).toEqual([
          path,
          expect.not.stringMatching(FOREIGN),
        ]);
      }
      expect(await streamFor(page, 6_000)).not.toMatch(FOREIGN);
    });
  });
});

it('somebody without any right is let in and shown nothing', async () => {
  await visit(browser, 'stranger', {}, async ({ page, open, ask }) => {
    await open('/');
    expect((await ask('GET', '/v1/session')).body.namespaces).toEqual([]);
    expect(await answersThat(ask, FOREIGN)).toEqual([]);
    expect(await answersThat(ask, /size-advisor|product-describer/)).toEqual([]);
    await open('/agents');
    expect(await page.locator('main').innerText()).not.toMatch(/size-advisor|product-describer/);
  });
});
