/** One round of probes from its inputs to its record. Whatever goes wrong on the way is told in that record. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { NO_CACHE } from '#adapters/evaluation-cache/evaluation-cache.ts';
import { createLedgerClientMetrics } from '#adapters/ledger-client/ledger-client-metrics.ts';
import { type LedgerWriter, createLedgerWriter } from '#adapters/ledger-client/ledger-writer.ts';
import { SpendingRefusedError, readSpending } from '#adapters/ledger-client/read-spending.ts';
import { createRouterModel } from '#adapters/router-client/router-model.ts';
import { RunRecords } from '#domain/conversation/run-records.ts';
import type { EvaluationResult } from '#domain/evaluation/evaluation-result.ts';
import type { EvaluatedVersion } from '#domain/evaluation/evaluated-version.ts';
import type { GoldenSet } from '#domain/evaluation/golden-set.ts';
import { runEvaluation } from '#domain/evaluation/run-evaluation.ts';
import type { AgentSpending } from '#domain/ledger/agent-spending.ts';
import { COMMITMENT_KEY_BYTES } from '#domain/ledger/commitment.ts';
import { casesOfRound } from '#domain/probes/choose-cases.ts';
import { dailyLimitNanoUsd } from '#domain/probes/daily-limit.ts';
import {
  type AskedRound,
  type FailedRound,
  type PlannedRound,
  probeOutcomeRecord,
  probeRoundRecord,
} from '#domain/probes/probe-round.ts';
import { probeSchedule, roundAt } from '#domain/probes/probe-schedule.ts';
import { ANY_MODEL } from '#domain/routing/choose-models.ts';
import { createLogger } from '#telemetry/logger.ts';
import type { CommandContext } from '../command-context.ts';
import { layOutGoldenSet } from '../evaluation/mounted-golden-set.ts';
import { InputProblem, readInputs } from '../evaluation/read-inputs.ts';
import type { ProbeEnvironment } from './probe-environment.ts';
import { type ProbedAgent, readProbedAgent } from './probed-agent.ts';

/** The pod is killed at its end: until then the record must be in the ledger. */
const SECONDS_TO_CONCLUDE = 30;
const DELIVERY_MILLISECONDS = 15_000;
/** Who was told to end has two seconds. */
const HASTY_DELIVERY_MILLISECONDS = 1_000;
const SPOOL_MAXIMUM_BYTES = 32 * 1024 * 1024;
/** Production goes first: a round is in no hurry. */
const PARALLEL = 2;
const PAUSES_BEFORE_ASKING_AGAIN_MILLISECONDS = [1_000, 4_000, 10_000];
const JUDGE_IS_NAMED_BY = 'spec.probes.judge.modelRef of the Agent';

export interface ToldRound {
  readonly outcome: 'whole' | 'cut' | 'failed';
  /** For the log: it may quote what users wrote. */
  readonly sentence: string;
}

