/**
 * What the agents of a simulated fleet did up to a moment, as the router and their runtimes tell it, in the order of time: of each
 * run its charge and its end. Deterministic: the same fleet and moment give the same records.
 */
import { seededRandom } from '#domain/judging/testing/outcomes.ts';
import type { LedgerRecord, RecordSource } from '#domain/ledger/ledger-record.ts';
import { promptDigest, promptVersionName } from '#domain/prompts/prompt-digest.ts';
import type { SubmittedRecord } from '#services/ledger/store/ledger-store.ts';
import {
  type SimulatedAgent,
  type SimulatedFleet,
  type SimulatedModel,
  stablePromptText,
} from './simulated-fleet.ts';

export interface HistoryOptions {
  /** The end of the history. */
  readonly nowMicroseconds: number;
  /** How long ago agents that are told hour by hour began; the others began half of it ago. */
  readonly days: number;
  readonly seed: number;
}

const HOUR = 3_600_000_000;
const HOURS_OF_STORY = 6;
const HOURS_OF_DRIFT = 24;
const HOURS_OF_NEW_AGENT = 5;
/** An hour of fewer says little of how long they take. */
const RUNS_OF_BUSY_HOUR = 6;
/** Of those that are not busy. */
const HOURS_BETWEEN_RUNS = 4;
const ATTEMPTS_OF_ATTACK = 50;
const HOURS_OF_WORKDAYS = 120;
/** 1970 began on a Thursday. */
const HOURS_FROM_MONDAY = 72;

export const ROUTER_REPORTER = 'system:serviceaccount:capataz-system:capataz-router';
const MODEL_OF: (fleet: SimulatedFleet, name: string) => SimulatedModel = (fleet, name) => {
  const found = fleet.models.find((model) => model.name === name);
  if (found === undefined) throw new Error(`The fleet has no model ${name}.`);
  return found;
};

/** Counts what each process tells, so that nothing seems to be missing. */
class Sources {
  readonly #told = new Map<string, number>();

