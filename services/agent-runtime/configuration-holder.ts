/**
 * Holds the configuration that new runs start with.
 *
 * A configuration is offered as text, prepared whole (prompt compiled, schemas checked) and then swapped in by one
 * assignment: a run sees the old one or the new one, never a mixture, and keeps what it started with. What cannot be
 * prepared is refused and the last good one stays, for ever if need be. A lower revision of the same Agent is stale
 * news and changes nothing; nor does the same text again.
 */
import type { Logger } from '#telemetry/logger.ts';
import type { AgentRuntimeMetrics } from './agent-runtime-metrics.ts';
import {
  type ExpectedAgent,
  type MakeHttpTool,
  type ServedConfiguration,
  prepareConfiguration,
} from './served-configuration.ts';

export const OFFER_OUTCOMES = ['accepted', 'unchanged', 'stale', 'refused'] as const;
export type OfferOutcome = (typeof OFFER_OUTCOMES)[number];
export type ConfigurationOrigin = 'file' | 'stream';

export interface ConfigurationHolder {
  readonly current: () => ServedConfiguration | undefined;
  /** Offers are taken one after another, in the order they came. */
  readonly offer: (text: string, origin: ConfigurationOrigin) => Promise<OfferOutcome>;
}

export function createConfigurationHolder(options: {
  readonly expected: ExpectedAgent;
  readonly makeHttpTool: MakeHttpTool;
  readonly logger: Logger;
  readonly metrics: AgentRuntimeMetrics;
}): ConfigurationHolder {
  const { expected, makeHttpTool, logger, metrics } = options;
  let current: ServedConfiguration | undefined;
  let currentText: string | undefined;
  let previousOffer: Promise<unknown> = Promise.resolve();

  async function take(text: string, origin: ConfigurationOrigin): Promise<OfferOutcome> {
    if (text === currentText) return 'unchanged';
    const prepared = await prepareConfiguration(text, expected, makeHttpTool);
    if (!prepared.ok) {
      logger.error(
        { origin, problem: prepared.problem },
        'a configuration was refused, the previous one stays',
      );
      return 'refused';
    }
    const { configuration, missingTools } = prepared.served;
    const { agent, prompt, revision } = configuration;
    const before = current?.configuration;
    if (before !== undefined && before.agent.uid === agent.uid && revision < before.revision) {
      logger.warn({ origin, revision }, 'an older configuration was ignored');
      return 'stale';
    }
    current = prepared.served;
    currentText = text;
    logger.info(
      {
        origin,
        generation: agent.generation,
        revision,
        promptVersion: prompt.version,
        promptDigest: prompt.digest,
        previousPromptVersion: before?.prompt.version,
      },
      'a configuration is served',
    );
    if (missingTools.length > 0) {
      logger.warn({ missingTools }, 'the prompt names tools that the agent does not have');
    }
    return 'accepted';
  }

  return {
    current: () => current,
    offer: (text, origin) => {
      const offer = previousOffer.then(async () => {
        const outcome = await take(text, origin);
        metrics.configurationOffered(outcome, current?.configuration);
        return outcome;
      });
      previousOffer = offer.catch(() => undefined);
      return offer;
    },
  };
}
