/** Releases in the hands of people: who may, who may not, and what is written before anything is done. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type KubeClient, createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { objectPath } from '#adapters/kubernetes/resource-kind.ts';
import { ROLLOUT_COMMAND_ANNOTATION } from '#domain/rollout/rollout-command.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { launchChromium } from './chromium/launch-chromium.ts';
import { type Visit, visit } from './visits/console-visit.ts';
import { RELEASES } from './world/fleet-objects.ts';
import { personUser } from './world/people.ts';

type Release = Pick<(typeof RELEASES)[number], 'namespace' | 'prompt'>;
const [PROMOTED, APPROVED, ABORTED, BY_KEYBOARD, UNTOUCHED] = RELEASES;
const REASON = 'The numbers of the morning are good enough.';

let browser: Browser;
let kube: KubeClient;
beforeAll(async () => {
  browser = await launchChromium();
  kube = createKubeClient(loadKubeConfig(inject('browserWorld').kubeconfig));
});
afterAll(async () => {
  await browser.close();
  await kube.close();
});

interface StoredRollout {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

async function stored({ namespace, prompt }: Release): Promise<StoredRollout> {
  const path = objectPath(CANARY_ROLLOUTS, namespace, prompt);
  return (await kube.request({ method: 'GET', path })) as StoredRollout;
}

/** What the operator will read: undefined when nothing was asked of it. */
async function commandOf(release: Release): Promise<unknown> {
  const text = (await stored(release)).metadata.annotations?.[ROLLOUT_COMMAND_ANNOTATION];
  return text === undefined ? undefined : JSON.parse(text);
}

const pathOf = ({ namespace, prompt }: Release): string => `/rollouts/${namespace}/${prompt}`;

/** Records of commands about it, as the ledger has them. */
async function recordsOf({ ask }: Visit, { namespace, prompt }: Release): Promise<readonly unknown[]> {
  const { body } = await ask('GET', `/v1/rollouts/${namespace}/${prompt}`);
  return body.history
    .map(({ record }: { record: { type: string } }) => record)
    .filter(({ type }: { type: string }) => type === 'command');
}

const button = ({ page }: Visit, name: string) => page.getByRole('button', { name, exact: true });

