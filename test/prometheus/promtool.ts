/** What promtool, which is Prometheus itself, makes of our rules when it is given series. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { tryCommand } from '#cluster/command-line/command.ts';
import { ensurePrometheus } from './prometheus-programs.ts';

export const RULES = join(import.meta.dirname, '../../helm/capataz/rules/capataz.rules.yaml');

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: { readonly severity: string };
  readonly annotations?: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
}

/** All of RULES, in their order. */
export async function readRules(): Promise<readonly Rule[]> {
  const { groups } = parse(await readFile(RULES, 'utf8')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** What the chart makes from its values. */
export const OBJECTIVES = {
  groups: [
    {
      name: 'capataz-objectives',
      rules: [
        { record: 'capataz:availability_error_budget:ratio', expr: 'vector(1 - 0.995)' },
        { record: 'capataz:latency_objective:seconds', expr: 'vector(30)' },
      ],
    },
  ],
};

/** A series to its values by minute, in promtool's short form: `0+10x60` begins at 0 and adds 10, 60 times. */
export type Series = Readonly<Record<string, string>>;

export interface RuleCase {
  readonly series: Series;
  /** From the first value, for example `70m`. */
  readonly at: string;
  /** All that fires then: sets of labels, without the one that says how grave it is. */
  readonly firing: readonly string[];
}

/** Undefined when it is as expected; else what promtool says. */
export async function judgeRules({ series, at, firing }: RuleCase): Promise<string | undefined> {
  const expr = 'count without (alertstate, severity) (ALERTS{alertstate="firing"})';
  const { output, exitCode } = await runPromtool({
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [{ expr, eval_time: at, exp_samples: firing.map((labels) => ({ labels, value: 1 })) }],
  });
  return exitCode === 0 ? undefined : output;
}

export async function checkRules(path: string): Promise<string> {
  const { exitCode, output, errorOutput } = await tryCommand(join(await ensurePrometheus(), 'promtool'), [
    'check',
    'rules',
    path,
  ]);
  return exitCode === 0 ? '' : `${output}${errorOutput}`;
}

async function runPromtool(test: object): Promise<{ readonly exitCode: number; readonly output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'capataz-promtool-'));
  try {
    await writeFile(join(folder, 'objectives.yaml'), stringify(OBJECTIVES));
    const path = join(folder, 'test.yaml');
    const rules = { rule_files: ['objectives.yaml', RULES], evaluation_interval: '1m', tests: [test] };
    await writeFile(path, stringify(rules));
    const promtool = join(await ensurePrometheus(), 'promtool');
    const { exitCode, output, errorOutput } = await tryCommand(promtool, ['test', 'rules', path]);
    return { exitCode, output: `${output}${errorOutput}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
