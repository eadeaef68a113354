import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensurePrometheus } from './prometheus-programs.ts';
import { ALERT_CASES } from './alert-cases.ts';
import { RULES, checkRules, judgeRules, readRules } from './promtool.ts';

const FIRST_DOWNLOAD_TIMEOUT_MS = 600_000;
const DOCUMENTATION = join(import.meta.dirname, '../../docs');

beforeAll(async () => {
  await ensurePrometheus();
}, FIRST_DOWNLOAD_TIMEOUT_MS);

/** `NAME{label="value"}` as a set of labels. */
function labelled(alert: string): string {
  const [name = '', labels = ''] = alert.split(/[{}]/);
  return `{${[`alertname="${name}"`, ...(labels === '' ? [] : [labels])].join(', ')}}`;
}

test('promtool finds no fault in the rules', async () => {
  expect(await checkRules(RULES)).toBe('');
});

describe.each(Object.entries(ALERT_CASES))('%s', (name, { labels = '', fires, also = [], silent }) => {
  test('fires, and nothing else does', async () => {
    const firing = [`${name}{${labels}}`, ...also].map(labelled);
    expect(await judgeRules({ ...fires, firing })).toBeUndefined();
  });
  test('is silent where it should be, and so are all others', async () => {
    for (const others of silent) expect(await judgeRules({ ...others, firing: [] })).toBeUndefined();
  });
});

test('Every alert was seen to fire and to be silent', async () => {
  const alerts = (await readRules()).flatMap(({ alert = [] }) => alert);
  expect(Object.keys(ALERT_CASES).toSorted()).toEqual(alerts.toSorted());
});

test('Every alert says how grave it is, what is the matter, and where it is written what to do', async () => {
  const page = await readFile(join(DOCUMENTATION, 'operations/alerts.md'), 'utf8');
  for (const { alert, labels, annotations } of await readRules()) {
    if (alert === undefined) continue;
    expect(['page', 'ticket']).toContain(labels?.severity);
    expect(annotations?.summary).toMatch(/\.$/);
    expect(annotations?.description).toMatch(/\.$/);
    expect(annotations?.runbook_url).toBe(
      `https://capataz.dev/docs/operations/alerts.md#${alert.toLowerCase()}`,
    );
    expect(page).toContain(`### ${alert}\n`);
  }
});