describe('somebody with the right', () => {
  it.each([
    ['promotes', 'Promote one step', PROMOTED, { verb: 'promote' }],
    ['approves', 'Approve', APPROVED, { verb: 'approve' }],
    ['aborts', 'Abort', ABORTED, { verb: 'abort' }],
  ])(
    '%s a canary with a reason, which is a record before the operator reads of it',
    async (_, title, release, command) => {
      await visit(browser, 'releaser', {}, async (visiting) => {
        const { page, open } = visiting;
        await open(pathOf(release));
        await button(visiting, title).click();
        const dialog = page.getByRole('dialog');
        // Nothing is done without a reason.
        await dialog.getByRole('button', { name: title, exact: true }).click();
        expect(await page.evaluate("document.activeElement?.matches('textarea:invalid')")).toBe(true);
        expect(await commandOf(release)).toBeUndefined();
        await dialog.getByLabel('Reason').fill(REASON);
        await dialog.getByRole('button', { name: title, exact: true }).click();
        await dialog.waitFor({ state: 'detached' });
        await page.getByText(/is recorded and handed to the operator/).waitFor();
        const given = (await commandOf(release)) as { readonly id: string };
        expect(given).toMatchObject({ ...command, reason: REASON, by: personUser('releaser') });
        await expect
          .poll(() => recordsOf(visiting, release))
          .toEqual([
            expect.objectContaining({
              ...command,
              type: 'command',
              namespace: release.namespace,
              subject: release.prompt,
              by: personUser('releaser'),
              reason: REASON,
            }),
          ]);
      });
    },
  );

  it('does the same by keyboard alone', async () => {
    await visit(browser, 'releaser', {}, async (visiting) => {
      const { page, open } = visiting;
      await open(pathOf(BY_KEYBOARD));
      const focused = () => page.evaluate('document.activeElement?.textContent?.trim()');
      for (let presses = 0; (await focused()) !== 'Abort'; presses += 1) {
        expect(presses).toBeLessThan(60);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.waitFor();
      const inField = () => page.evaluate("document.activeElement?.tagName === 'TEXTAREA'");
      for (let presses = 0; !(await inField()); presses += 1) {
        expect(presses).toBeLessThan(10);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.type(REASON);
      for (let presses = 0; (await focused()) !== 'Abort'; presses += 1) {
        expect(presses).toBeLessThan(10);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      expect(await commandOf(BY_KEYBOARD)).toMatchObject({ verb: 'abort', reason: REASON });
      // The focus is back where it was: the next key goes on from there.
      expect(await focused()).toBe('Abort');
    });
  });

  it('gives one command however often the same one is sent', async () => {
    await visit(browser, 'releaser', {}, async (visiting) => {
      const { open, ask } = visiting;
      await open('/');
      const path = `/v1/rollouts/${UNTOUCHED.namespace}/${UNTOUCHED.prompt}`;
      const before = await recordsOf(visiting, UNTOUCHED);
      const { resourceVersion } = (await ask('GET', path)).body;
      const command = { id: `pause-once-${Date.now()}`, verb: 'pause', reason: REASON, resourceVersion };
      const first = await ask('POST', `${path}/commands`, command);
      const second = await ask('POST', `${path}/commands`, command);
      expect([first.status, second.status]).toEqual([202, 202]);
      expect(second.body).toEqual(first.body);
      await expect.poll(() => recordsOf(visiting, UNTOUCHED)).toHaveLength(before.length + 1);
    });
  });
});

describe('somebody without the right', () => {
  it.each(['director', 'shopkeeper'] as const)(
    'sees grey buttons that name it, and is refused by hand too: %s',
    async (person) => {
      await visit(browser, person, {}, async (visiting) => {
        const { page, open, ask } = visiting;
        await open(pathOf(PROMOTED));
        const before = await stored(PROMOTED);
        for (const [title, right] of [
          ['Promote one step', 'update canaryrollouts/promote'],
          ['Abort', 'update canaryrollouts/abort'],
        ] as const) {
          expect(await button(visiting, title).getAttribute('aria-disabled')).toBe('true');
          // A grey button still opens, to say why it is grey.
          await button(visiting, title).focus();
          await page.keyboard.press('Enter');
          const dialog = page.getByRole('dialog');
          await dialog.getByText(right).first().waitFor();
          expect(await dialog.getByLabel('Reason').count()).toBe(0);
          await page.keyboard.press('Escape');
          await dialog.waitFor({ state: 'detached' });
        }
        const path = `/v1/rollouts/${PROMOTED.namespace}/${PROMOTED.prompt}`;
        for (const verb of [
          'promote',
          'promote_full',
          'abort',
          'pause',
          'rollback',
          'retry',
          'approve',
          'resume',
        ]) {
          const { resourceVersion } = before.metadata;
          const answer = await ask('POST', `${path}/commands`, {
            id: `by-hand-${person}-${verb}`,
            verb,
            reason: REASON,
            resourceVersion,
          });
          expect([verb, answer.status, answer.body.error.code]).toEqual([verb, 403, 'not_allowed']);
        }
        expect((await stored(PROMOTED)).metadata).toEqual(before.metadata);
      });
    },
  );

  it('nobody acts through the session of another: without its token a request changes nothing', async () => {
    await visit(browser, 'releaser', {}, async ({ page, open }) => {
      await open('/');
      const before = await stored(UNTOUCHED);
      const body = JSON.stringify({
        id: 'forged',
        verb: 'abort',
        reason: REASON,
        resourceVersion: before.metadata.resourceVersion,
      });
      const status =
        await page.evaluate(`fetch('/v1/rollouts/${UNTOUCHED.namespace}/${UNTOUCHED.prompt}/commands', {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(body)},
      }).then(({ status }) => status)`);
      expect(status).toBe(403);
      expect((await stored(UNTOUCHED)).metadata).toEqual(before.metadata);
    });
  });
});