  next(process: RecordSource['process'], instance: string): RecordSource {
    const sequence = (this.#told.get(instance) ?? 0) + 1;
    this.#told.set(instance, sequence);
    return { process, instance, boot: `boot-of-${instance}`, sequence };
  }
}

export function* historyOf(fleet: SimulatedFleet, options: HistoryOptions): Generator<SubmittedRecord> {
  const random = seededRandom(options.seed);
  const sources = new Sources();
  const lastHour = Math.floor(options.nowMicroseconds / HOUR);
  const firstHour = lastHour - options.days * 24;
  for (let hour = firstHour; hour <= lastHour; hour += 1) {
    const ofHour: SubmittedRecord[] = [];
    for (const [index, agent] of fleet.agents.entries()) {
      const ago = lastHour - hour;
      const runs = runsInHour(agent, { index, hour, ago, days: options.days });
      for (let run = 0; run < runs; run += 1) {
        const at = hour * HOUR + Math.floor(((run + random()) / runs) * HOUR);
        if (at < options.nowMicroseconds)
          ofHour.push(...recordsOfRun({ fleet, agent, at, ago, random, sources }));
      }
      if (agent.story === 'attacked' && ago === 0) {
        ofHour.push(...recordsOfAttack(agent, options.nowMicroseconds, sources));
      }
    }
    yield* ofHour;
  }
}

interface HourOfAgent {
  readonly index: number;
  readonly hour: number;
  readonly ago: number;
  readonly days: number;
}

function runsInHour(agent: SimulatedAgent, { index, hour, ago, days }: HourOfAgent): number {
  if (agent.story === 'new') return ago < HOURS_OF_NEW_AGENT ? 2 : 0;
  if (agent.story === 'stalled' && ago < HOURS_OF_STORY) return 0;
  if (agent.isBusy) return RUNS_OF_BUSY_HOUR;
  return ago < days * 12 && (hour + index) % HOURS_BETWEEN_RUNS === 0 ? 1 : 0;
}

/** Offices sleep at night and rest at the weekend. */
function activityIn(hour: number): number {
  const ofWeek = (hour + HOURS_FROM_MONDAY) % 168;
  const ofDay = hour % 24;
  const isWork = ofDay >= 7 && ofDay < 18;
  return (isWork ? 1 : 0.5) * (ofWeek < HOURS_OF_WORKDAYS ? 1 : 0.6);
}

interface Run {
  readonly fleet: SimulatedFleet;
  readonly agent: SimulatedAgent;
  readonly at: number;
  /** Hours. */
  readonly ago: number;
  readonly random: () => number;
  readonly sources: Sources;
}

function recordsOfRun({ fleet, agent, at, ago, random, sources }: Run): readonly SubmittedRecord[] {
  const instance = `agent-${agent.name}-0`;
  const source = sources.next('agent-runtime', `${agent.namespace}.${instance}`);
  const runId = `${agent.name}-${source.sequence}`;
  const isStory = ago < HOURS_OF_STORY;
  const stray = Math.exp(0.2 * (random() + random() - 1));
  const dearness = agent.story === 'costly' && isStory ? 3 : 1;
  const slowness = agent.story === 'slow' && isStory ? 6 : 1;
  const cost = Math.round(agent.nanoUsdPerRun * activityIn(Math.floor(at / HOUR)) * stray * dearness);
  const duration = Math.round(agent.microsecondsPerRun * stray * slowness);
  const unfitting = agent.story === 'drifting' && ago < HOURS_OF_DRIFT ? 0.25 : 0.01;
  const model = MODEL_OF(fleet, agent.models[0] ?? '');
  const tokens = { input: Math.round(cost / 3_000), output: Math.round(cost / 30_000) };
  const digest = promptDigest(stablePromptText(agent.prompt));
  const common = {
    namespace: agent.namespace,
    agent: { name: agent.name },
    prompt: {
      name: agent.prompt,
      version: promptVersionName(agent.prompt, digest),
      digest,
      arm: 'stable' as const,
    },
  };
  const hasFailed = random() < 0.004;
  return [
    told(ROUTER_REPORTER, {
      ...common,
      id: `${runId}.a`,
      type: 'model_attempt',
      run: { id: runId, step: 1 },
      atMicroseconds: at,
      source: sources.next('router', 'capataz-router-0'),
      requestId: `${runId}.q`,
      attempt: 1,
      operation: 'chat',
      model: model.name,
      provider: model.provider.toLowerCase(),
      providerModel: model.providerModel,
      modelServed: `${model.providerModel}-2026-10-01`,
      outcome: 'answered',
      tokens: { ...tokens, cachedInput: 0, cacheWrite: 0 },
      usageSource: 'provider',
      costNanoUsd: cost,
      durationMicroseconds: Math.round(duration * 0.9),
    }),
    told(reporterOf(agent), {
      ...common,
      id: `${runId}.e`,
      type: 'run_ended',
      run: { id: runId },
      atMicroseconds: at,
      source,
      status: hasFailed ? 'failed' : 'succeeded',
      ...(hasFailed && { reason: 'provider_failed' }),
      steps: 1,
      repairs: 0,
      tokens,
      costNanoUsd: cost,
      models: [model.name],
      firstAnswerFits: random() < unfitting ? 'no' : 'yes',
      isRefusal: 'no',
      toolCalls: 1,
      failedToolCalls: 0,
      durationMicroseconds: duration,
      records: 1,
    }),
  ];
}

function recordsOfAttack(
  agent: SimulatedAgent,
  nowMicroseconds: number,
  sources: Sources,
): readonly SubmittedRecord[] {
  return Array.from({ length: ATTEMPTS_OF_ATTACK }, (_, index) => {
    const source = sources.next('agent-runtime', `${agent.namespace}.agent-${agent.name}-0`);
    return told(reporterOf(agent), {
      id: `${agent.name}-attack-${index}`,
      type: 'security_event',
      namespace: agent.namespace,
      atMicroseconds: nowMicroseconds - (ATTEMPTS_OF_ATTACK - index) * 40_000_000,
      source,
      agent: { name: agent.name },
      run: { id: `${agent.name}-attacked-${index}` },
      event: 'unknown_tool_called',
      severity: 'low',
      action: 'blocked',
      owasp: ['LLM06', 'ASI02'],
      subject: 'transfer-money',
      sentence: 'The model called a tool that the Agent does not have.',
    });
  });
}

function reporterOf({ namespace, name }: SimulatedAgent): string {
  return `system:serviceaccount:${namespace}:agent-${name}`;
}

function told(reporter: string, record: LedgerRecord): SubmittedRecord {
  return { record, reporter, trust: 'witnessed', texts: [] };
}
