import type { RunRow } from '#domain/ledger/rollups/run-row.ts';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { RunAnswer, RunEntry, TextsAnswer, VerificationAnswer } from '#services/console/api/answers.ts';
import { Chance } from './chance.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';

const SECOND = 1_000_000;
/** A long one, to see that its length costs nothing. */
const LONG_RUN = 'run-0198c1f2-7a21-7e55-9a7b-000000000001';
const [LONG_ENTRIES, SHORT_ENTRIES, WINDOW] = [20_000, 34, 200];
const ENTRIES_OF_STEP = 5;

export function generateRuns(rows: readonly AgentRow[], now: number, count: number): readonly RunRow[] {
  const chance = new Chance(99);
  return Array.from({ length: count }, (_, at) => {
    const row = rows[at % rows.length] as AgentRow;
    const duration = chance.whole(800_000, 40 * SECOND);
    return {
      id: at === 3 ? LONG_RUN : `run-0198c1f2-${chance.hex(4)}-7e55-9a7b-${chance.hex(12)}`,
      namespace: row.namespace,
      agent: row.name,
      ...endOf(at, duration),
      promptVersion: `${row.prompt?.name ?? 'own'}-v12`,
      promptDigest: row.prompt?.digest ?? '',
      beganAtMicroseconds: now - at * 41 * SECOND,
      steps: chance.whole(1, 9),
      modelCalls: chance.whole(1, 9),
      attempts: chance.whole(1, 10),
      toolCalls: chance.whole(0, 8),
      inputTokens: chance.whole(900, 90_000),
      outputTokens: chance.whole(40, 4000),
      costNanoUsd: chance.whole(40_000, 90_000_000),
      attemptsOfUnknownCost: at % 13 === 5 ? 1 : 0,
      models: row.models,
      good: at % 7 === 0 ? 1 : 0,
      bad: at % 31 === 4 ? 1 : 0,
      securityEvents: at % 19 === 1 ? 2 : 0,
      records: 30,
      isComplete: at % 29 !== 6,
      trust: at % 37 === 9 ? 'reported' : 'witnessed',
    };
  });
}

function endOf(
  at: number,
  durationMicroseconds: number,
): Pick<RunRow, 'status' | 'reason' | 'durationMicroseconds'> {
  if (at === 0) return { status: 'running' };
  if (at % 17 === 4) return { status: 'failed', reason: 'answer_invalid', durationMicroseconds };
  if (at % 23 === 2) return { status: 'stopped', reason: 'step_limit', durationMicroseconds };
  return { status: 'succeeded', durationMicroseconds };
}

export function generateRun(run: RunRow, after: number): RunAnswer {
  const total = run.id === LONG_RUN ? LONG_ENTRIES : SHORT_ENTRIES;
  const last = Math.min(total, after + WINDOW);
  const entries = Array.from({ length: last - after }, (_, at) => entryOf(run, after + at, total));
  return {
    run: { ...run, records: total },
    entries,
    nextAfter: last < total ? last : null,
    totalEntries: total,
  };
}

export function generateFailures(run: RunRow): RunAnswer {
  const total = run.id === LONG_RUN ? LONG_ENTRIES : SHORT_ENTRIES;
  const wrong = Array.from({ length: total }, (_, at) => at).filter((at) => isFailing(at));
  return {
    run: { ...run },
    entries: wrong.slice(0, WINDOW).map((at) => entryOf(run, at, total)),
    nextAfter: null,
    totalEntries: total,
  };
}

/** A tool of some steps fails. */
const isFailing = (at: number): boolean =>
  (at - 1) % ENTRIES_OF_STEP === 4 && Math.floor((at - 1) / ENTRIES_OF_STEP) % 911 === 2;

function entryOf(run: RunRow, at: number, total: number): RunEntry {
  const step = Math.floor((at - 1) / ENTRIES_OF_STEP) + 1;
  const time = run.beganAtMicroseconds + at * 320_000;
  const record = recordOf(run, at, step, total);
  const kept = ['input', 'sent', 'answer', 'arguments', 'result', 'output'].filter(
    (field) => field in record,
  );
  return {
    position: 88_000 + at,
    texts: kept,
    receivedMicroseconds: time + 9000,
    trust: run.trust,
    record: { id: `record-${at}`, namespace: run.namespace, atMicroseconds: time, ...record },
  };
}

type Fields = Readonly<Record<string, unknown>>;

const text = (characters: number): Fields => ({ digest: 'd'.repeat(64), characters });

