/** One run for each hostile text, told by its agent with the texts kept: what went in, thoughts, tools, results, answers. */
import { commitTo } from '#domain/ledger/commitment.ts';
import { BATCH_MAXIMUM_RECORDS } from '#domain/ledger/record-batch.ts';
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import type { RecordText, TextField } from '#domain/ledger/record-text.ts';
import { HOSTILE_NAMESPACE, hostileAgentName } from './hostile-objects.ts';
import { HOSTILE_TEXTS, type HostileText } from './hostile-texts.ts';

/** Whose runs they are: all of one agent, so that a page of its runs shows a hundred. */
export const HOSTILE_AGENT = hostileAgentName({ number: 0, group: 'markup' });
const COMMITMENT_KEY = '5a'.repeat(16);
const NAME_MAXIMUM = 256;
const SENTENCE_MAXIMUM = 2_048;
const RECORDS_OF_RUN = 8;

export function hostileRunId({ number }: Pick<HostileText, 'number'>): string {
  return `hostile-run-${number}`;
}

export interface ToldToLedger {
  readonly records: readonly LedgerRecord[];
  readonly texts: readonly RecordText[];
}

/** In the order of telling, each small enough for one request. */
export function hostileBatches(nowMicroseconds: number): readonly ToldToLedger[] {
  const runsOfBatch = Math.floor(BATCH_MAXIMUM_RECORDS / RECORDS_OF_RUN / 4);
  const runs = HOSTILE_TEXTS.map((hostile) => hostileRun(hostile, nowMicroseconds));
  return Array.from({ length: Math.ceil(runs.length / runsOfBatch) }, (_, index) => {
    const some = runs.slice(index * runsOfBatch, (index + 1) * runsOfBatch);
    return { records: some.flatMap(({ records }) => records), texts: some.flatMap(({ texts }) => texts) };
  });
}

function hostileRun(hostile: HostileText, nowMicroseconds: number): ToldToLedger {
  const { number, text } = hostile;
  const runId = hostileRunId(hostile);
  const texts: RecordText[] = [];
  let told = 0;
  const common = (step?: number) => {
    told += 1;
    return {
      id: `${runId}.${told}`,
      namespace: HOSTILE_NAMESPACE,
      atMicroseconds: nowMicroseconds - (HOSTILE_TEXTS.length - number) * 1_000_000 + told,
      source: {
        process: 'agent-runtime' as const,
        instance: `agent-${HOSTILE_AGENT}-0`,
        boot: 'boot-of-mischief',
        sequence: number * RECORDS_OF_RUN + told,
      },
      run: { id: runId, ...(step !== undefined && { step }) },
      agent: { name: HOSTILE_AGENT },
    };
  };
  const kept = ({ id }: { readonly id: string }, field: TextField) => {
    texts.push({ recordId: id, field, text, retentionDays: 30 });
    return commitTo(text, COMMITMENT_KEY);
  };
  const name = beginning(text, NAME_MAXIMUM) || ' ';
  const sentence = beginning(text, SENTENCE_MAXIMUM);
  const begun = common();
  texts.push({ recordId: begun.id, field: 'commitment_key', text: COMMITMENT_KEY, retentionDays: 30 });
  const cycle = common(1);
  const intent = common(1);
  const result = common(1);
  const event = common(1);
  const policy = common(1);
  const answer = common(2);
  const ended = common();
  const callId = `${runId}.call`;
  return {
    records: [
      {
        ...begun,
        type: 'run_begun',
        content: 'Full',
        contentRetentionDays: 30,
        input: kept(begun, 'input'),
        tools: [name],
        limits: { steps: 8, seconds: 60 },
      },
      {
        ...cycle,
        type: 'cycle',
        phase: 'action',
        outcome: 'ok',
        requestId: `${runId}.q1`,
        model: name,
        sent: kept(cycle, 'sent'),
        answer: kept(cycle, 'answer'),
        toolCalls: 1,
        durationMicroseconds: 400_000,
      },
      {
        ...intent,
        type: 'tool_intent',
        callId,
        tool: name,
        effect: 'none',
        arguments: kept(intent, 'arguments'),
      },
      {
        ...result,
        type: 'tool_result',
        callId,
        tool: name,
        outcome: 'ok',
        result: kept(result, 'result'),
        durationMicroseconds: 20_000,
      },
      {
        ...event,
        type: 'security_event',
        event: 'unknown_tool_called',
        severity: 'low',
        action: 'blocked',
        owasp: ['LLM06'],
        subject: name,
        sentence,
      },
      {
        ...policy,
        type: 'policy_decision',
        policy: 'tools',
        verdict: 'denied',
        reason: 'not_allowed',
        subject: name,
        sentence,
      },
      {
        ...answer,
        type: 'cycle',
        phase: 'answer',
        outcome: 'ok',
        requestId: `${runId}.q2`,
        model: name,
        answer: kept(answer, 'answer'),
        toolCalls: 0,
        durationMicroseconds: 300_000,
      },
      {
        ...ended,
        type: 'run_ended',
        status: 'succeeded',
        steps: 2,
        repairs: 0,
        costNanoUsd: 1_000_000,
        models: [name],
        output: kept(ended, 'output'),
        firstAnswerFits: 'yes',
        durationMicroseconds: 800_000,
        records: RECORDS_OF_RUN,
      },
    ],
    texts,
  };
}

/** The router's: what a provider calls the model that answered is the provider's word. */
export function hostileAttempts(nowMicroseconds: number): ToldToLedger {
  const records = HOSTILE_TEXTS.map((hostile, index): LedgerRecord => {
    const name = beginning(hostile.text, NAME_MAXIMUM) || ' ';
    return {
      id: `${hostileRunId(hostile)}.q1:1`,
      namespace: HOSTILE_NAMESPACE,
      atMicroseconds: nowMicroseconds - (HOSTILE_TEXTS.length - index) * 1_000_000,
      source: {
        process: 'router',
        instance: 'router-of-mischief',
        boot: 'boot-of-mischief',
        sequence: index + 1,
      },
      type: 'model_attempt',
      run: { id: hostileRunId(hostile), step: 1 },
      agent: { name: HOSTILE_AGENT },
      requestId: `${hostileRunId(hostile)}.q1`,
      attempt: 1,
      operation: 'chat',
      model: 'javascript-0',
      provider: 'openai',
      providerModel: name,
      modelServed: name,
      outcome: 'answered',
      usageSource: 'provider',
      tokens: { input: 10, cachedInput: 0, cacheWrite: 0, output: 5 },
      costNanoUsd: 1_000,
      durationMicroseconds: 390_000,
    };
  });
  return { records, texts: [] };
}

function beginning(text: string, maximum: number): string {
  return text.length <= maximum ? text : text.slice(0, maximum - 1).toWellFormed();
}
