/** `capataz eval`: a candidate beside the stable version on a golden set, on a laptop, in CI and in the gate's Job. */
import { constants } from 'node:fs';
import { access, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { NO_CACHE, createEvaluationCache } from '#adapters/evaluation-cache/evaluation-cache.ts';
import { createRouterModel } from '#adapters/router-client/router-model.ts';
import { apiUrlProblem } from '#crds/http-url.ts';
import { VERDICT_EXIT_CODES, type GateVerdict, writeGateVerdict } from '#domain/evaluation/gate-verdict.ts';
import {
  DEFAULT_GATE_RULES,
  type GateRules,
  errorVerdict,
  judgeEvaluation,
} from '#domain/evaluation/judge-evaluation.ts';
import { htmlReport } from '#domain/evaluation/reports/html-report.ts';
import { jsonReport } from '#domain/evaluation/reports/json-report.ts';
import { junitReport } from '#domain/evaluation/reports/junit-report.ts';
import { markdownReport } from '#domain/evaluation/reports/markdown-report.ts';
import { type EvaluationPorts, runEvaluation } from '#domain/evaluation/run-evaluation.ts';
import { ANY_MODEL } from '#domain/routing/choose-models.ts';
import { type CommandContext, examples, wholeNumber } from '../command-context.ts';
import { InputProblem, type Inputs, readInputs } from '../evaluation/read-inputs.ts';
import { progressTeller } from '../evaluation/show-progress.ts';
import { CommandError, EndedWith } from '../exit-codes.ts';
import { painter } from '../terminal/terminal.ts';
import { visibleLines } from '../terminal/visible-text.ts';

const BASIS_POINTS_PER_PERCENT = 100;
const NANO_PER_USD = 1e9;
const API_KEY = 'CAPATAZ_EVAL_API_KEY';
const JUDGE_API_KEY = 'CAPATAZ_EVAL_JUDGE_API_KEY';

export interface EvalFlags {
  readonly prompt: string;
  readonly stable?: string;
  readonly stableRef?: string;
  readonly goldenSet: string;
  readonly agent?: string;
  readonly endpoint: string;
  readonly model: string;
  readonly tokenFile?: string;
  readonly judgeModel?: string;
  readonly judgeEndpoint?: string;
  readonly judgeVotes: number;
  readonly repeats: number;
  readonly parallel: number;
  readonly minimumPass: number;
  readonly minimumSchemaValid: number;
  readonly maximumCostIncrease: number;
  readonly maximumLatencyIncrease: number;
  readonly maximumUsd?: number;
  readonly timeoutSeconds?: number;
  readonly cache: string | boolean;
  readonly json?: string;
  readonly junit?: string;
  readonly markdown?: string;
  readonly html?: string;
  readonly verdict?: string;
}

export function addEval(program: Command, context: CommandContext): void {
  program
    .command('eval')
    .description(
      'Test a prompt on a golden set beside its stable version, and say whether it may be released',
    )
    .requiredOption('--prompt <file>', 'the candidate')
    .option('--stable <file>', 'the version to compare with')
    .option('--stable-ref <ref>', 'the same file at a branch, tag or commit: git:main')
    .requiredOption('--golden-set <file>', 'the cases: .jsonl, .json, .yaml or .csv')
    .option('--agent <file>', 'the Agent (manifest or configuration) whose tools, schema and limits to use')
    .requiredOption('--endpoint <url>', 'the router, or any server that speaks the API of OpenAI')
    .option('--model <name>', 'the model to ask for; a router chooses by itself', ANY_MODEL)
    .option('--token-file <file>', `a file with the token for the endpoint (or a key in ${API_KEY})`)
    .option('--judge-model <name>', 'the model that judges llm-rubric and factuality')
    .option('--judge-endpoint <url>', `where the judge is, when elsewhere (its key in ${JUDGE_API_KEY})`)
    .option('--judge-votes <number>', 'votes on each answer, an odd number', oddNumber, 3)
    .option('--repeats <number>', 'how often each case is run', wholeNumber(1, 20), 3)
    .option('--parallel <number>', 'runs at the same time', wholeNumber(1, 64), 4)
    .option(
      '--minimum-pass <percent>',
      'what the share of passed cases must surely reach',
      percentage(100),
      80,
    )
    .option('--minimum-schema-valid <percent>', 'answers that must have their form', percentage(100), 100)
    .option('--maximum-cost-increase <percent>', 'how much dearer than stable', percentage(10_000), 25)
    .option(
      '--maximum-latency-increase <percent>',
      'how much slower than stable (p95)',
      percentage(10_000),
      50,
    )
    .option('--maximum-usd <dollars>', 'begin no run behind this sum', dollarsFlag)
    .option('--timeout-seconds <number>', 'end it then, with what there is', wholeNumber(1, 604_800))
    .option('--cache <folder>', 'where answers are kept, so that an interrupted evaluation goes on')
    .option('--no-cache', 'keep nothing')
    .option('--json <file>', 'write the whole report as JSON')
    .option('--junit <file>', 'write it as JUnit XML')
    .option('--markdown <file>', 'write it as Markdown')
    .option('--html <file>', 'write it as one HTML page')
    .option('--verdict <file>', 'write the verdict as one line of JSON of at most 4096 bytes')
    .addHelpText(
      'after',
      `\nExit codes: 0 Passed, 1 Failed, 2 Inconclusive (or a wrong command line), 3 Error.\n${examples([
        ['capataz eval --prompt a.prompt --stable-ref git:main --golden-set a.jsonl --endpoint URL', ''],
      ]).trimEnd()}\n`,
    )
    .action(async (flags: EvalFlags) => {
      await concludeEvaluation(await evaluate(flags, context), flags.verdict, context);
    });
}

/** Tells the verdict, writes it where it is wanted, and ends the program with its exit code. */
export async function concludeEvaluation(
  verdict: GateVerdict,
  path: string | undefined,
  context: CommandContext,
): Promise<void> {
  if (path !== undefined) await writeFile(path, writeGateVerdict(verdict));
  tell(verdict, context);
  const code = VERDICT_EXIT_CODES[verdict.verdict];
  if (code !== 0) throw new EndedWith(code);
}

/** `judgeIsNamedBy` is where whoever called this names a judge. */
export async function evaluate(
  flags: EvalFlags,
  context: CommandContext,
  judgeIsNamedBy = '--judge-model',
): Promise<GateVerdict> {
  try {
    const inputs = await readInputs(flags);
    if (inputs.needsJudge && flags.judgeModel === undefined) {
      throw new InputProblem(
        'golden_set_invalid',
        `The golden set has assertions that a model judges: name it by ${judgeIsNamedBy}.`,
      );
    }
    if (flags.judgeModel === ANY_MODEL) {
      throw new InputProblem(
        'model_unusable',
        `The judge must be one model, the same for all answers, and "${ANY_MODEL}" leaves it to the router: name one by ${judgeIsNamedBy}.`,
      );
    }
    await checkPlaces(flags, context);
    return await runInputs(inputs, flags, context);
  } catch (error) {
    if (error instanceof InputProblem) return errorVerdict(error.reason, error.message);
    throw error;
  }
}

async function runInputs(inputs: Inputs, flags: EvalFlags, context: CommandContext): Promise<GateVerdict> {
  const now = (): number => performance.now();
  const token = context.environment[API_KEY];
  const model = createRouterModel({
    url: baseOf(flags.endpoint),
    model: flags.model,
    runPurpose: 'evaluation',
    tokenPath: flags.tokenFile,
    token,
    now,
  });
  const judge =
    flags.judgeModel === undefined
      ? undefined
      : createRouterModel({
          url: baseOf(flags.judgeEndpoint ?? flags.endpoint),
          model: flags.judgeModel,
          runPurpose: 'evaluation',
          // A token is for one server.
          tokenPath: flags.judgeEndpoint === undefined ? flags.tokenFile : undefined,
          token:
            context.environment[JUDGE_API_KEY] ?? (flags.judgeEndpoint === undefined ? token : undefined),
          now,
        });
  const signals = [
    context.signal,
    ...(flags.timeoutSeconds === undefined ? [] : [AbortSignal.timeout(flags.timeoutSeconds * 1000)]),
  ];
  try {
    const result = await runEvaluation(
      {
        goldenSet: inputs.goldenSet,
        candidate: inputs.candidate,
        ...(inputs.stable === undefined ? {} : { stable: inputs.stable }),
        modelName: `${flags.model} at ${baseOf(flags.endpoint)}`,
        repeats: flags.repeats,
        parallel: flags.parallel,
        ...(flags.maximumUsd === undefined
          ? {}
          : { maximumNanoUsd: Math.round(flags.maximumUsd * NANO_PER_USD) }),
        ...(judge === undefined
          ? {}
          : { judge: { model: judge, modelName: flags.judgeModel ?? '', votes: flags.judgeVotes } }),
      },
      portsOf(model, cacheFolder(flags, context), now, context),
      AbortSignal.any(signals),
    );
    const judgement = judgeEvaluation(result, rulesOf(flags));
    const reports: readonly (readonly [string | undefined, () => string])[] = [
      [flags.json, () => jsonReport(judgement, result)],
      [flags.junit, () => junitReport(judgement)],
      [flags.markdown, () => markdownReport(judgement)],
      [flags.html, () => htmlReport(judgement)],
    ];
    for (const [path, write] of reports) if (path !== undefined) await writeFile(path, write());
    return judgement.verdict;
  } finally {
    await Promise.all([model.close(), judge?.close()]);
  }
}

/** Before anything is paid for: what is written at the end must find its place. */
async function checkPlaces(flags: EvalFlags, context: CommandContext): Promise<void> {
  for (const path of [flags.json, flags.junit, flags.markdown, flags.html, flags.verdict]) {
    if (path === undefined) continue;
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) {
      throw new CommandError('usage', `${path} is a folder: name a file for the report.`);
    }
    await access(found === undefined ? dirname(path) : path, constants.W_OK);
  }
  const cache = cacheFolder(flags, context);
  if (cache === undefined) return;
  await mkdir(cache, { recursive: true });
  await access(cache, constants.W_OK);
}

