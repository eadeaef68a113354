/**
 * `capataz gate`: the program in the Job of a gate, for nobody to type. It lays out what is mounted as the files that
 * `capataz eval` takes, and ends as that does. The log has the report, the termination message the verdict.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { GATE_VARIABLES, GateVersions } from '#domain/evaluation/gate-entry.ts';
import { errorVerdict } from '#domain/evaluation/judge-evaluation.ts';
import { ANY_MODEL } from '#domain/routing/choose-models.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import type { CommandContext } from '../command-context.ts';
import { layOutGoldenSet } from '../evaluation/mounted-golden-set.ts';
import { InputProblem } from '../evaluation/read-inputs.ts';
import { type EvalFlags, concludeEvaluation, evaluate } from './eval.ts';

/** The pod is killed at its end: until then the verdict must be written. */
const SECONDS_TO_CONCLUDE = 30;
const PARALLEL = 4;
const MAXIMUM_COST_INCREASE_PERCENT = 25;
const MAXIMUM_LATENCY_INCREASE_PERCENT = 50;

/** In the words of whoever wrote the CanaryRollout. */
const JUDGE_IS_NAMED_BY = 'spec.steps[].gate.judge.modelRef of the CanaryRollout';

const text = (name: keyof typeof GATE_VARIABLES) =>
  [GATE_VARIABLES[name], name === 'judgeModel' ? z.string().default('') : z.string().min(1)] as const;
const GateEnvironment = z.object(
  Object.fromEntries((Object.keys(GATE_VARIABLES) as (keyof typeof GATE_VARIABLES)[]).map(text)),
);

export function addGate(program: Command, context: CommandContext): void {
  program.command('gate', { hidden: true }).action(async () => {
    const given = GateEnvironment.parse(context.environment);
    const value = (name: keyof typeof GATE_VARIABLES): string => given[GATE_VARIABLES[name]] ?? '';
    const folder = await mkdtemp(join(tmpdir(), 'capataz-gate-'));
    const report = join(folder, 'report.md');
    try {
      const verdict = await run(value, folder, report, context);
      const markdown = await readFile(report, 'utf8').catch(() => '');
      if (markdown !== '') context.terminal.write(`${markdown}\n`);
      await concludeEvaluation(verdict, value('verdictPath'), context);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

type Value = (name: keyof typeof GATE_VARIABLES) => string;

async function run(value: Value, folder: string, report: string, context: CommandContext) {
  try {
    return await evaluate(await layOut(value, folder, report), context, JUDGE_IS_NAMED_BY);
  } catch (error) {
    if (error instanceof InputProblem) return errorVerdict(error.reason, error.message);
    throw error;
  }
}

async function layOut(value: Value, folder: string, report: string): Promise<EvalFlags> {
  const versions = await readVersions(value);
  const prompt = join(folder, 'candidate.prompt');
  const stable = join(folder, 'stable.prompt');
  await writeFile(prompt, versions.candidate?.text ?? '');
  if (versions.stable !== undefined) await writeFile(stable, versions.stable.text);
  return {
    prompt,
    ...(versions.stable !== undefined && { stable }),
    goldenSet: await layOutGoldenSet(
      {
        directory: value('goldenSetDirectory'),
        name: value('goldenSetName'),
        namespace: value('namespace'),
      },
      folder,
    ),
    agent: value('configurationPath'),
    endpoint: value('routerUrl'),
    model: ANY_MODEL,
    tokenFile: value('routerTokenPath'),
    ...(value('judgeModel') !== '' && { judgeModel: value('judgeModel') }),
    judgeVotes: Number(value('judgeVotes')),
    repeats: Number(value('repeats')),
    parallel: PARALLEL,
    minimumPass: Number(value('minimumPassPercent')),
    minimumSchemaValid: 100,
    maximumCostIncrease: MAXIMUM_COST_INCREASE_PERCENT,
    maximumLatencyIncrease: MAXIMUM_LATENCY_INCREASE_PERCENT,
    maximumUsd: Number(value('maximumUsd')),
    timeoutSeconds: Math.max(1, Number(value('timeoutSeconds')) - SECONDS_TO_CONCLUDE),
    cache: false,
    markdown: report,
  };
}

async function readVersions(value: Value): Promise<GateVersions> {
  const content = await readFile(value('versionsPath'), 'utf8').catch(() => '');
  const parsed = parseBoundedJson(content);
  const versions = parsed.ok ? GateVersions.safeParse(parsed.value).data : undefined;
  const wanted = value('candidateDigest');
  const candidate = versions?.candidate;
  if (versions === undefined || candidate === undefined || promptDigest(candidate.text) !== wanted) {
    throw new InputProblem(
      'prompt_invalid',
      `What is mounted of the rollout does not have the version with digest ${wanted.slice(0, 12)}: it was replaced meanwhile, or its ConfigMap is gone.`,
    );
  }
  return versions;
}
