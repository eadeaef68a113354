/** A thousand agents, some of them in trouble. Pure: the same time gives the same fleet. */
import type { AgentRow, Finding } from '#domain/observation/agent-row.ts';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';
import { Chance } from './chance.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';

const HOUR = 3_600_000_000;
const DOLLAR = 1_000_000_000;
const NAMESPACES = ['claims', 'finance', 'support', 'sales', 'legal', 'logistics', 'people', 'research'];
const JOBS = [
  'classifier',
  'summarizer',
  'triage',
  'extractor',
  'translator',
  'writer',
  'matcher',
  'reviewer',
];
const THINGS = [
  'email',
  'invoice',
  'ticket',
  'contract',
  'order',
  'policy',
  'resume',
  'report',
  'call',
  'refund',
  'shipment',
  'lead',
  'survey',
  'alert',
  'audit',
  'quote',
];

export type Trouble =
  | 'cost'
  | 'latency'
  | 'drift'
  | 'stalled'
  | 'attack'
  | 'learning'
  | 'unknown'
  | 'expected';
const TROUBLES: ReadonlyMap<number, Trouble> = new Map([
  [3, 'cost'],
  [17, 'latency'],
  [42, 'drift'],
  [77, 'stalled'],
  [101, 'attack'],
  [7, 'learning'],
  [8, 'unknown'],
  [9, 'expected'],
  [203, 'learning'],
]);

export function generateFleet(count: number, nowMicroseconds: number): readonly AgentRow[] {
  const chance = new Chance(20_261);
  return Array.from({ length: count }, (_, at) => generateAgent(at, nowMicroseconds, chance));
}

function generateAgent(at: number, now: number, chance: Chance): AgentRow {
  const trouble = TROUBLES.get(at);
  const usual = trouble === 'cost' ? 110 * DOLLAR : chance.between(0.02, 1) ** 6 * 3 * DOLLAR + 2_000_000;
  const total = chance.whole(0, 900);
  return {
    ...namesOf(at, chance),
    ...stateOf(trouble, at),
    cost: judgeCost(trouble, usual, now, chance),
    latency: judgeLatency(trouble, chance.between(0.3, 2.4) * 1_000_000, now, chance),
    drift: findDrift(trouble, now),
    probed: {
      status: trouble === 'unknown' ? 'Unknown' : 'True',
      reason: 'AsUsual',
      sentence: '12 of 12 probes answered well at 12:22; usually at most 4 % do not.',
      sinceMicroseconds: now - 30 * HOUR,
    },
    hourlyCosts: hourly(trouble, usual, chance),
    costMonthToDate: trouble === 'unknown' ? null : Math.round(usual * 24 * 25),
    costMonthEnd: trouble === 'unknown' ? null : Math.round(usual * 24 * 30.4),
    runs: runsOf(trouble, total, chance),
    securityEvents: securityOf(trouble, chance),
    lastRunMicroseconds: total === 0 ? null : now - chance.whole(1, 3000) * 1_000_000,
  };
}

function namesOf(
  at: number,
  chance: Chance,
): Pick<AgentRow, 'namespace' | 'name' | 'uid' | 'prompt' | 'models'> {
  const thing = THINGS[at % THINGS.length] ?? 'email';
  const number = Math.floor(at / (THINGS.length * JOBS.length));
  const hostile = HOSTILE_TEXTS[(at / 29) % HOSTILE_TEXTS.length] ?? '';
  return {
    namespace: NAMESPACES[at % NAMESPACES.length] ?? 'support',
    name: `${thing}-${JOBS[Math.floor(at / THINGS.length) % JOBS.length]}${number === 0 ? '' : `-${number}`}`,
    uid: chance.hex(32),
    prompt:
      at % 61 === 0
        ? null
        : { name: at % 29 === 0 ? hostile.slice(0, 200) : `${thing}-prompt`, digest: chance.hex(64) },
    models: [chance.oneOf(['gpt-large', 'claude-medium', 'gemini-fast', 'local-small'])],
  };
}

function stateOf(trouble: Trouble | undefined, at: number): Pick<AgentRow, 'state' | 'stateSentence'> {
  if (trouble === 'stalled') {
    return {
      state: 'stalled',
      stateSentence: 'Secret model-keys has no key openai; the Model gpt-large cannot be used.',
    };
  }
  const stateSentence = 'All 2 pods serve the wanted configuration.';
  if (trouble === 'unknown') return { state: 'unknown', stateSentence: '' };
  return { state: at % 173 === 5 ? 'progressing' : 'ready', stateSentence };
}