function recordOf(run: RunRow, at: number, step: number, total: number): Fields {
  const whole = { run: { id: run.id }, agent: { name: run.agent } };
  if (at === 0) {
    return {
      ...whole,
      type: 'run_begun',
      content: 'Full',
      contentRetentionDays: 30,
      input: text(812),
      tools: ['lookup_order', 'send_mail'],
      limits: { steps: 20, seconds: 120 },
    };
  }
  if (at === total - 1) {
    return {
      ...whole,
      type: 'run_ended',
      status: run.status === 'running' ? 'succeeded' : run.status,
      ...(run.reason === undefined ? {} : { reason: run.reason }),
      steps: step,
      repairs: 0,
      costNanoUsd: run.costNanoUsd,
      models: run.models,
      output: text(240),
      durationMicroseconds: run.durationMicroseconds ?? SECOND,
      records: total,
    };
  }
  const hostile = HOSTILE_TEXTS[step % HOSTILE_TEXTS.length] ?? '';
  const usual = step % 2 === 0 ? 'lookup_order' : 'send_mail';
  const tool = step % 9 === 4 ? hostile.slice(0, 60) : usual;
  const kinds = [attemptOf, cycleOf, intentOf, decisionOf, resultOf];
  const own = { run: { id: run.id, step }, agent: { name: run.agent } };
  return { ...own, ...kinds[(at - 1) % ENTRIES_OF_STEP]?.({ run, at, step, tool }) };
}

interface Moment {
  readonly run: RunRow;
  readonly at: number;
  readonly step: number;
  readonly tool: string;
}

const attemptOf = ({ run, step }: Moment): Fields => ({
  type: 'model_attempt',
  requestId: `request-${step}`,
  attempt: 1,
  operation: 'chat',
  model: run.models[0] ?? 'gpt-large',
  provider: 'openai',
  providerModel: 'gpt-large-1',
  modelServed: 'gpt-large-1-20260901',
  outcome: 'ok',
  tokens: { input: 812, cachedInput: 4100, cacheWrite: 0, output: 96 },
  usageSource: 'provider',
  ...(step % 40 === 39 ? {} : { costNanoUsd: 1_912_000 + step }),
  durationMicroseconds: 310_000 + (step % 7) * 130_000,
});

const cycleOf = ({ step }: Moment): Fields => ({
  type: 'cycle',
  phase: 'action',
  outcome: 'ok',
  requestId: `request-${step}`,
  sent: text(411),
  answer: text(180),
  toolCalls: 1,
  durationMicroseconds: 400_000,
});

const intentOf = ({ step, tool }: Moment): Fields => ({
  type: 'tool_intent',
  callId: `call-${step}`,
  tool,
  effect: step % 2 === 0 ? 'none' : 'external',
  arguments: text(64),
});

const decisionOf = ({ step, tool }: Moment): Fields => {
  const isDenied = step % 11 === 5;
  return {
    type: 'policy_decision',
    policy: 'tools',
    verdict: isDenied ? 'denied' : 'allowed',
    reason: isDenied ? 'unknown_tool' : 'on_the_list',
    subject: tool,
  };
};

const resultOf = ({ at, step, tool }: Moment): Fields => ({
  type: 'tool_result',
  callId: `call-${step}`,
  tool,
  outcome: isFailing(at) ? 'failed' : 'ok',
  result: text(1300),
  durationMicroseconds: 90_000 + (step % 5) * 210_000,
});

export function generateTexts(run: RunRow): TextsAnswer {
  const texts = Array.from({ length: WINDOW }, (_, at) => entryOf(run, at, SHORT_ENTRIES)).flatMap(
    ({ texts: fields, record }, at) =>
      fields.map((field) => ({
        recordId: String(record['id']),
        field,
        ...(at === 7
          ? { lost: 'erased' }
          : {
              text:
                at % 3 === 0
                  ? (HOSTILE_TEXTS[at % HOSTILE_TEXTS.length] ?? '')
                  : 'The customer asks where order 4711 is. I look it up first, and answer with the date that the carrier gives.',
            }),
      })),
  );
  return { texts };
}

export function generateVerification(record: string): VerificationAnswer {
  return {
    isVerified: true,
    steps: [
      {
        isRight: true,
        sentence: `The entry of ${record} was read: leaf 88,012 of the log of its namespace.`,
      },
      {
        isRight: true,
        sentence:
          'Its hash was computed anew from its canonical JSON: 6f2a90c1... is what the proof begins with.',
      },
      {
        isRight: true,
        sentence: '17 hashes of the inclusion proof lead to the root 9b1f44d0... of the tree of size 91,220.',
      },
      {
        isRight: true,
        sentence:
          'The checkpoint of that size is signed by the key of the ledger, and by the witness 4 seconds later.',
      },
    ],
    leafIndex: 88_012,
    treeSize: 91_220,
    rootHash: '9b1f44d0c2'.repeat(6),
    witnessed: true,
  };
}
