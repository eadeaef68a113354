/**
 * Holds what new runs start with: the agent's configuration with the prompt of each arm.
 *
 * Two documents are offered as text, each by the mounted file and by the stream: the agent's configuration and, where
 * the agent follows a rollout, the document of that. What they come to is prepared whole (prompts compiled, schemas
 * checked) and then swapped in by one assignment: a run sees the old one or the new one, never a mixture, and keeps what
 * it started with. What cannot be prepared is refused and the last good one stays, for ever if need be. A lower
 * revision of the same object is stale news and changes nothing; nor does the same text again.
 *
 * A document with a limit that is not known is the exception: nothing is served until one comes that is understood.
 */
import type {
  AgentConfiguration,
  EffectiveConfiguration,
  PromptOfAgent,
} from '#domain/agent/agent-configuration.ts';
import { chooseArm } from '#domain/rollout/choose-arm.ts';
import type {
  Exposure,
  RolloutArm,
  RolloutDocument,
  ServedVersion,
} from '#domain/rollout/rollout-document.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { AgentRuntimeMetrics } from './agent-runtime-metrics.ts';
import {
  type DocumentStamp,
  type ExpectedAgent,
  type ReadDocument,
  readAgentConfiguration,
  readRolloutDocument,
} from './read-documents.ts';
import { type MakeHttpTool, type ServedConfiguration, prepareConfiguration } from './served-configuration.ts';

export const OFFER_OUTCOMES = [
  'accepted',
  'unchanged',
  'stale',
  'waiting',
  'refused',
  'not_understood',
] as const;
export type OfferOutcome = (typeof OFFER_OUTCOMES)[number];
export type ConfigurationOrigin = 'file' | 'stream';

export interface ConfigurationHolder {
  /** What a run of this session starts with; without a session what this agent takes by itself. */
  readonly current: (session?: string) => ServedConfiguration | undefined;
  /** Why nothing may be served, though something was told. */
  readonly notUnderstood: () => string | undefined;
  /** Offers are taken one after another, in the order they came. */
  readonly offer: (text: string, origin: ConfigurationOrigin) => Promise<OfferOutcome>;
  readonly offerRollout: (text: string, origin: ConfigurationOrigin) => Promise<OfferOutcome>;
}

interface ServedArms {
  readonly stable: ServedConfiguration;
  readonly candidate?: ServedConfiguration;
  readonly exposure?: Exposure;
}

/** The newest document of one kind, and what it was told as. */
interface Held<Document> {
  document?: Document;
  text?: string;
  /** Of the newest one, understood or not: older news opens nothing that newer news has closed. */
  stamp?: DocumentStamp;
  /** Of the newest one, when it is not understood. */
  problem?: string;
}

