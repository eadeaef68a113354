/** The span of a run. What the run asked of models and tools are spans within it. */
import type { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import type { RunResult } from '#domain/conversation/run-agent.ts';
import type { SpanContext } from '#domain/tracing/trace-context.ts';
import { CAPATAZ, GEN_AI, INVOKE_AGENT } from '#telemetry/gen-ai-attributes.ts';
import type { FinishedSpan } from '#telemetry/tracing/tracing.ts';

/** Tokens and cost stand on the router's attempts alone, so that whoever adds spans up counts nothing twice. */
export function runSpan(run: {
  readonly trace: SpanContext;
  readonly startedAtEpochMilliseconds: number;
  readonly configuration: AgentConfiguration;
  readonly result: RunResult;
}): FinishedSpan {
  const { trace, startedAtEpochMilliseconds, configuration, result } = run;
  const { agent, prompt } = configuration;
  return {
    context: trace,
    name: `${INVOKE_AGENT} ${agent.name}`,
    kind: 'server',
    startedAtEpochMilliseconds,
    durationMilliseconds: result.durationMilliseconds,
    attributes: {
      [GEN_AI.operationName]: INVOKE_AGENT,
      [GEN_AI.agentName]: agent.name,
      [GEN_AI.agentId]: agent.uid,
      [GEN_AI.agentVersion]: prompt.version,
      [CAPATAZ.namespace]: agent.namespace,
      [CAPATAZ.runId]: result.runId,
      [CAPATAZ.steps]: result.steps,
      [CAPATAZ.repairs]: result.repairs,
      [CAPATAZ.outcome]: result.status,
      [CAPATAZ.promptVersion]: prompt.version,
      [CAPATAZ.promptDigest]: prompt.digest,
    },
    errorType: result.status === 'succeeded' ? undefined : result.reason,
  };
}
