/**
 * Facts as records of the ledger: every attempt with what it cost, and every request with how it ended. Ids follow from
 * the request's, so that what is told twice is written once.
 */
import type { AttemptFact } from '#domain/facts/attempt-fact.ts';
import type { CallContext } from '#domain/facts/call-context.ts';
import type { FactSubscriber } from '#domain/facts/fact-stream.ts';
import type { RequestFact } from '#domain/facts/request-fact.ts';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import { NO_LEDGER } from '#domain/ledger/record-writer.ts';
import { Meter } from '../meter.ts';
import type { SubscriberMeans } from './fact-subscribers.ts';

type Draft<Type extends 'model_attempt' | 'model_call' | 'policy_decision'> = {
  -readonly [Field in keyof Omit<RecordOf<Type>, 'source'>]: RecordOf<Type>[Field];
};
type CallFields = Pick<
  Draft<'model_call'>,
  'namespace' | 'agent' | 'requestId' | 'operation' | 'run' | 'prompt' | 'trace'
>;

const NAME_MAXIMUM_CHARACTERS = 256;

export function ledgerRecords({ ledger, securityEvents }: SubscriberMeans): FactSubscriber {
  const name = 'ledger';
  if (ledger === NO_LEDGER) return { name };
  const meter = new Meter();
  return {
    name,
    attempt: (fact) => {
      const record = attemptRecord(fact);
      record.meter = meter.charge(fact.caller.namespace, fact.costNanoUsd ?? 0);
      ledger.write(record);
      if (fact.failureCode === 'key_refused') {
        const { namespace, name: model } = fact.model;
        securityEvents.happened({
          event: 'provider_key_refused',
          namespace,
          subject: model,
          action: 'observed',
          sentence: `The provider of Model ${model} refuses its key.`,
        });
      }
    },
    request: (fact) => {
      ledger.write(requestRecord(fact));
      if (fact.failureCode !== 'model_not_allowed') return;
      ledger.write(denial(fact));
      const { namespace, agent } = fact.caller;
      securityEvents.happened({
        event: 'model_denied',
        namespace,
        agent,
        ...(fact.run !== undefined && { run: fact.run }),
        subject: agent,
        action: 'blocked',
        sentence: `Agent ${agent} asked for a Model that its modelPolicy does not allow.`,
      });
    },
  };
}

/** Written out field by field: it is made for every attempt. */
function attemptRecord(fact: AttemptFact): Draft<'model_attempt'> {
  const { usage, costNanoUsd, modelServed, fingerprint, finishReason, firstTokenMilliseconds } = fact;
  const record = callFieldsOf(fact) as Draft<'model_attempt'>;
  record.type = 'model_attempt';
  record.id = `${fact.requestId}:${fact.attempt}`;
  record.atMicroseconds = endOf(fact);
  record.attempt = fact.attempt;
  record.model = fact.model.name;
  record.provider = fact.provider;
  record.providerModel = nameOf(fact.providerModel) ?? fact.model.name;
  record.outcome = fact.outcome;
  record.usageSource = fact.usageSource;
  record.durationMicroseconds = microseconds(fact.durationMilliseconds);
  if (fact.failureCode !== undefined) record.failureCode = fact.failureCode;
  const served = modelServed === undefined ? undefined : nameOf(modelServed);
  if (served !== undefined) record.modelServed = served;
  const mark = fingerprint === undefined ? undefined : nameOf(fingerprint);
  if (mark !== undefined) record.fingerprint = mark;
  if (finishReason !== undefined) record.finishReason = finishReason;
  // A price that is not known is no price of nought.
  if (costNanoUsd !== null) record.costNanoUsd = costNanoUsd;
  if (firstTokenMilliseconds !== undefined) {
    record.firstTokenMicroseconds = microseconds(firstTokenMilliseconds);
  }
  if (usage !== undefined) {
    record.tokens = {
      input: usage.inputTokens,
      cachedInput: usage.cachedInputTokens,
      cacheWrite: usage.cacheWriteTokens,
      output: usage.outputTokens,
      ...(usage.reasoningTokens !== undefined && { reasoning: usage.reasoningTokens }),
    };
  }
  return record;
}

function requestRecord(fact: RequestFact): Draft<'model_call'> {
  const record = callFieldsOf(fact) as Draft<'model_call'>;
  record.type = 'model_call';
  record.id = `${fact.requestId}:call`;
  record.atMicroseconds = endOf(fact);
  record.isStream = fact.isStream ? 'yes' : 'no';
  record.outcome = fact.outcome;
  record.httpStatus = fact.status;
  record.attempts = fact.attempts;
  record.decision = fact.decision;
  record.durationMicroseconds = microseconds(fact.durationMilliseconds);
  const modelAsked = fact.modelAsked === undefined ? undefined : nameOf(fact.modelAsked);
  if (modelAsked !== undefined) record.modelAsked = modelAsked;
  if (fact.model !== undefined) record.model = fact.model;
  if (fact.failureCode !== undefined) record.failureCode = fact.failureCode;
  if (fact.firstTokenMilliseconds !== undefined) {
    record.firstTokenMicroseconds = microseconds(fact.firstTokenMilliseconds);
  }
  return record;
}

function denial(fact: RequestFact): Draft<'policy_decision'> {
  const { namespace, agent, run } = callFieldsOf(fact);
  return {
    id: `${fact.requestId}:policy`,
    type: 'policy_decision',
    namespace,
    agent,
    ...(run !== undefined && { run }),
    atMicroseconds: endOf(fact),
    policy: 'model_policy',
    verdict: 'denied',
    reason: 'model_not_allowed',
  };
}

function callFieldsOf({ caller, requestId, operation, run, prompt, trace }: CallContext): CallFields {
  const fields: CallFields = {
    namespace: caller.namespace,
    agent: { name: caller.agent },
    requestId,
    operation,
  };
  if (run !== undefined) fields.run = run;
  if (prompt !== undefined) {
    const { name: version, digest } = prompt;
    fields.prompt = { ...(version !== undefined && { version }), ...(digest !== undefined && { digest }) };
  }
  if (trace !== undefined) fields.trace = { traceId: trace.traceId, spanId: trace.spanId };
  return fields;
}

/** When it was over: that is when it is told. */
function endOf(fact: AttemptFact | RequestFact): number {
  return microseconds(fact.startedAtEpochMilliseconds + fact.durationMilliseconds);
}

function microseconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1000));
}

/** Of what a provider or a user wrote, as much as a name may be. */
function nameOf(text: string): string | undefined {
  const name = text.slice(0, NAME_MAXIMUM_CHARACTERS).toWellFormed();
  return name === '' ? undefined : name;
}
