/** What people are told at the end of a run, and the model when its answer does not fit. */
import type { OutputFormat } from './output-format.ts';
import type { StopReason } from './run-agent.ts';

/** The third request for the same tool with the same arguments ends the run. */
export const SAME_CALL_MAXIMUM = 3;

export const NOT_RECORDED_SENTENCE =
  'the run was ended because the ledger did not confirm the record of a tool call, and a tool with an effect does not run without; it did not run';

export const END_NOT_RECORDED_SENTENCE =
  'the run has ended, and its records could not be kept: an answer without them counts for nothing';

export const STOP_SENTENCES: Readonly<Record<StopReason, string>> = {
  steps: "the run was stopped at the agent's limits.steps before there was an answer",
  seconds: "the run was stopped at the agent's limits.seconds before there was an answer",
  budget: "the run was stopped before the step that would pass the agent's limits.usdPerRun",
  cost_unknown:
    'the run was stopped because the agent has limits.usdPerRun but the model has no known price; set the price in its Model object',
  no_progress: `the run was stopped because the model asked ${SAME_CALL_MAXIMUM} times for the same tool call`,
  cancelled: 'the run was cancelled because the caller left',
  shutting_down: 'the run was stopped because the agent is shutting down; send it again',
};

export function repairRequest(kind: OutputFormat['kind'], problems: string): string {
  return kind === 'json'
    ? `Your answer does not fit the required JSON schema: ${problems}. Answer again with only the corrected JSON, without any other text.`
    : `Your answer cannot be used: ${problems}. Answer again.`;
}