export function createConfigurationHolder(options: {
  readonly expected: ExpectedAgent;
  readonly makeHttpTool: MakeHttpTool;
  readonly logger: Logger;
  readonly metrics: AgentRuntimeMetrics;
}): ConfigurationHolder {
  const { expected, makeHttpTool, logger, metrics } = options;
  const agentHeld: Held<AgentConfiguration> = {};
  const rolloutHeld: Held<RolloutDocument> = {};
  let served: ServedArms | undefined;
  let previousOffer: Promise<unknown> = Promise.resolve();

  async function prepare(
    agent: AgentConfiguration | undefined,
    rollout: RolloutDocument | undefined,
  ): Promise<{ readonly arms: ServedArms } | { readonly problem: string } | undefined> {
    if (agent === undefined) return undefined;
    const versions = versionsOf(agent, rollout);
    if (versions === undefined) return undefined;
    const stable = await prepareConfiguration(effective(agent, versions.stable, 'stable'), makeHttpTool);
    if (!stable.ok) return { problem: stable.problem };
    const { candidate, exposure } = versions;
    if (candidate === undefined) {
      metrics.candidateRefused(false);
      return { arms: { stable: stable.served } };
    }
    const prepared = await prepareConfiguration(effective(agent, candidate, 'candidate'), makeHttpTool);
    // The candidate is judged by those that can serve it; this pod stays on stable, and counts as that.
    if (!prepared.ok)
      logger.error({ problem: prepared.problem }, 'the candidate of the rollout is not served');
    metrics.candidateRefused(!prepared.ok);
    return {
      arms: {
        stable: stable.served,
        ...(prepared.ok && exposure !== undefined && { candidate: prepared.served, exposure }),
      },
    };
  }

  async function take<Document>(
    text: string,
    origin: ConfigurationOrigin,
    held: Held<Document>,
    read: ReadDocument<Document>,
    prepared: (document: Document) => ReturnType<typeof prepare>,
  ): Promise<OfferOutcome> {
    if (text === held.text) return 'unchanged';
    if (read.kind === 'refused') {
      logger.error({ origin, problem: read.problem }, 'a configuration was refused, the previous one stays');
      return 'refused';
    }
    const { stamp } = read;
    if (held.stamp?.ownerUid === stamp.ownerUid && stamp.revision < held.stamp.revision) {
      logger.warn({ origin, revision: stamp.revision }, 'an older configuration was ignored');
      return 'stale';
    }
    if (read.kind === 'not-understood') {
      held.problem = read.problem;
      held.text = text;
      held.stamp = stamp;
      logger.error(
        { origin, problem: read.problem },
        'a configuration is not understood, so nothing is served',
      );
      return 'not_understood';
    }
    const { document } = read;
    const result = await prepared(document);
    if (result !== undefined && 'problem' in result) {
      logger.error(
        { origin, problem: result.problem },
        'a configuration was refused, the previous one stays',
      );
      return 'refused';
    }
    held.document = document;
    held.text = text;
    held.stamp = stamp;
    delete held.problem;
    if (result === undefined) return 'waiting';
    tell(result.arms, origin);
    served = result.arms;
    return 'accepted';
  }

  function tell({ stable, candidate, exposure }: ServedArms, origin: ConfigurationOrigin): void {
    const { agent, prompt, revision } = stable.configuration;
    logger.info(
      {
        origin,
        generation: agent.generation,
        revision,
        promptVersion: prompt.version,
        promptDigest: prompt.digest,
        previousPromptVersion: served?.stable.configuration.prompt.version,
        ...(candidate !== undefined && {
          candidateVersion: candidate.configuration.prompt.version,
          exposedBasisPoints: exposure?.basisPoints,
        }),
      },
      'a configuration is served',
    );
    const missingTools = [...new Set([...stable.missingTools, ...(candidate?.missingTools ?? [])])];
    if (missingTools.length > 0) {
      logger.warn({ missingTools }, 'the prompt names tools that the agent does not have');
    }
  }

  async function offered(outcome: Promise<OfferOutcome>): Promise<OfferOutcome> {
    const known = await outcome;
    metrics.configurationOffered(known, [served?.stable, served?.candidate]);
    return known;
  }

  function inOrder(work: () => Promise<OfferOutcome>): Promise<OfferOutcome> {
    const offer = previousOffer.then(async () => offered(work()));
    previousOffer = offer.catch(() => undefined);
    return offer;
  }

  /** What a rollout says is of no interest to an agent that has a prompt of its own. */
  function notUnderstood(): string | undefined {
    const isPinned = agentHeld.document?.prompt !== undefined;
    return agentHeld.problem ?? (isPinned ? undefined : rolloutHeld.problem);
  }

  return {
    current: (session) => {
      if (served === undefined || notUnderstood() !== undefined) return undefined;
      const { stable, candidate, exposure } = served;
      const who = { agentUid: stable.configuration.agent.uid, session: session ?? '' };
      const isOfNoSession = session === undefined && exposure?.unit === 'Session';
      return candidate !== undefined && !isOfNoSession && chooseArm(exposure, who) === 'candidate'
        ? candidate
        : stable;
    },
    notUnderstood,
    offer: (text, origin) =>
      inOrder(async () =>
        take(text, origin, agentHeld, readAgentConfiguration(text, expected), async (document) =>
          prepare(document, rolloutHeld.document),
        ),
      ),
    offerRollout: (text, origin) =>
      inOrder(async () =>
        take(text, origin, rolloutHeld, readRolloutDocument(text, expected), async (document) =>
          prepare(agentHeld.document, document),
        ),
      ),
  };
}

/** A prompt in the configuration itself goes before the rollout's. Undefined: what is to be served is not told yet. */
function versionsOf(
  { prompt, rollout: followed }: AgentConfiguration,
  rollout: RolloutDocument | undefined,
):
  | { readonly stable: PromptOfAgent; readonly candidate?: PromptOfAgent; readonly exposure?: Exposure }
  | undefined {
  if (prompt !== undefined) return { stable: prompt };
  if (rollout === undefined || rollout.rollout.name !== followed) return undefined;
  const promptOf = ({ version, digest, text }: ServedVersion): PromptOfAgent => ({
    name: rollout.prompt,
    version,
    digest,
    text,
  });
  return {
    stable: promptOf(rollout.stable),
    ...(rollout.candidate !== undefined && { candidate: promptOf(rollout.candidate) }),
    ...(rollout.exposure !== undefined && { exposure: rollout.exposure }),
  };
}

function effective(
  configuration: AgentConfiguration,
  prompt: PromptOfAgent,
  arm: RolloutArm,
): EffectiveConfiguration {
  return { ...configuration, prompt, arm };
}
