/**
 * Names on spans: those of the OpenTelemetry GenAI semantic conventions (status Development, v1.38.0; see gen-ai-names.ts),
 * pinned here and nowhere else, and ours where the conventions have none. What we send and what we read of others'.
 */

/** Values of gen_ai.operation.name. */
export const INVOKE_AGENT = 'invoke_agent';
export const EXECUTE_TOOL = 'execute_tool';

export const GEN_AI = {
  operationName: 'gen_ai.operation.name',
  providerName: 'gen_ai.provider.name',
  agentName: 'gen_ai.agent.name',
  agentId: 'gen_ai.agent.id',
  agentVersion: 'gen_ai.agent.version',
  conversationId: 'gen_ai.conversation.id',
  requestModel: 'gen_ai.request.model',
  requestStream: 'gen_ai.request.stream',
  responseModel: 'gen_ai.response.model',
  toolName: 'gen_ai.tool.name',
  toolCallId: 'gen_ai.tool.call.id',
  toolType: 'gen_ai.tool.type',
  /** All input tokens, cached ones included. */
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadInputTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheCreationInputTokens: 'gen_ai.usage.cache_creation.input_tokens',
  reasoningOutputTokens: 'gen_ai.usage.reasoning.output_tokens',
} as const;

/** Of all semantic conventions. */
export const ERROR_TYPE = 'error.type';
export const HTTP_STATUS = 'http.response.status_code';

export const CAPATAZ = {
  namespace: 'capataz.namespace',
  runId: 'capataz.run.id',
  step: 'capataz.run.step',
  steps: 'capataz.run.steps',
  repairs: 'capataz.run.repairs',
  outcome: 'capataz.outcome',
  requestId: 'capataz.request.id',
  attempt: 'capataz.attempt',
  attempts: 'capataz.attempts',
  /** The Model object. */
  model: 'capataz.model',
  decision: 'capataz.decision',
  /** Absent when the price is not known. */
  costNanoUsd: 'capataz.cost.nano_usd',
  usageSource: 'capataz.usage.source',
  timeToFirstTokenMilliseconds: 'capataz.first_token.milliseconds',
  promptVersion: 'capataz.prompt.version',
  promptDigest: 'capataz.prompt.digest',
  rollout: 'capataz.rollout.name',
  arm: 'capataz.rollout.arm',
} as const;
