/**
 * The signals of quality that need no label: what a run tells by itself of how well it went. Each is a share of bad things,
 * watched by the same rule (domain/drift/watched-share.ts); sizes are bad where they leave what is usual for the agent.
 */
import type { RecordOf } from '../ledger/ledger-record.ts';

export const SIGNALS = [
  'failed',
  'stopped',
  'unfitting',
  'repaired',
  'refused',
  'tool_errors',
  'many_steps',
  'long_answers',
  'short_answers',
  'truncated',
  'failed_attempts',
  'bad_feedback',
  'bad_outcomes',
] as const;
export type Signal = (typeof SIGNALS)[number];

/** What is bad, as a sentence tells it after a share: "8.2 % of runs ...". */
export const BADNESS: Readonly<Record<Signal, string>> = {
  failed: 'of runs failed',
  stopped: 'of runs were stopped by a limit',
  unfitting: 'of first answers did not fit the output schema',
  repaired: 'of runs needed a repair of the answer',
  refused: 'of runs ended in a refusal',
  tool_errors: 'of runs with tool calls had one that failed',
  many_steps: 'of runs took more steps than 19 of 20 used to',
  long_answers: 'of answers were longer than 19 of 20 used to be',
  short_answers: 'of answers were shorter than 19 of 20 used to be',
  truncated: 'of model calls were cut off by the limit of tokens',
  failed_attempts: 'of attempts at a model failed',
  bad_feedback: 'of feedback was bad',
  bad_outcomes: 'of judged outcomes were bad',
};

/** These say that nothing comes of a run, whatever its quality. */
export const SIGNALS_OF_FAILURE: ReadonlySet<Signal> = new Set(['failed', 'stopped', 'failed_attempts']);

/** What the end of a run says of the signals that it says something of; sizes are not among them. */
export function signalsOfRun(run: RecordOf<'run_ended'>): readonly (readonly [Signal, boolean])[] {
  const { status, firstAnswerFits, isRefusal, repairs, toolCalls, failedToolCalls } = run;
  const signals: (readonly [Signal, boolean])[] = [
    ['failed', status === 'failed'],
    ['stopped', status === 'stopped'],
  ];
  if (firstAnswerFits !== undefined) {
    signals.push(['unfitting', firstAnswerFits === 'no'], ['repaired', repairs > 0]);
  }
  if (isRefusal !== undefined) signals.push(['refused', isRefusal === 'yes']);
  if (toolCalls !== undefined && toolCalls > 0) signals.push(['tool_errors', (failedToolCalls ?? 0) > 0]);
  return signals;
}

/** What an attempt at a model says of them. `finishReason`: as the provider gave it, where that is recorded. */
export function signalsOfAttempt({
  outcome,
  finishReason,
}: {
  readonly outcome: string;
  readonly finishReason?: string | undefined;
}): readonly (readonly [Signal, boolean])[] {
  const signals: (readonly [Signal, boolean])[] = [['failed_attempts', outcome !== 'answered']];
  if (finishReason !== undefined) signals.push(['truncated', finishReason === 'length']);
  return signals;
}
