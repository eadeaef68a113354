/** What the areas beside the fleet show. */
import type {
  CheckpointsAnswer,
  ModelsAnswer,
  RecordsAnswer,
  RunEntry,
  SecurityAnswer,
} from '#services/console/api/answers.ts';
import { Chance } from './chance.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';

const MINUTE = 60_000_000;
const TYPES = [
  'run_begun',
  'model_attempt',
  'tool_result',
  'run_ended',
  'security_event',
  'command',
  'rollout_decision',
];

export function generateSecurity(now: number, hours: number): SecurityAnswer {
  const chance = new Chance(4);
  const count = (name: string, total: number, blocked: number) => ({ name, total, blocked });
  return {
    asOfMicroseconds: now,
    problem: null,
    total: 214,
    blocked: 209,
    bySource: [
      count('mail: billing@invoice-help.example', 50, 50),
      count('document: offer-2026.pdf', 12, 12),
      count(HOSTILE_TEXTS[0], 7, 5),
      count('tool: web_search', 4, 1),
    ],
    byAgent: [
      count('logistics/policy-matcher', 50, 50),
      count('support/email-classifier', 31, 29),
      count(`claims/${HOSTILE_TEXTS[3]}`, 2, 2),
    ],
    byEvent: [
      { ...count('prompt_injection', 50, 50), severity: 'high', owasp: ['LLM01', 'ASI01'] },
      { ...count('unknown_tool_called', 31, 31), severity: 'low', owasp: ['LLM06', 'ASI02'] },
      { ...count('caller_refused', 9, 9), severity: 'medium', owasp: ['ASI03'] },
      { ...count('provider_key_refused', 5, 0), severity: 'medium', owasp: ['ASI03'] },
    ],
    hourly: Array.from({ length: Math.max(1, hours) }, (_, at) => {
      const total = at === hours - 1 ? 58 : chance.whole(0, 12);
      return {
        atMicroseconds: now - (hours - at) * 60 * MINUTE,
        total,
        blocked: Math.max(0, total - (at % 9 === 3 ? 2 : 0)),
      };
    }),
    events: Array.from({ length: 12 }, (_, at) => recordAt(now, 70_000 - at, 'security_event', at)),
    guards: [
      {
        name: 'Quarantined reader',
        status: 'True',
        sentence: 'It read 2,311 documents in the last hour, and 50 of them were set aside.',
      },
      {
        name: 'Tool policy',
        status: 'True',
        sentence: 'All runtimes hold the list of tools of their Agent.',
      },
      {
        name: 'Egress policy',
        status: 'Unknown',
        sentence: 'No agent calls a tool outside of the cluster, so nothing was judged.',
      },
      {
        name: 'Content store',
        status: 'False',
        sentence: 'The key of the texts of namespace legal is older than 90 days: rotate it.',
      },
    ],
  };
}

function recordAt(now: number, position: number, type: string, at: number): RunEntry {
  const time = now - at * 3 * MINUTE;
  const own: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    security_event: {
      event: 'unknown_tool_called',
      severity: 'low',
      action: at % 5 === 1 ? 'observed' : 'blocked',
      owasp: ['LLM06'],
      sentence: `The model called the tool ${HOSTILE_TEXTS[at % HOSTILE_TEXTS.length]?.slice(0, 80)}, which the Agent does not have.`,
    },
    command: {
      by: 'ana.ruiz@example.com',
      kind: 'CanaryRollout',
      subject: 'email-prompt',
      verb: 'approve',
      reason: 'The numbers are good.',
    },
    rollout_decision: {
      rollout: 'email-prompt',
      decision: 'Advanced',
      reason: 'step_passed',
      sentence: 'Exposure grows from 1 % to 25 %.',
    },
    run_ended: { status: 'succeeded' },
    tool_result: { tool: 'lookup_order', outcome: 'ok' },
  };
  return {
    position,
    texts: [],
    receivedMicroseconds: time,
    trust: 'witnessed',
    record: {
      id: `record-${position}`,
      namespace: 'support',
      atMicroseconds: time,
      type,
      agent: { name: 'email-classifier' },
      run: { id: 'run-0198c1f2-7a21-7e55-9a7b-000000000001' },
      ...own[type],
    },
  };
}

export function generateRecords(now: number, { searchParams }: URL): RecordsAnswer {
  const [after, limit] = [
    Number(searchParams.get('after')) || 60_000,
    Number(searchParams.get('limit')) || 50,
  ];
  const wanted = searchParams.get('types') ?? '';
  const entries = Array.from({ length: limit }, (_, at) =>
    recordAt(now, after + at + 1, wanted === '' ? (TYPES[at % TYPES.length] ?? '') : wanted, 400 - at),
  );
  return { entries, position: after + limit, isEnd: after > 60_400 };
}

export function generateCheckpoints(): CheckpointsAnswer {
  return {
    logs: ['support', 'claims', 'finance', 'legal'].map((namespace, at) => ({
      namespace,
      origin: `capataz.dev/${namespace}`,
      size: 91_220 - at * 4001,
      rootHash: 'KbnS1vOQ0mJb9b1f44d0c2aX5yJxV3wq1uTn6eRk2o8=',
      ageSeconds: at === 3 ? null : 4 + at * 7,
      isWitnessed: at !== 2,
      problem: at === 3 ? 'The checkpoint could not be read: the ledger answers 503 ledger_fenced.' : null,
    })),
  };
}

export function generateModels(): ModelsAnswer {
  const model = (
    name: string,
    provider: string,
    fields: Partial<ModelsAnswer['models'][number]>,
  ): ModelsAnswer['models'][number] => ({
    namespace: 'support',
    name,
    provider,
    providerModel: `${name}-1`,
    served: [`${name}-1-20260901`],
    endpoint: `https://api.${provider}.example/v1`,
    key: 'model-keys/key',
    isReady: 'True',
    sentence: 'The endpoint answers, and the key is accepted.',
    inputPrice: 2_500_000_000,
    outputPrice: 10_000_000_000,
    attempts: 4211,
    failedAttempts: 12,
    medianMicroseconds: 412_000,
    p95Microseconds: 1_820_000,
    ...fields,
  });
  return {
    models: [
      model('gpt-large', 'openai', { inputPrice: 7_500_000_000 }),
      model('claude-medium', 'anthropic', { served: ['claude-medium-20261120', 'claude-medium-20260930'] }),
      model('gemini-fast', 'google', { p95Microseconds: 6_400_000, medianMicroseconds: 2_900_000 }),
      model('local-small', 'local', {
        key: null,
        inputPrice: null,
        outputPrice: null,
        attempts: null,
        failedAttempts: null,
        medianMicroseconds: null,
        p95Microseconds: null,
        isReady: 'Unknown',
        sentence: 'It was not asked in the last hour.',
        served: [],
      }),
      model('gpt-old', 'openai', {
        isReady: 'False',
        sentence: 'Secret model-keys has no key old; add it, or name another.',
        attempts: 0,
        failedAttempts: 0,
        medianMicroseconds: null,
        p95Microseconds: null,
      }),
    ],
  };
}
