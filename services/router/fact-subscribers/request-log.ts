/** One line in the log for each request. */
import type { FactSubscriber } from '#domain/facts/fact-stream.ts';
import type { SubscriberMeans } from './fact-subscribers.ts';

export function requestLog({ logger }: SubscriberMeans): FactSubscriber {
  return {
    name: 'request log',
    request: (fact) =>
      logger.info(
        {
          requestId: fact.requestId,
          callersRequestId: fact.callersRequestId,
          runId: fact.run?.id,
          step: fact.run?.step,
          promptVersion: fact.prompt?.name,
          namespace: fact.caller.namespace,
          agent: fact.caller.agent,
          operation: fact.operation,
          stream: fact.isStream,
          requested: fact.modelAsked,
          model: fact.model,
          decision: logger.isLevelEnabled('debug') ? fact.decision : undefined,
          outcome: fact.outcome,
          status: fact.status,
          error: fact.failureCode,
          attempts: fact.attempts,
          milliseconds: Math.round(fact.durationMilliseconds),
          firstTokenMilliseconds:
            fact.firstTokenMilliseconds === undefined ? undefined : Math.round(fact.firstTokenMilliseconds),
          usage: fact.usage,
          usageSource: fact.usageSource,
          costNanoUsd: fact.costNanoUsd,
        },
        'request finished',
      ),
  };
}
