/**
 * What the records of one run tell, in the order in which a person asks: who asked for it and with which prompt, what
 * was thought in each step and by which model, what was done and what came of it, how it ended, what others said of it,
 * and what is missing. Pure.
 */
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { RecordOf, RecordType } from '#domain/ledger/ledger-record.ts';

/** A record of one type with the entry it stands in. */
export interface Told<Type extends RecordType = RecordType> {
  readonly entry: LedgerEntry;
  readonly record: RecordOf<Type>;
}

export interface ToldCall {
  readonly requestId: string;
  readonly call: Told<'model_call'> | undefined;
  readonly attempts: readonly Told<'model_attempt'>[];
}

export interface ToldAction {
  readonly callId: string;
  readonly intent: Told<'tool_intent'> | undefined;
  readonly result: Told<'tool_result'> | undefined;
}

interface StepParts {
  readonly cycles: readonly Told<'cycle'>[];
  readonly calls: readonly ToldCall[];
  readonly decisions: readonly Told<'policy_decision'>[];
  readonly actions: readonly ToldAction[];
}

export interface Step extends StepParts {
  /** Undefined: of records that do not say which step they belong to. */
  readonly number: number | undefined;
  readonly beganAtMicroseconds: number;
}

export interface RunStory {
  readonly begun: Told<'run_begun'> | undefined;
  readonly steps: readonly Step[];
  readonly ended: Told<'run_ended'> | undefined;
  readonly verdicts: readonly (Told<'feedback'> | Told<'outcome'>)[];
  readonly securityEvents: readonly Told<'security_event'>[];
  readonly accesses: readonly Told<'content_access'>[];
  readonly reported: readonly Told<'reported_span'>[];
  /** Sentences about what is not here and should be. */
  readonly missing: readonly string[];
}

export function tellRun(entries: readonly LedgerEntry[]): RunStory {
  const inOrder = entries.toSorted((a, b) => a.index - b.index);
  const of = <Type extends RecordType>(type: Type): readonly Told<Type>[] =>
    inOrder.flatMap((entry) =>
      entry.record.type === type ? [{ entry, record: entry.record as RecordOf<Type> }] : [],
    );
  const begun = of('run_begun');
  const ended = of('run_ended');
  const steps = stepsOf({
    cycles: of('cycle'),
    calls: callsOf(of('model_call'), of('model_attempt')),
    decisions: of('policy_decision'),
    actions: actionsOf(of('tool_intent'), of('tool_result')),
  });
  return {
    begun: begun[0],
    steps,
    ended: ended[0],
    verdicts: [...of('outcome'), ...of('feedback')],
    securityEvents: of('security_event'),
    accesses: of('content_access'),
    reported: of('reported_span'),
    missing: [
      ...missingEnds(begun.length, ended.length),
      ...missingRecords(inOrder, ended[0]),
      ...of('gap').map(({ record }) => `${record.cause}: ${record.sentence}`),
      ...steps.flatMap(missingInStep),
    ],
  };
}

function callsOf(
  calls: readonly Told<'model_call'>[],
  attempts: readonly Told<'model_attempt'>[],
): readonly ToldCall[] {
  const byRequest = Map.groupBy(attempts, ({ record }) => record.requestId);
  const requestIds = new Set([...calls.map(({ record }) => record.requestId), ...byRequest.keys()]);
  return [...requestIds].map((requestId) => {
    const call = calls.find(({ record }) => record.requestId === requestId);
    const own = byRequest.get(requestId) ?? [];
    return {
      requestId,
      call,
      attempts: own.toSorted((a, b) => a.record.attempt - b.record.attempt),
    };
  });
}

function actionsOf(
  intents: readonly Told<'tool_intent'>[],
  results: readonly Told<'tool_result'>[],
): readonly ToldAction[] {
  const intentById = new Map(intents.map((told) => [told.record.callId, told]));
  const resultById = new Map(results.map((told) => [told.record.callId, told]));
  return [...new Set([...intentById.keys(), ...resultById.keys()])].map((callId) => ({
    callId,
    intent: intentById.get(callId),
    result: resultById.get(callId),
  }));
}