function portsOf(
  model: EvaluationPorts['model'],
  folder: string | undefined,
  now: () => number,
  { terminal, epochMilliseconds }: CommandContext,
): EvaluationPorts {
  return {
    model,
    now: () => new Date(epochMilliseconds()),
    monotonicMilliseconds: now,
    startDeadline: (milliseconds) => {
      const ended = new AbortController();
      const timer = setTimeout(() => ended.abort(), milliseconds);
      return { signal: ended.signal, cancel: () => clearTimeout(timer) };
    },
    cache: folder === undefined ? NO_CACHE : createEvaluationCache(folder),
    pause: async (milliseconds, signal) => {
      await sleep(milliseconds, undefined, { signal });
    },
    onProgress: progressTeller(terminal.note),
  };
}

function cacheFolder({ cache }: EvalFlags, { environment }: CommandContext): string | undefined {
  if (typeof cache === 'string') return cache;
  if (!cache) return undefined;
  const home = environment['XDG_CACHE_HOME'] ?? join(environment['HOME'] ?? '.', '.cache');
  return join(home, 'capataz', 'evaluations');
}

/** With or without the `/v1` that clients of OpenAI want. */
function baseOf(endpoint: string): string {
  const problem = apiUrlProblem(endpoint);
  if (problem !== undefined)
    throw new InputProblem('model_unusable', `the endpoint "${endpoint}" ${problem}`);
  return endpoint.replace(/\/+$/, '').replace(/\/v1$/, '');
}

