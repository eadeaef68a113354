/** The entries of a window as steps of a story: what was thought, done, judged and seen, in the order in which a person reads it. Pure. */
import type { LedgerRecord, RecordOf, RecordType } from '#domain/ledger/ledger-record.ts';
import type { RunEntry } from '#services/console/api/answers.ts';

export interface ToldEntry<Told extends LedgerRecord = LedgerRecord> {
  readonly entry: RunEntry;
  readonly record: Told;
}

export interface StoryStep {
  /** Undefined: of records that belong to no step. */
  readonly number: number | undefined;
  readonly entries: readonly ToldEntry[];
  /** Of its attempts. Null: the price of one of them is not known; undefined: there was none. */
  readonly costNanoUsd: number | null | undefined;
  readonly isWrong: boolean;
}

export interface Bar {
  readonly position: number;
  readonly record: LedgerRecord;
  readonly beganAtMicroseconds: number;
  readonly durationMicroseconds: number;
}

/** The ledger writes what it has parsed. */
export function toldOf(entry: RunEntry): ToldEntry {
  return { entry, record: entry.record as unknown as LedgerRecord };
}

export function storySteps(entries: readonly RunEntry[]): readonly StoryStep[] {
  const told = entries.map(toldOf);
  const stepOfRequest = new Map(
    told.flatMap(({ record }) =>
      record.type === 'cycle' && record.requestId !== undefined && record.run.step !== undefined
        ? [[record.requestId, record.run.step] as const]
        : [],
    ),
  );
  const groups = new Map<string, { number: number | undefined; entries: ToldEntry[] }>();
  let last: number | undefined;
  for (const each of told) {
    const number = stepOf(each.record, stepOfRequest);
    // What belongs to no step stands where it happened: before the first step, or after the one that was told last.
    const key = number === undefined ? `after ${last ?? 'nothing'}` : `step ${number}`;
    const group = groups.get(key) ?? { number, entries: [] };
    group.entries.push(each);
    groups.set(key, group);
    last = number ?? last;
  }
  return [...groups.values()].map(stepFrom);
}

function stepOf(record: LedgerRecord, stepOfRequest: ReadonlyMap<string, number>): number | undefined {
  if (record.type === 'run_ended' || record.type === 'run_begun') return undefined;
  const ofRequest =
    record.type === 'model_call' || record.type === 'model_attempt'
      ? stepOfRequest.get(record.requestId)
      : undefined;
  return ofRequest ?? ('run' in record ? record.run?.step : undefined);
}

/** Thought, action, verdict, observation: as it happened, whoever told it first. */
const ORDER: readonly LedgerRecord['type'][] = [
  'run_begun',
  'model_attempt',
  'model_call',
  'cycle',
  'tool_intent',
  'policy_decision',
  'tool_result',
];

function stepFrom({ number, entries }: Pick<StoryStep, 'number' | 'entries'>): StoryStep {
  const rank = ({ record }: ToldEntry): number => (ORDER.indexOf(record.type) + 1 || 9) * 1e6;
  const costs = entries.flatMap(({ record }) =>
    record.type === 'model_attempt' ? [record.costNanoUsd ?? null] : [],
  );
  return {
    number,
    entries: number === undefined ? entries : entries.toSorted((a, b) => rank(a) - rank(b)),
    costNanoUsd: costs.length === 0 ? undefined : sumOf(costs),
    isWrong: entries.some(({ record }) => isWrong(record)),
  };
}

/** Of what is partly not known the sum is not known. */
function sumOf(amounts: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const amount of amounts) {
    if (amount === null) return null;
    sum += amount;
  }
  return sum;
}

type Wrong = { readonly [Type in RecordType]?: (record: RecordOf<Type>) => boolean };

const WRONG: Wrong = {
  model_attempt: ({ failureCode }) => failureCode !== undefined,
  model_call: ({ failureCode }) => failureCode !== undefined,
  cycle: ({ phase }) => phase === 'failure' || phase === 'repair',
  tool_result: ({ outcome }) => outcome !== 'ok',
  policy_decision: ({ verdict }) => verdict === 'denied',
  run_ended: ({ status }) => status === 'failed',
  security_event: ({ severity }) => severity !== 'informational',
  gap: () => true,
};

export function isWrong(record: LedgerRecord): boolean {
  const judge = WRONG[record.type] as ((record: LedgerRecord) => boolean) | undefined;
  return judge?.(record) === true;
}

/** What took time, from when it began: records of it are told at its end. */
export function barsOf(entries: readonly RunEntry[]): readonly Bar[] {
  return entries
    .map(toldOf)
    .flatMap(({ entry, record }): readonly Bar[] => {
      if (record.type !== 'model_attempt' && record.type !== 'tool_result') return [];
      const { durationMicroseconds, atMicroseconds } = record;
      return [
        {
          position: entry.position,
          record,
          durationMicroseconds,
          beganAtMicroseconds: atMicroseconds - durationMicroseconds,
        },
      ];
    })
    .toSorted((a, b) => a.beganAtMicroseconds - b.beganAtMicroseconds);
}
