/** What each record says in one line. */
import type { ComponentChildren } from 'preact';
import type { LedgerRecord, RecordOf, RecordType } from '#domain/ledger/ledger-record.ts';
import type { TextReference } from '#domain/ledger/record-fields.ts';
import { Money, sayCountOf, sayShortCount } from '../../parts/amounts.tsx';
import type { Tone } from '../../parts/tone.ts';
import { Text } from '../../text/text.tsx';
import type { Word } from '../../words/languages.ts';
import { say } from '../../words/say.ts';
import { isWrong } from './run-steps.ts';
import { RUN } from './runs-words.ts';

export interface EntryWords {
  readonly kind: Word;
  readonly tone: Tone;
  readonly what: ComponentChildren;
  readonly sentence?: string | undefined;
  readonly durationMicroseconds?: number | undefined;
  readonly texts: readonly (readonly [field: string, reference: TextReference])[];
}

type Teller<Type extends RecordType> = (record: RecordOf<Type>) => Partial<EntryWords>;

const named = (name: string): ComponentChildren => (
  <code>
    <Text value={name} />
  </code>
);

/** With `ok` nothing needs to be said. */
const outcomeOf = (outcome: string, failure?: string): ComponentChildren =>
  outcome === 'ok' ? null : (
    <>
      {' '}
      <code class="toned">{failure ?? outcome}</code>
    </>
  );

const texts = (
  found: Readonly<Record<string, TextReference | undefined>>,
): readonly (readonly [string, TextReference])[] =>
  Object.entries(found).flatMap(([field, reference]) =>
    reference === undefined ? [] : [[field, reference] as const],
  );

const TELLERS: { readonly [Type in RecordType]?: Teller<Type> } = {
  run_begun: ({ input, tools }) => ({
    kind: RUN.input,
    what: tools.length === 0 ? null : named(tools.join(', ')),
    texts: texts({ input }),
  }),
  model_call: ({ model, outcome, failureCode, decision, durationMicroseconds }) => ({
    kind: RUN.model,
    what: (
      <>
        {model === undefined ? null : named(model)}
        {outcomeOf(outcome, failureCode)}
      </>
    ),
    sentence: decision,
    durationMicroseconds,
  }),
  model_attempt: ({
    attempt,
    model,
    modelServed,
    outcome,
    failureCode,
    tokens,
    costNanoUsd,
    durationMicroseconds,
  }) => ({
    kind: RUN.model,
    what: (
      <>
        {named(model)} {attempt > 1 ? say(RUN.attempt, { number: attempt }) : null}
        {modelServed === undefined ? null : <span class="faint small"> {named(modelServed)}</span>}
        {outcomeOf(outcome, failureCode)}
        {tokens === undefined ? null : (
          <span class="faint small">
            {' '}
            {sayShortCount(tokens.input + tokens.cachedInput + tokens.cacheWrite)} →{' '}
            {sayShortCount(tokens.output)}
          </span>
        )}{' '}
        <Money value={costNanoUsd} />
      </>
    ),
    durationMicroseconds,
  }),
  cycle: ({ phase, outcome, sent, answer, durationMicroseconds }) => ({
    kind: RUN.thought,
    what: (
      <>
        {named(phase)}
        {outcomeOf(outcome)}
      </>
    ),
    durationMicroseconds,
    texts: texts({ sent, answer }),
  }),
  policy_decision: ({ policy, verdict, reason, subject, sentence }) => ({
    kind: RUN.verdict,
    what: (
      <>
        <strong class="toned">{say(verdict === 'allowed' ? RUN.allowed : RUN.denied)}</strong>{' '}
        {subject === undefined ? null : named(subject)}{' '}
        <span class="faint small">
          {policy}: {reason}
        </span>
      </>
    ),
    sentence,
  }),
  tool_intent: ({ tool, effect, arguments: asked }) => ({
    kind: RUN.action,
    what: (
      <>
        {named(tool)} {effect === 'external' ? <span class="faint small">{say(RUN.withEffect)}</span> : null}
      </>
    ),
    texts: texts({ arguments: asked }),
  }),
  tool_result: ({ tool, outcome, result, durationMicroseconds }) => ({
    kind: RUN.observation,
    what: (
      <>
        {named(tool)}
        {outcomeOf(outcome)}
      </>
    ),
    durationMicroseconds,
    texts: texts({ result }),
  }),
  run_ended: ({ status, reason, output, durationMicroseconds, costNanoUsd }) => ({
    kind: RUN.ended,
    what: (
      <>
        <strong class="toned">{status}</strong> {reason === undefined ? null : named(reason)}{' '}
        <Money value={costNanoUsd} />
      </>
    ),
    durationMicroseconds,
    texts: texts({ output }),
  }),
  outcome: ({ metric, verdict, judge }) => ({
    kind: RUN.judged,
    what: (
      <>
        {named(metric)} <strong>{verdict}</strong>{' '}
        <span class="faint small">
          <Text value={judge} />
        </span>
      </>
    ),
  }),
  feedback: ({ metric, verdict, by, comment }) => ({
    kind: RUN.judged,
    what: (
      <>
        {named(metric)} <strong>{verdict}</strong>{' '}
        <span class="faint small">
          <Text value={by} />
        </span>
      </>
    ),
    texts: texts({ comment }),
  }),
  security_event: ({ event, severity, action, owasp, sentence }) => ({
    kind: RUN.security,
    what: (
      <>
        {named(event)} <strong class="toned">{say(action === 'blocked' ? RUN.blocked : RUN.observed)}</strong>{' '}
        <span class="faint small">
          {severity} {owasp.join(' ')}
        </span>
      </>
    ),
    sentence,
  }),
  content_access: ({ action, by, texts: count, reason }) => ({
    kind: RUN.access,
    what: (
      <>
        {named(action)} {sayCountOf(count)}{' '}
        <span class="faint small">
          <Text value={by} />
        </span>
      </>
    ),
    sentence: reason,
  }),
  gap: ({ cause, sentence }) => ({ kind: RUN.gap, what: named(cause), sentence }),
  reported_span: ({ operation, name, outcome, durationMicroseconds }) => ({
    kind: RUN.reportedSpan,
    what: (
      <>
        {named(operation)} {name === undefined ? null : named(name)}
        {outcomeOf(outcome)}
      </>
    ),
    durationMicroseconds,
  }),
};

/** A record of a kind that this page does not know is named, and shown whole when it is opened. */
export function wordsOf(record: LedgerRecord): EntryWords {
  const tell = TELLERS[record.type] as ((record: LedgerRecord) => Partial<EntryWords>) | undefined;
  return {
    kind: RUN.record,
    tone: toneOf(record),
    what: named(record.type),
    texts: [],
    ...tell?.(record),
  };
}

function toneOf(record: LedgerRecord): Tone {
  if (record.type === 'cycle' && record.phase === 'repair') return 'warn';
  if (isWrong(record)) return 'bad';
  if (record.type === 'run_ended') return record.status === 'succeeded' ? 'good' : 'warn';
  if (record.type === 'policy_decision') return 'good';
  return record.type === 'tool_intent' || record.type === 'cycle' ? 'info' : 'quiet';
}