function rulesOf(flags: EvalFlags): GateRules {
  return {
    ...DEFAULT_GATE_RULES,
    floorBasisPoints: flags.minimumPass * BASIS_POINTS_PER_PERCENT,
    schemaValidBasisPoints: flags.minimumSchemaValid * BASIS_POINTS_PER_PERCENT,
    costIncreaseBasisPoints: flags.maximumCostIncrease * BASIS_POINTS_PER_PERCENT,
    latencyIncreaseBasisPoints: flags.maximumLatencyIncrease * BASIS_POINTS_PER_PERCENT,
  };
}

function tell(verdict: GateVerdict, { terminal }: CommandContext): void {
  const paint = painter(terminal);
  const colour = { Passed: 'green', Failed: 'red', Inconclusive: 'yellow', Error: 'red' } as const;
  const print = (text: string): void => terminal.write(`${visibleLines(text).join('\n')}\n`);
  for (const [title, { names, more }] of [
    ['worse', verdict.worse],
    ['better', verdict.better],
  ] as const) {
    if (names.length > 0) print(`${title}: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`);
  }
  terminal.write(`${paint(colour[verdict.verdict], visibleLines(verdict.message).join('\n'))}\n`);
}

function oddNumber(text: string): number {
  const number = wholeNumber(1, 15)(text);
  if (number % 2 === 1) return number;
  throw new InvalidArgumentError('It takes an odd number, so that votes have a majority.');
}

const percentage =
  (most: number) =>
  (text: string): number => {
    const number = /^\d{1,5}(\.\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
    if (number <= most) return number;
    throw new InvalidArgumentError(`It takes a percentage from 0 to ${most}.`);
  };

function dollarsFlag(text: string): number {
  const number = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (number > 0) return number;
  throw new InvalidArgumentError('It takes US dollars, such as 2.50.');
}