/** Records of one step say its number; a call of the router that does not is found by the request that a cycle names. */
function stepsOf(parts: StepParts): readonly Step[] {
  const stepOfRequest = new Map(
    parts.cycles.flatMap(({ record }) =>
      record.requestId === undefined ? [] : [[record.requestId, record.run.step] as const],
    ),
  );
  const numberOfCall = ({ requestId, call, attempts }: ToldCall): number | undefined =>
    stepOfRequest.get(requestId) ?? call?.record.run?.step ?? attempts[0]?.record.run?.step;
  const numberOfAction = ({ intent, result }: ToldAction): number | undefined =>
    (intent ?? result)?.record.run.step;
  const cycles = Map.groupBy(parts.cycles, ({ record }) => record.run.step);
  const calls = Map.groupBy(parts.calls, numberOfCall);
  const decisions = Map.groupBy(parts.decisions, ({ record }) => record.run?.step);
  const actions = Map.groupBy(parts.actions, numberOfAction);
  const numbers = new Set([...cycles.keys(), ...calls.keys(), ...decisions.keys(), ...actions.keys()]);
  return [...numbers]
    .map((number) => {
      const own: StepParts = {
        cycles: cycles.get(number) ?? [],
        calls: calls.get(number) ?? [],
        decisions: decisions.get(number) ?? [],
        actions: actions.get(number) ?? [],
      };
      return Object.assign(own, { number, beganAtMicroseconds: beginOf(own) });
    })
    .toSorted((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity));
}

/** Records of what takes time are told at its end. */
function beginOf(step: StepParts): number {
  const begins = [
    ...step.cycles.map(({ record }) => record.atMicroseconds - record.durationMicroseconds),
    ...step.calls.flatMap(({ call, attempts }) =>
      [...(call === undefined ? [] : [call]), ...attempts].map(
        ({ record }) => record.atMicroseconds - record.durationMicroseconds,
      ),
    ),
    ...step.decisions.map(({ record }) => record.atMicroseconds),
    ...step.actions.flatMap(({ intent, result }) =>
      [intent, result].flatMap((told) => (told === undefined ? [] : [told.record.atMicroseconds])),
    ),
  ];
  return begins.reduce((least, each) => Math.min(least, each), Infinity);
}

function missingEnds(begun: number, ended: number): readonly string[] {
  return [
    ...(begun === 0 ? ['Nothing says how the run began: its run_begun is not here.'] : []),
    ...(begun > 1 ? [`The run is told to have begun ${begun} times.`] : []),
    ...(ended === 0
      ? ['Nothing says how the run ended: it still runs, or its agent died or cannot reach the ledger.']
      : []),
    ...(ended > 1 ? [`The run is told to have ended ${ended} times.`] : []),
  ];
}

function missingRecords(
  inOrder: readonly LedgerEntry[],
  ended: Told<'run_ended'> | undefined,
): readonly string[] {
  const sequences = inOrder.flatMap(({ chain }) => (chain === undefined ? [] : [chain.sequence]));
  const isWhole = sequences.every((sequence, at) => sequence === at);
  const chain = isWhole
    ? []
    : ["The run's chain has holes in what the ledger sent: verify the namespace with capataz verify."];
  if (ended === undefined) return chain;
  const told = inOrder.filter(({ reporter, record }) => {
    return reporter === ended.entry.reporter && record.type !== 'reported_span';
  }).length;
  if (told >= ended.record.records) return chain;
  return [
    ...chain,
    `The agent says that it told ${ended.record.records} records of this run, and ${told} are here.`,
  ];
}

function missingInStep({ number, cycles, calls, actions }: Step): readonly string[] {
  const where = number === undefined ? 'outside of a step' : `in step ${number}`;
  const told = new Set(cycles.map(({ record }) => record.requestId));
  const heard = new Set(calls.flatMap(({ call, requestId }) => (call === undefined ? [] : [requestId])));
  return [
    ...[...told]
      .filter((requestId) => requestId !== undefined && !heard.has(requestId))
      .map((id) => `The agent tells of model call ${id} ${where}: the router's record of it is not here.`),
    ...calls.flatMap(({ call, attempts, requestId }) => {
      if (call === undefined) {
        return told.has(requestId) ? [] : [`Of model call ${requestId} ${where} only attempts are here.`];
      }
      const { attempts: taken } = call.record;
      return [
        ...(told.has(requestId)
          ? []
          : [`The router tells of model call ${requestId} ${where}: the agent says nothing of it.`]),
        ...(taken === attempts.length
          ? []
          : [
              `The router made ${taken} attempts at model call ${requestId} ${where}, and ${attempts.length} are here.`,
            ]),
      ];
    }),
    ...actions.flatMap(({ intent, result, callId }) => {
      if (result === undefined) {
        return [
          `Tool ${intent?.record.tool} was about to run ${where} (call ${callId}), and nothing says what came of it.`,
        ];
      }
      return intent === undefined && result.record.outcome !== 'not_recorded'
        ? [`Tool ${result.record.tool} ran ${where} (call ${callId}) without a recorded intent.`]
        : [];
    }),
  ];
}