export async function runProbeRound(given: ProbeEnvironment, context: CommandContext): Promise<ToldRound> {
  const began = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'capataz-probe-'));
  const writer = await openLedger(given);
  try {
    const planned: PlannedRound = {
      id: `probe-${randomUUID()}`,
      namespace: given.namespace,
      agent: { name: given.agentName },
      round: roundOf(given, context),
      goldenSetName: given.goldenSetName,
    };
    const came = await askRound({ given, folder, writer, planned, context });
    const record = probeRoundRecord(planned, came, {
      endedAt: new Date(context.epochMilliseconds()),
      durationMilliseconds: performance.now() - began,
    });
    writer.write(record);
    return tellingOf(record, came);
  } finally {
    await writer.close(context.signal.aborted ? HASTY_DELIVERY_MILLISECONDS : DELIVERY_MILLISECONDS);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Round {
  readonly given: ProbeEnvironment;
  readonly folder: string;
  readonly writer: LedgerWriter;
  readonly planned: PlannedRound;
  readonly context: CommandContext;
}

type Problem = FailedRound & { readonly detail: string };

async function askRound(round: Round): Promise<AskedRound | Problem> {
  const { given, folder, context } = round;
  try {
    const agent = await readProbedAgent(given.configurationPath, given.rolloutPath);
    const { version, goldenSet } = await readRoundInputs(given, agent, folder);
    const spending = await spendingOf(given, context);
    const maximumNanoUsd = dailyLimitNanoUsd(given.maximumUsdPerDay || undefined, spending);
    const cases = casesOfRound(goldenSet.cases, round.planned.round, Number(given.casesPerRound));
    const left = maximumNanoUsd - spending.probesTodayNanoUsd;
    const result =
      left <= 0 ? undefined : await askCases(round, agent, version, { ...goldenSet, cases }, left);
    return {
      prompt: { version: agent.version, digest: agent.digest },
      goldenSet: { digest: goldenSet.digest, cases: goldenSet.cases.length },
      planned: cases.length,
      spentBeforeNanoUsd: spending.probesTodayNanoUsd,
      maximumNanoUsd,
      result,
    };
  } catch (error) {
    return problemOf(error, given);
  }
}

/** What users wrote stays in the log: a record holds no words of theirs. */
function problemOf(error: unknown, { goldenSetName, podName }: ProbeEnvironment): Problem {
  const reason =
    error instanceof InputProblem
      ? error.reason
      : error instanceof LedgerAway
        ? 'ledger_unavailable'
        : 'internal_error';
  const detail = error instanceof Error ? error.message : String(error);
  const what: Readonly<Record<string, string>> = {
    golden_set_invalid: `The golden set of ConfigMap ${goldenSetName} cannot be used`,
    prompt_invalid: 'The version that is served could not be made ready',
    model_unusable: 'The judge cannot be used',
    ledger_unavailable: 'The ledger did not say what probes have cost today',
  };
  const where = `the log of pod ${podName} says why`;
  return { reason, sentence: `${what[reason] ?? 'The round broke off by a fault'}: ${where}.`, detail };
}

async function readRoundInputs(
  given: ProbeEnvironment,
  { version: name, digest, text }: ProbedAgent,
  folder: string,
): Promise<{ readonly version: EvaluatedVersion; readonly goldenSet: GoldenSet }> {
  const prompt = join(folder, 'served.prompt');
  await writeFile(prompt, text);
  const { goldenSetDirectory: directory, goldenSetName, namespace, judgeModel } = given;
  const { candidate, goldenSet, needsJudge } = await readInputs({
    prompt,
    goldenSet: await layOutGoldenSet({ directory, name: goldenSetName, namespace }, folder),
    agent: given.configurationPath,
  });
  if (needsJudge && judgeModel === '') {
    throw new InputProblem(
      'golden_set_invalid',
      `The golden set has assertions that a model judges: name it by ${JUDGE_IS_NAMED_BY}.`,
    );
  }
  return { version: { ...candidate, identity: { name, digest } }, goldenSet };
}

class LedgerAway extends Error {}

/** Without an answer nothing is asked: a limit that cannot be kept is none. */
async function spendingOf(
  { ledgerUrl: url, ledgerTokenPath: tokenPath }: ProbeEnvironment,
  { signal }: CommandContext,
): Promise<AgentSpending> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await readSpending({ url, tokenPath }, signal);
    } catch (error) {
      const pause = PAUSES_BEFORE_ASKING_AGAIN_MILLISECONDS[attempt];
      if (pause === undefined || signal.aborted || error instanceof SpendingRefusedError) {
        throw new LedgerAway(error instanceof Error ? error.message : String(error));
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function askCases(
  { given, writer, planned, context }: Round,
  { configuration, version, digest }: ProbedAgent,
  evaluated: EvaluatedVersion,
  goldenSet: GoldenSet,
  maximumNanoUsd: number,
): Promise<EvaluationResult> {
  const now = (): Date => new Date(context.epochMilliseconds());
  const monotonicMilliseconds = (): number => performance.now();
  const { namespace, routerUrl: url, routerTokenPath: tokenPath, judgeModel } = given;
  const asking = { url, tokenPath, runPurpose: 'probe', now: monotonicMilliseconds } as const;
  const { uid, generation } = configuration.agent;
  const agent = { name: planned.agent.name, uid, generation };
  const model = createRouterModel({ ...asking, model: ANY_MODEL });
  const judge = judgeModel === '' ? undefined : createRouterModel({ ...asking, model: judgeModel });
  const milliseconds = Math.max(1, Number(given.timeoutSeconds) - SECONDS_TO_CONCLUDE) * 1_000;
  try {
    return await runEvaluation(
      {
        goldenSet,
        candidate: evaluated,
        modelName: ANY_MODEL,
        repeats: 1,
        parallel: PARALLEL,
        maximumNanoUsd,
        ...(judge && { judge: { model: judge, modelName: judgeModel, votes: Number(given.judgeVotes) } }),
      },
      {
        model,
        now,
        monotonicMilliseconds,
        startDeadline: (limit) => {
          const ended = new AbortController();
          const timer = setTimeout(() => ended.abort(), limit);
          return { signal: ended.signal, cancel: () => clearTimeout(timer) };
        },
        cache: NO_CACHE,
        pause: async (pause, signal) => {
          await sleep(pause, undefined, { signal });
        },
        onProgress: () => undefined,
        newRunId: randomUUID,
        openRecords: (runId) =>
          new RunRecords({
            writer,
            namespace,
            agent,
            // Of no arm: what it shows is nothing that the judge of a canary may count.
            prompt: { version, digest },
            runId,
            purpose: 'probe',
            content: configuration.audit.content,
            retentionDays: configuration.audit.retentionDays,
            commitmentKey: randomBytes(COMMITMENT_KEY_BYTES).toString('hex'),
            now,
            monotonicMilliseconds,
          }),
        onScored: (scored) => {
          const outcome = probeOutcomeRecord({ namespace, agent }, scored, now());
          if (outcome !== undefined) writer.write(outcome);
        },
      },
      AbortSignal.any([context.signal, AbortSignal.timeout(milliseconds)]),
    );
  } finally {
    await Promise.all([model.close(), judge?.close()]);
  }
}

async function openLedger({
  ledgerUrl,
  ledgerTokenPath,
  ledgerSpoolPath,
  podName,
  namespace,
}: ProbeEnvironment): Promise<LedgerWriter> {
  return await createLedgerWriter({
    url: ledgerUrl,
    tokenPath: ledgerTokenPath,
    spoolFolder: ledgerSpoolPath,
    maximumBytes: SPOOL_MAXIMUM_BYTES,
    source: { process: 'agent-runtime', instance: podName },
    namespace,
    logger: createLogger('probe', 'warn'),
    metrics: createLedgerClientMetrics(new Registry()),
    newId: randomUUID,
    now: () => performance.now(),
    epochMilliseconds: () => Date.now(),
    random: Math.random,
  });
}

function roundOf(
  { namespace, agentName: name, everyMinutes }: ProbeEnvironment,
  { epochMilliseconds }: CommandContext,
): number {
  return roundAt(epochMilliseconds(), probeSchedule({ namespace, name }, Number(everyMinutes)));
}

function tellingOf(record: ReturnType<typeof probeRoundRecord>, came: AskedRound | Problem): ToldRound {
  if (record.type !== 'probe_round') throw new Error('a round is told by its own record');
  const { outcome, passed, failed, errors, planned, sentence = '' } = record;
  const detail = 'detail' in came ? ` ${came.detail}` : '';
  const counts = `${passed} passed, ${failed} failed, ${errors} without a verdict, of ${planned} cases.`;
  return { outcome, sentence: `${counts} ${sentence}${detail}`.trim() };
}
