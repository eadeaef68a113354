/** The way of a request, attempt by attempt: a warning for each that failed and, at level debug, all of them. */
import type { FactSubscriber } from '#domain/facts/fact-stream.ts';
import type { SubscriberMeans } from './fact-subscribers.ts';

export function attemptTrace({ logger }: SubscriberMeans): FactSubscriber {
  return {
    name: 'attempt trace',
    attempt: (fact) => {
      const level = fact.failureCode === undefined || fact.outcome === 'cancelled' ? 'debug' : 'warn';
      if (!logger.isLevelEnabled(level)) return;
      logger[level](
        {
          requestId: fact.requestId,
          attempt: fact.attempt,
          runId: fact.run?.id,
          step: fact.run?.step,
          model: `${fact.model.namespace}/${fact.model.name}`,
          providerModel: fact.providerModel,
          modelServed: fact.modelServed,
          fingerprint: fact.fingerprint,
          finishReason: fact.finishReason,
          outcome: fact.outcome,
          failure: fact.failureCode,
          milliseconds: Math.round(fact.durationMilliseconds),
          usage: fact.usage,
          usageSource: fact.usageSource,
          costNanoUsd: fact.costNanoUsd,
        },
        fact.failureCode === undefined ? 'an attempt answered' : 'an attempt failed',
      );
    },
  };
}