function runsOf(trouble: Trouble | undefined, total: number, chance: Chance): AgentRow['runs'] {
  const unfitting = Math.round(total * (trouble === 'drift' ? 0.08 : chance.between(0, 0.02)));
  const failed = Math.round(total * (trouble === 'stalled' ? 0.6 : chance.between(0, 0.015)));
  return { total, failed, fitting: total - unfitting, unfitting };
}

function securityOf(trouble: Trouble | undefined, chance: Chance): AgentRow['securityEvents'] {
  if (trouble === 'attack') return { total: 50, blocked: 50 };
  const total = chance.next() < 0.06 ? chance.whole(1, 6) : 0;
  return { total, blocked: chance.whole(0, total) };
}

function judgeCost(trouble: Trouble | undefined, usual: number, now: number, chance: Chance): JudgedMeasure {
  const factor = trouble === 'cost' ? 3.1 : trouble === 'expected' ? 2.2 : chance.between(0.72, 1.24);
  const measure = judged(usual, factor, now, (amount) => `$${(amount / DOLLAR).toFixed(2)}`);
  if (trouble === 'unknown') return unknown('The ledger has told nothing of this agent for 26 hours.');
  if (trouble === 'learning')
    return {
      ...measure,
      verdict: 'learning',
      usual: null,
      ratio: null,
      sentence: 'Learning: 31 hours of the 168 that a week has are known.',
    };
  if (trouble === 'expected')
    return {
      ...measure,
      verdict: 'expected',
      sentence: `${measure.sentence} Ana Ruiz expects it until Friday: autumn campaign.`,
    };
  return measure;
}

function judgeLatency(
  trouble: Trouble | undefined,
  usual: number,
  now: number,
  chance: Chance,
): JudgedMeasure {
  if (trouble === 'unknown') return unknown('No run ended in the last hour.');
  const measure = judged(
    usual,
    trouble === 'latency' ? 6 : chance.between(0.8, 1.25),
    now,
    (amount) => `${(amount / 1_000_000).toFixed(1)} s`,
  );
  return { ...measure, projected: null };
}

function judged(usual: number, factor: number, now: number, tell: (amount: number) => string): JudgedMeasure {
  const [low, median, high] = [usual * 0.7, usual, usual * 1.35].map(Math.round) as [number, number, number];
  const projected = Math.round(usual * factor);
  const isNormal = projected <= high;
  return {
    verdict: isNormal ? 'normal' : 'abnormal',
    amount: Math.round(projected * 0.62),
    projected,
    usual: { low, median, high, basis: 'hour_of_week' },
    ratio: projected / median,
    sentence: `${tell(projected)} this hour; usual for Thursday 13h: ${tell(low)} to ${tell(high)}${isNormal ? '.' : `; ${factor.toFixed(1)} times the usual.`}`,
    sinceMicroseconds: isNormal ? null : now - 2.3 * HOUR,
  };
}

export function unknown(sentence: string): JudgedMeasure {
  return {
    verdict: 'unknown',
    amount: null,
    projected: null,
    usual: null,
    ratio: null,
    sentence,
    sinceMicroseconds: null,
  };
}

function findDrift(trouble: Trouble | undefined, now: number): Finding {
  if (trouble === 'drift')
    return {
      status: 'True',
      reason: 'Drifted',
      sentence:
        '8.1 % of first answers do not fit their schema; usual is 1.2 %. Nothing of ours changed; the served model id did.',
      sinceMicroseconds: now - 3 * HOUR,
    };
  if (trouble === 'unknown' || trouble === 'learning')
    return {
      status: 'Unknown',
      reason: 'Learning',
      sentence: 'Learning: 210 of 500 runs.',
      sinceMicroseconds: null,
    };
  return {
    status: 'False',
    reason: 'Steady',
    sentence: 'All 9 signals are as they were.',
    sinceMicroseconds: now - 300 * HOUR,
  };
}

function hourly(trouble: Trouble | undefined, usual: number, chance: Chance): (number | null)[] {
  return Array.from({ length: 24 }, (_, hour) => {
    if (trouble === 'unknown') return null;
    const day = 0.65 + 0.45 * Math.sin(((hour - 4) / 24) * Math.PI * 2);
    const spike = trouble === 'cost' && hour > 20 ? 3 : 1;
    return Math.round(usual * day * spike * chance.between(0.85, 1.15));
  });
}
