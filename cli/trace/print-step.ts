/** One cycle of a run: what was thought, by whom and at what price, what was allowed, what was done, what came of it. */
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import type { Page } from '../terminal/page.ts';
import { count, counted, dollars, duration, since } from '../terminal/quantities.ts';
import { visible } from '../terminal/visible-text.ts';
import type { Step, Told, ToldAction, ToldCall } from './run-story.ts';
import type { TextPrinter } from './text-printer.ts';

export function printStep(page: Page, step: Step, beganAtMicroseconds: number, texts: TextPrinter): void {
  const title = step.number === undefined ? 'Outside of the steps' : `Step ${step.number}`;
  page.heading(
    `${page.paint('bold', title)}  ${page.paint('dim', since(step.beganAtMicroseconds, beganAtMicroseconds))}`,
  );
  const own = new Set(step.cycles.map(({ record }) => record.requestId));
  for (const cycle of step.cycles) {
    const calls = step.calls.filter(({ requestId }) => requestId === cycle.record.requestId);
    printCycle(page, cycle, calls, texts);
  }
  for (const call of step.calls) if (!own.has(call.requestId)) printCall(page, call, 1);
  for (const { record } of step.decisions) printDecision(page, record);
  for (const action of step.actions) printAction(page, action, texts);
}

function printCycle(
  page: Page,
  { record }: Told<'cycle'>,
  calls: readonly ToldCall[],
  texts: TextPrinter,
): void {
  const how = record.outcome === 'ok' ? '' : ` (${record.outcome})`;
  const model = record.model === undefined ? 'No model' : page.paint('bold', visible(record.model));
  page.line(
    1,
    'Thought',
    `${model} ${THOUGHTS[record.phase](page, record)}${how}, ${duration(record.durationMicroseconds)}`,
  );
  texts.print(page, 2, 'Read', record.id, 'sent', record.sent);
  for (const call of calls) printCall(page, call, 2);
  texts.print(page, 2, 'Wrote', record.id, 'answer', record.answer);
}

type Thought = (page: Page, cycle: RecordOf<'cycle'>) => string;

const THOUGHTS: Readonly<Record<RecordOf<'cycle'>['phase'], Thought>> = {
  action: (_page, { toolCalls }) => `decided to call ${counted(toolCalls, 'tool')}`,
  answer: ({ paint }) => `gave ${paint('green', 'the answer')}`,
  repair: ({ paint }) => `gave ${paint('yellow', 'an answer that does not fit')} and was asked again`,
  stop: ({ paint }) => `was ${paint('yellow', 'the last')}: the run stopped here`,
  failure: ({ paint }) => paint('red', 'failed'),
};

function printCall(page: Page, { call, attempts, requestId }: ToldCall, depth: number): void {
  if (call !== undefined) {
    const { record } = call;
    const asked = record.modelAsked === undefined ? '' : `asked for ${visible(record.modelAsked)}: `;
    page.line(depth, 'Router', asked + visible(record.decision));
  }
  for (const { record } of attempts) page.line(depth, `Attempt ${record.attempt}`, attemptOf(page, record));
  if (call === undefined) return;
  const { record } = call;
  if (attempts.length === 0 || record.outcome !== attempts.at(-1)?.record.outcome) {
    const code = record.failureCode === undefined ? '' : ` (${record.failureCode})`;
    page.line(
      depth,
      'Call',
      `${visible(requestId)}: ${outcomeOf(page, record.outcome)}${code}, status ${record.httpStatus}, ${duration(record.durationMicroseconds)}`,
    );
  }
}

function attemptOf(page: Page, record: RecordOf<'model_attempt'>): string {
  const served =
    record.modelServed === undefined || record.modelServed === record.providerModel
      ? ''
      : `, served by ${visible(record.modelServed)}`;
  const mark = record.fingerprint === undefined ? '' : `, fingerprint ${visible(record.fingerprint)}`;
  const finish =
    record.finishReason === 'length' || record.finishReason === 'content_filter'
      ? `, ended by ${record.finishReason}`
      : '';
  const code =
    record.failureCode === undefined || record.failureCode === record.outcome
      ? ''
      : ` (${record.failureCode})`;
  const first =
    record.firstTokenMicroseconds === undefined
      ? ''
      : ` (first word after ${duration(record.firstTokenMicroseconds)})`;
  return [
    `${page.paint('bold', visible(record.model))} at ${visible(record.provider)} (${visible(record.providerModel)})${served}${mark}: ${outcomeOf(page, record.outcome)}${code}${finish}`,
    ...(record.tokens === undefined ? [] : [tokensOf(record.tokens)]),
    record.costNanoUsd === undefined ? page.paint('yellow', 'cost not known') : dollars(record.costNanoUsd),
    duration(record.durationMicroseconds) + first,
  ].join(', ');
}

function tokensOf(tokens: NonNullable<RecordOf<'model_attempt'>['tokens']>): string {
  const input = tokens.input + tokens.cachedInput + tokens.cacheWrite;
  const cached = tokens.cachedInput === 0 ? '' : ` (${count(tokens.cachedInput)} from cache)`;
  const reasoning = (tokens.reasoning ?? 0) === 0 ? '' : ` (${count(tokens.reasoning ?? 0)} of thought)`;
  return `${count(input)} tokens in${cached}, ${count(tokens.output)} out${reasoning}`;
}

function printDecision(page: Page, record: RecordOf<'policy_decision'>): void {
  const verdict = page.paint(record.verdict === 'allowed' ? 'green' : 'red', record.verdict);
  const subject = record.subject === undefined ? '' : ` ${visible(record.subject)}`;
  const sentence = record.sentence === undefined ? '' : `: ${visible(record.sentence)}`;
  page.line(1, 'Policy', `${verdict}${subject} by ${record.policy} (${record.reason})${sentence}`);
}

function printAction(page: Page, { intent, result, callId }: ToldAction, texts: TextPrinter): void {
  const tool = visible((intent ?? result)?.record.tool ?? '');
  const effect = intent?.record.effect === 'external' ? page.paint('magenta', ' with an effect outside') : '';
  page.line(
    1,
    'Action',
    `${page.paint('bold', tool)}${effect} ${page.paint('dim', `call ${visible(callId)}`)}`,
  );
  if (intent === undefined) page.line(2, 'Intent', page.paint('yellow', 'not recorded'));
  else texts.print(page, 2, 'Arguments', intent.record.id, 'arguments', intent.record.arguments);
  if (result === undefined) {
    page.line(
      2,
      'Result',
      page.paint(['bold', 'yellow'], 'none here: nobody knows whether it ran to its end'),
    );
    return;
  }
  const { record } = result;
  texts.print(
    page,
    2,
    'Result',
    record.id,
    'result',
    record.result,
    `${outcomeOf(page, record.outcome)} after ${duration(record.durationMicroseconds)}, `,
  );
}

function outcomeOf(page: Page, outcome: string): string {
  return page.paint(outcome === 'ok' || outcome === 'answered' ? 'green' : 'red', outcome);
}
