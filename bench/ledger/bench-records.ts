/** Records as a router and an agent-runtime tell them, about 650 bytes each as entries. */
import { randomUUID } from 'node:crypto';
import type { LedgerRecord, RecordSource } from '#domain/ledger/ledger-record.ts';
import type { SubmittedRecord } from '#services/ledger/store/ledger-store.ts';

const NAMESPACES = ['shop', 'mail', 'billing', 'support', 'research'] as const;
const AGENTS = 100;
const MODELS = ['fast', 'slow', 'large', 'local'] as const;
export const RECORDS_OF_RUN = 10;
const REPORTER = 'system:serviceaccount:capataz-system:capataz-router';

interface RunPlan {
  readonly number: number;
  readonly beginsAtMicroseconds: number;
  readonly source: Omit<RecordSource, 'sequence'>;
  readonly firstSequence: number;
  readonly newId: () => string;
}

/** One run: its beginning, three cycles of three records and its end. */
export function recordsOfRun(plan: RunPlan): readonly SubmittedRecord[] {
  const { number, beginsAtMicroseconds, source, firstSequence, newId } = plan;
  const agentNumber = (number * 7) % AGENTS;
  const agent = { name: `agent-${agentNumber}`, generation: 3 };
  const digest = String(agentNumber % 20).padStart(64, 'd');
  const prompt = { name: 'classifier', version: `v${agentNumber % 20}`, digest, arm: 'stable' } as const;
  let told = 0;
  const common = (runId: string, step?: number) => {
    const place = told++;
    return {
      id: newId(),
      namespace: NAMESPACES[agentNumber % NAMESPACES.length] ?? 'shop',
      atMicroseconds: beginsAtMicroseconds + place * 300_000,
      source: { ...source, sequence: firstSequence + place },
      run: { id: runId, ...(step === undefined ? {} : { step }) },
      agent,
      prompt,
    };
  };
  const runId = newId();
  const records: LedgerRecord[] = [
    {
      ...common(runId),
      type: 'run_begun',
      content: 'Digests',
      contentRetentionDays: 30,
      input: { digest, characters: 120 },
      tools: ['lookup'],
      limits: { steps: 8, seconds: 60 },
    },
  ];
  for (let step = 1; step <= 2; step += 1) {
    const requestId = newId();
    const model = MODELS[(number + step) % MODELS.length] ?? 'fast';
    records.push(
      {
        ...common(runId, step),
        type: 'model_attempt',
        requestId,
        attempt: 1,
        operation: 'chat',
        model,
        provider: 'openai',
        providerModel: `${model}-2026-10`,
        outcome: number % 50 === 0 ? 'timed_out' : 'answered',
        tokens: { input: 900 + (number % 100), cachedInput: 100, cacheWrite: 0, output: 80 },
        usageSource: 'provider',
        costNanoUsd: 410_000 + (number % 1_000),
        durationMicroseconds: 812_345,
        firstTokenMicroseconds: 212_345,
      },
      {
        ...common(runId, step),
        type: 'model_call',
        requestId,
        operation: 'chat',
        isStream: 'yes',
        model,
        outcome: 'answered',
        httpStatus: 200,
        attempts: 1,
        decision: `${model} (weight 90), then large (weight 10)`,
        durationMicroseconds: 812_999,
      },
      {
        ...common(runId, step),
        type: 'cycle',
        phase: step === 1 ? 'action' : 'answer',
        outcome: 'ok',
        requestId,
        model,
        sent: { digest, characters: 2_400 },
        answer: { digest, characters: 300 },
        toolCalls: step === 1 ? 1 : 0,
        durationMicroseconds: 813_500,
      },
    );
  }
  const call = { callId: newId(), tool: 'lookup' };
  records.push(
    {
      ...common(runId, 1),
      type: 'tool_intent',
      ...call,
      effect: 'external',
      arguments: { digest, characters: 60 },
    },
    {
      ...common(runId, 1),
      type: 'tool_result',
      ...call,
      outcome: 'ok',
      result: { digest, characters: 500 },
      durationMicroseconds: 40_000,
    },
    {
      ...common(runId, 2),
      type: 'run_ended',
      status: number % 40 === 0 ? 'failed' : 'succeeded',
      steps: 2,
      repairs: 0,
      tokens: { input: 2_000, output: 160 },
      costNanoUsd: 820_000,
      models: ['fast'],
      durationMicroseconds: 1_800_000,
      records: RECORDS_OF_RUN,
    },
  );
  return records.map((record) => ({ record, reporter: REPORTER, trust: 'witnessed', texts: [] }));
}

/** Records of one run after another, without end. */
export function* endlessRecords(): Generator<SubmittedRecord, never> {
  const source = { process: 'router', instance: 'bench', boot: randomUUID() } as const;
  for (let number = 0; ; number += 1) {
    yield* recordsOfRun({
      number,
      beginsAtMicroseconds: Date.now() * 1000,
      source,
      firstSequence: 1 + number * RECORDS_OF_RUN,
      newId: randomUUID,
    });
  }
}
