/** One run of very many steps, as its runtime tells it: nearly all went well, and some did not. */
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import type { SubmittedRecord } from '#services/ledger/store/ledger-store.ts';

export const LONG_RUN = { namespace: 'support', agent: 'reply-drafter-de', id: 'long-run' } as const;
export const LONG_RUN_STEPS = 20_000;
const STEPS_BETWEEN_TOOLS = 10;
/** Which answers had to be repaired. */
export const REPAIRED_STEPS: readonly number[] = [77, 7_001, 19_998];
const STEP_MICROSECONDS = 90_000;

export function* longRun(endMicroseconds: number): Generator<SubmittedRecord> {
  const beginsAt = endMicroseconds - (LONG_RUN_STEPS + 2) * STEP_MICROSECONDS;
  let sequence = 0;
  const common = (step?: number) => {
    sequence += 1;
    return {
      id: `${LONG_RUN.id}.${sequence}`,
      namespace: LONG_RUN.namespace,
      atMicroseconds: beginsAt + (step ?? 0) * STEP_MICROSECONDS,
      source: {
        process: 'agent-runtime',
        instance: 'long-run-0',
        boot: 'boot-of-long-run',
        sequence,
      } as const,
      run: { id: LONG_RUN.id, ...(step !== undefined && { step }) },
      agent: { name: LONG_RUN.agent },
    };
  };
  yield told({
    ...common(),
    type: 'run_begun',
    content: 'Digests',
    contentRetentionDays: 30,
    input: { characters: 1_200 },
    tools: ['lookup'],
    limits: { steps: LONG_RUN_STEPS, seconds: 3_600 },
  });
  for (let step = 1; step <= LONG_RUN_STEPS; step += 1) {
    const callsTool = step % STEPS_BETWEEN_TOOLS === 0;
    const isRepair = REPAIRED_STEPS.includes(step);
    yield told({
      ...common(step),
      type: 'cycle',
      phase: isRepair ? 'repair' : 'action',
      outcome: isRepair ? 'output_invalid' : 'ok',
      requestId: `${LONG_RUN.id}.q${step}`,
      model: 'swift',
      sent: { characters: 900 },
      answer: { characters: 240 },
      toolCalls: callsTool ? 1 : 0,
      durationMicroseconds: STEP_MICROSECONDS,
    });
    if (callsTool) yield* toolCall(() => common(step), step);
  }
  yield told({
    ...common(LONG_RUN_STEPS),
    type: 'run_ended',
    status: 'succeeded',
    steps: LONG_RUN_STEPS,
    repairs: REPAIRED_STEPS.length,
    costNanoUsd: 41_000_000_000,
    models: ['swift'],
    durationMicroseconds: LONG_RUN_STEPS * STEP_MICROSECONDS,
    records: sequence,
  });
}

type Common = Pick<
  Extract<LedgerRecord, { type: 'tool_intent' }>,
  'id' | 'namespace' | 'atMicroseconds' | 'source' | 'run' | 'agent'
>;

function* toolCall(common: () => Common, step: number): Generator<SubmittedRecord> {
  const call = { callId: `${LONG_RUN.id}.c${step}`, tool: 'lookup' };
  yield told({ ...common(), type: 'tool_intent', ...call, effect: 'none', arguments: { characters: 40 } });
  yield told({
    ...common(),
    type: 'tool_result',
    ...call,
    outcome: step % 5_000 === 0 ? 'timed_out' : 'ok',
    result: { characters: 700 },
    durationMicroseconds: 12_000,
  });
}

function told(record: LedgerRecord): SubmittedRecord {
  return {
    record,
    reporter: `system:serviceaccount:${LONG_RUN.namespace}:agent-${LONG_RUN.agent}`,
    trust: 'witnessed',
    texts: [],
  };
}
