import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { DASHBOARDS } from '#tools/dashboards/dashboards.ts';
import { ensurePrometheus } from './prometheus-programs.ts';
import { checkRules, readRules } from './promtool.ts';

const FIRST_DOWNLOAD_TIMEOUT_MS = 600_000;
const REFERENCE = join(import.meta.dirname, '../../docs/reference/metrics.md');

const QUESTIONS: readonly string[] = DASHBOARDS.flatMap(({ rows }) =>
  rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr))),
);

beforeAll(async () => {
  await ensurePrometheus();
}, FIRST_DOWNLOAD_TIMEOUT_MS);

test('Rules and dashboards ask for nothing but the metrics that there are, and the series that the rules record', async () => {
  const reference = await readFile(REFERENCE, 'utf8');
  const metrics = Array.from(reference.matchAll(/`((?:capataz|gen_ai)_\w+)`/g), ([, name]) => name);
  const recorded = (await readRules()).flatMap(({ record = [] }) => record);
  const objectives = ['capataz:availability_error_budget:ratio', 'capataz:latency_objective:seconds'];
  const known = new Set([...metrics, ...recorded, ...objectives]);
  const expressions = [...(await readRules()).map(({ expr }) => expr), ...QUESTIONS];
  for (const expression of expressions) {
    const asked = expression.matchAll(/(?:\w+:)?(?:capataz|gen_ai)[:_][\w:]+/g);
    for (const [name] of asked) {
      const isKnown = known.has(name) || known.has(name.replace(/_(bucket|count|sum)$/, ''));
      const isLabel = /^gen_ai_(request_model|operation_name|provider_name|token_type)$/.test(name);
      expect(isKnown || isLabel, `${name} in ${expression}`).toBe(true);
    }
  }
});

test('Prometheus understands every question of the dashboards', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'capataz-dashboards-'));
  try {
    const path = join(folder, 'questions.yaml');
    const asRules = QUESTIONS.map((expr, index) => ({
      record: `question:${index}`,
      expr: expr.replaceAll('$namespace', 'a'),
    }));
    await writeFile(path, stringify({ groups: [{ name: 'questions', rules: asRules }] }));
    expect(await checkRules(path)).toBe('');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('A dashboard has an address of its own that stays, and no panel without a title', () => {
  expect(DASHBOARDS.map(({ uid }) => uid)).toEqual([
    'capataz-fleet',
    'capataz-models',
    'capataz-rollouts',
    'capataz-platform',
  ]);
  const titles = DASHBOARDS.flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.map(({ title }) => title)),
  );
  expect(titles.every((title) => title.length > 3)).toBe(true);
});
