/** The numbers of one pod of an agent. Labels come from closed sets; versions are few at a time. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AgentAdmissionCode } from '#domain/failures/failure-codes.ts';
import type { RunResult } from '#domain/conversation/run-agent.ts';
import type { CycleRecord } from '#domain/conversation/trace.ts';
import type { EffectiveConfiguration } from '#domain/agent/agent-configuration.ts';
import type { ServedConfiguration } from './served-configuration.ts';

const NANO_USD_PER_USD = 1e9;
const RUN_SECONDS_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600];
const STEPS_BUCKETS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 100];

export interface AgentRuntimeMetrics {
  readonly runStarted: () => void;
  readonly runEnded: (result: RunResult, configuration: EffectiveConfiguration) => void;
  /** A run that ended by a fault of ours. */
  readonly runFaulted: (configuration: EffectiveConfiguration) => void;
  readonly runRefused: (reason: AgentAdmissionCode) => void;
  readonly cycleEnded: (
    cycle: CycleRecord,
    toolNames: readonly string[],
    configuration: EffectiveConfiguration,
  ) => void;
  readonly configurationOffered: (
    outcome: string,
    arms: readonly (ServedConfiguration | undefined)[],
  ) => void;
  readonly candidateRefused: (isRefused: boolean) => void;
  readonly operatorHeard: () => void;
}

export function createAgentRuntimeMetrics(
  registry: Registry,
  sources: { readonly isStreamUp: () => boolean; readonly epochSeconds: () => number },
): AgentRuntimeMetrics {
  const registers = [registry];
  const runs = new Counter({
    name: 'capataz_agent_runs_total',
    help: 'Runs by how they ended: succeeded, or the reason they stopped or failed for.',
    labelNames: ['outcome', 'rollout', 'arm', 'version'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'capataz_agent_runs_refused_total',
    help: 'Requests that no run was started for.',
    labelNames: ['reason'] as const,
    registers,
  });
  const inFlight = new Gauge({
    name: 'capataz_agent_runs_in_flight',
    help: 'Runs under way.',
    registers,
  });
  const duration = new Histogram({
    name: 'capataz_agent_run_duration_seconds',
    help: 'Duration of whole runs.',
    buckets: RUN_SECONDS_BUCKETS,
    labelNames: ['arm'] as const,
    registers,
  });
  const steps = new Histogram({
    name: 'capataz_agent_run_steps',
    help: 'Model calls in one run.',
    buckets: STEPS_BUCKETS,
    labelNames: ['arm'] as const,
    registers,
  });
  const repairs = new Counter({
    name: 'capataz_agent_output_repairs_total',
    help: 'How often a model was asked again because its answer did not fit.',
    labelNames: ['arm'] as const,
    registers,
  });
  const toolCalls = new Counter({
    name: 'capataz_agent_tool_calls_total',
    help: 'Tool calls by tool and outcome.',
    labelNames: ['tool', 'outcome', 'arm'] as const,
    registers,
  });
  const tokens = new Counter({
    name: 'capataz_agent_tokens_total',
    help: 'Tokens of all model calls.',
    labelNames: ['direction', 'arm'] as const,
    registers,
  });
  const cost = new Counter({
    name: 'capataz_agent_cost_usd_total',
    help: 'Cost of all model calls whose price is known, in US dollars.',
    labelNames: ['arm'] as const,
    registers,
  });
  const unknownCost = new Counter({
    name: 'capataz_agent_calls_of_unknown_cost_total',
    help: 'Model calls whose price is not known; they are not in capataz_agent_cost_usd_total.',
    labelNames: ['arm'] as const,
    registers,
  });
  const offers = new Counter({
    name: 'capataz_agent_configurations_total',
    help: 'Configurations that came, by what became of them.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const generation = new Gauge({
    name: 'capataz_agent_configuration_generation',
    help: 'metadata.generation of the Agent that is served.',
    registers,
  });
  const prompt = new Gauge({
    name: 'capataz_agent_prompt_info',
    help: '1 for each prompt version that new runs may use, by the arm of the rollout.',
    labelNames: ['prompt', 'version', 'digest', 'arm'] as const,
    registers,
  });
  const candidateRefused = new Gauge({
    name: 'capataz_agent_candidate_refused',
    help: '1 while this pod cannot serve the candidate of its rollout, and stays on stable.',
    registers,
  });
  let heardAtSeconds: number | undefined;
  const age = new Gauge({
    name: 'capataz_agent_configuration_age_seconds',
    help: 'Seconds since the operator was last heard; -1 until it was heard once.',
    registers: [],
    collect() {
      this.set(heardAtSeconds === undefined ? -1 : Math.max(0, sources.epochSeconds() - heardAtSeconds));
    },
  });
  const streamUp = new Gauge({
    name: 'capataz_agent_configuration_stream_up',
    help: '1 while the configuration stream of the operator is followed.',
    registers: [],
    collect() {
      this.set(sources.isStreamUp() ? 1 : 0);
    },
  });
  registry.registerMetric(age);
  registry.registerMetric(streamUp);

  return {
    runStarted: () => inFlight.inc(),
    runEnded: (result, configuration) => {
      inFlight.dec();
      const outcome = result.status === 'succeeded' ? 'succeeded' : result.reason;
      runs.inc({ outcome, ...releaseLabels(configuration) });
      const arm = armLabel(configuration);
      duration.observe(arm, result.durationMilliseconds / 1000);
      steps.observe(arm, result.steps);
      repairs.inc(arm, result.repairs);
    },
    runFaulted: (configuration) => {
      inFlight.dec();
      runs.inc({ outcome: 'internal_error', ...releaseLabels(configuration) });
    },
    runRefused: (reason) => refused.inc({ reason }),
    cycleEnded: (cycle, toolNames, configuration) => {
      const arm = armLabel(configuration);
      for (const { name, outcome } of cycle.toolCalls) {
        // A model may invent any name; only those of the Agent may become a label.
        toolCalls.inc({ tool: toolNames.includes(name) ? name : 'unknown', outcome, ...arm });
      }
      tokens.inc({ direction: 'input', ...arm }, cycle.inputTokens ?? 0);
      tokens.inc({ direction: 'output', ...arm }, cycle.outputTokens ?? 0);
      if (cycle.costNanoUsd === null) unknownCost.inc(arm);
      else cost.inc(arm, (cycle.costNanoUsd ?? 0) / NANO_USD_PER_USD);
    },
    configurationOffered: (outcome, arms) => {
      offers.inc({ outcome });
      const served = arms.filter((arm) => arm !== undefined);
      if (served.length === 0) return;
      prompt.reset();
      for (const { configuration } of served) {
        const { name, version, digest } = configuration.prompt;
        generation.set(configuration.agent.generation);
        prompt.set({ prompt: name, version, digest, arm: configuration.arm }, 1);
      }
    },
    candidateRefused: (isRefused) => candidateRefused.set(isRefused ? 1 : 0),
    operatorHeard: () => {
      heardAtSeconds = sources.epochSeconds();
    },
  };
}

/** Empty for an agent that follows no rollout. */
function armLabel({ rollout, arm }: EffectiveConfiguration): { readonly arm: string } {
  return { arm: rollout === undefined ? '' : arm };
}

/** An agent follows one rollout, and the versions that it serves in the life of a pod are few. */
function releaseLabels(configuration: EffectiveConfiguration) {
  const { rollout = '', prompt } = configuration;
  return { rollout, version: prompt.version, ...armLabel(configuration) };
}
