/** One line in the log for each request. */
import type { FactSubscriber } from '#domain/facts/fact-stream.ts';
import type { RequestFact } from '#domain/facts/request-fact.ts';
import type { SubscriberMeans } from './fact-subscribers.ts';

export function requestLog({ logger }: SubscriberMeans): FactSubscriber {
  return {
    name: 'request log',
    request: (fact) => logger.info(lineOf(fact, logger.isLevelEnabled('debug')), 'request finished'),
  };
}

/** Only what there is: a field that is undefined costs the logger as much as one that is written. */
function lineOf(fact: RequestFact, withDecision: boolean): Record<string, unknown> {
  const line: Record<string, unknown> = {
    requestId: fact.requestId,
    namespace: fact.caller.namespace,
    agent: fact.caller.agent,
    operation: fact.operation,
    stream: fact.isStream,
    outcome: fact.outcome,
    status: fact.status,
    attempts: fact.attempts,
    milliseconds: Math.round(fact.durationMilliseconds),
    usageSource: fact.usageSource,
    costNanoUsd: fact.costNanoUsd,
  };
  if (fact.modelAsked !== undefined) line['requested'] = fact.modelAsked;
  if (fact.model !== undefined) line['model'] = fact.model;
  if (fact.usage !== undefined) line['usage'] = fact.usage;
  if (fact.failureCode !== undefined) line['error'] = fact.failureCode;
  if (fact.firstTokenMilliseconds !== undefined) {
    line['firstTokenMilliseconds'] = Math.round(fact.firstTokenMilliseconds);
  }
  if (fact.run !== undefined) {
    line['runId'] = fact.run.id;
    if (fact.run.step !== undefined) line['step'] = fact.run.step;
  }
  if (fact.prompt?.name !== undefined) line['promptVersion'] = fact.prompt.name;
  if (fact.callersRequestId !== undefined) line['callersRequestId'] = fact.callersRequestId;
  if (withDecision) line['decision'] = fact.decision;
  return line;
}
