import type { Condition } from '#crds/conditions.ts';
import type { Model, ModelConditionClaim } from '#crds/model.ts';
import type { ModelProbe } from '#domain/routing/model-probe.ts';

/** A Model that was ready stays ready so long while the router cannot be asked: a restart of the router is no news. */
const ROUTER_GRACE_SECONDS = 300;
/** And so long while its endpoint fails: one probe that fails is no reason to take every agent's readiness away. */
const ENDPOINT_GRACE_SECONDS = 20;

type ReadyClaim = ModelConditionClaim & { readonly type: 'Ready' };

export function claimsOfProbe(model: Model, probe: ModelProbe, now: Date): readonly ModelConditionClaim[] {
  const claims = [
    resolvedRefsOf(model, probe),
    priceKnownOf(model, probe),
    reachableOf(probe),
    keyAcceptedOf(model, probe),
  ];
  return [...claims, readyInGrace(model, readyOf(claims, probe.message), now)];
}

/** A Model that was ready and whose endpoint began to fail a moment ago. */
function readyInGrace(model: Model, ready: ReadyClaim, now: Date): ReadyClaim {
  if (ready.reason !== 'NotReachable') return ready;
  const find = (type: string) => model.status?.conditions?.find((condition) => condition.type === type);
  const before = find('Ready');
  const reachable = find('Reachable');
  const failingSeconds =
    reachable?.status === 'False' ? (now.getTime() - Date.parse(reachable.lastTransitionTime)) / 1000 : 0;
  if (failingSeconds >= ENDPOINT_GRACE_SECONDS) return ready;
  const isOfThisSpec = before?.observedGeneration === model.metadata.generation;
  if (before?.status === 'True' && isOfThisSpec) {
    const message = `The model was usable a moment ago. ${ready.message} It is tried again by itself.`;
    return { type: 'Ready', status: 'True', reason: 'Ready', message };
  }
  // Ready before the spec was edited: of the new spec nothing good is known, and nothing bad for sure.
  const isInGrace = before?.status === 'Unknown' && before.reason === 'NotReachable';
  return before?.status === 'True' || isInGrace ? { ...ready, status: 'Unknown' } : ready;
}

/** What can be said while the router does not answer: what was known stays, as far as it was about this spec. */
export function claimsWithoutProbe(model: Model, message: string, now: Date): readonly ModelConditionClaim[] {
  const known = (model.status?.conditions ?? []).filter(
    (condition) => condition.observedGeneration === model.metadata.generation,
  );
  const notProbed = `Not probed: ${message}. It is tried again by itself.`;
  const keep = (type: ModelConditionClaim['type'], otherwise: ModelConditionClaim): ModelConditionClaim => {
    const condition = known.find((one) => one.type === type);
    return condition === undefined ? otherwise : (claimOf(condition) as ModelConditionClaim);
  };
  const unknown = { status: 'Unknown', message: notProbed } as const;
  const reachable = known.find((condition) => condition.type === 'Reachable');
  const wasReady = known.find((condition) => condition.type === 'Ready')?.status === 'True';
  const unknownSinceSeconds =
    reachable?.status === 'Unknown' ? (now.getTime() - Date.parse(reachable.lastTransitionTime)) / 1000 : 0;
  const ready: ReadyClaim =
    wasReady && unknownSinceSeconds < ROUTER_GRACE_SECONDS
      ? {
          type: 'Ready',
          status: 'True',
          reason: 'Ready',
          message: `The model was usable when it was last probed. ${notProbed}`,
        }
      : { type: 'Ready', ...unknown, reason: 'NotProbed' };
  return [
    keep('ResolvedRefs', { type: 'ResolvedRefs', ...unknown, reason: 'Unknown' }),
    keep('PriceKnown', priceWithoutProbe(model, notProbed)),
    { type: 'Reachable', ...unknown, reason: 'NotProbed' },
    keep('KeyAccepted', { type: 'KeyAccepted', ...unknown, reason: 'NotProbed' }),
    ready,
  ];
}

function claimOf({ type, status, reason, message }: Condition): object {
  return { type, status, reason, message };
}

function resolvedRefsOf(model: Model, { secret, message }: ModelProbe): ModelConditionClaim {
  const type = 'ResolvedRefs';
  const reference = model.spec.keyFrom?.secretRef;
  const name = `${model.metadata.namespace}/${reference?.name ?? ''}`;
  const claims: Readonly<Record<ModelProbe['secret'], ModelConditionClaim>> = {
    resolved: { type, status: 'True', reason: 'Resolved', message: `Secret ${name} holds the key.` },
    notNeeded: { type, status: 'True', reason: 'NoKeyNeeded', message: 'The endpoint needs no key.' },
    notFound: {
      type,
      status: 'False',
      reason: 'SecretNotFound',
      message: `Secret ${name} does not exist: create it, or correct spec.keyFrom.secretRef.name.`,
    },
    keyMissing: {
      type,
      status: 'False',
      reason: 'SecretKeyMissing',
      message: `Secret ${name} has no key "${reference?.key ?? 'key'}" with a value: add it, or correct spec.keyFrom.secretRef.key.`,
    },
    keyMalformed: {
      type,
      status: 'False',
      reason: 'SecretKeyMalformed',
      message: `${message} Write the provider's key, and nothing else, into "${reference?.key ?? 'key'}" of Secret ${name}.`,
    },
    notReadYet: { type, status: 'Unknown', reason: 'Unknown', message },
  };
  return claims[secret];
}

function priceKnownOf(model: Model, { price }: ModelProbe): ModelConditionClaim {
  const type = 'PriceKnown';
  const claims: Readonly<Record<ModelProbe['price'], ModelConditionClaim>> = {
    override: { type, status: 'True', reason: 'PriceOverride', message: 'The price is that of spec.price.' },
    table: {
      type,
      status: 'True',
      reason: 'PriceTable',
      message: 'The price is in the built-in price table.',
    },
    unknown: {
      type,
      status: 'False',
      reason: 'PriceUnknown',
      message: `The built-in price table does not know ${model.spec.provider} model ${model.spec.model}: set spec.price. An unknown price is never free.`,
    },
  };
  return claims[price];
}

function priceWithoutProbe(model: Model, notProbed: string): ModelConditionClaim {
  return model.spec.price === undefined
    ? { type: 'PriceKnown', status: 'Unknown', reason: 'PriceUnknown', message: notProbed }
    : {
        type: 'PriceKnown',
        status: 'True',
        reason: 'PriceOverride',
        message: 'The price is that of spec.price.',
      };
}

function reachableOf({ reachable, message: said }: ModelProbe): ModelConditionClaim {
  const type = 'Reachable';
  const message = withFullStop(said);
  const claims: Readonly<Record<ModelProbe['reachable'], ModelConditionClaim>> = {
    reachable: { type, status: 'True', reason: 'Reachable', message: 'The endpoint answers.' },
    connectionFailed: {
      type,
      status: 'False',
      reason: 'ConnectionFailed',
      message: `${message} Correct spec.endpoint, or let the router through to it.`,
    },
    certificateNotTrusted: { type, status: 'False', reason: 'CertificateNotTrusted', message },
    serverError: { type, status: 'False', reason: 'ServerError', message },
    notProbed: { type, status: 'Unknown', reason: 'NotProbed', message },
  };
  return claims[reachable];
}

function keyAcceptedOf(model: Model, { key, message: said }: ModelProbe): ModelConditionClaim {
  const type = 'KeyAccepted';
  const message = withFullStop(said);
  const secret = `${model.metadata.namespace}/${model.spec.keyFrom?.secretRef.name ?? ''}`;
  const claims: Readonly<Record<ModelProbe['key'], ModelConditionClaim>> = {
    accepted: { type, status: 'True', reason: 'KeyAccepted', message: 'The provider takes the key.' },
    notNeeded: { type, status: 'True', reason: 'NoKeyNeeded', message: 'The endpoint needs no key.' },
    refused: {
      type,
      status: 'False',
      reason: 'KeyRefused',
      message:
        model.spec.keyFrom === undefined
          ? `${message} The endpoint needs a key: set spec.keyFrom.secretRef.`
          : `${message} Put a valid key into Secret ${secret}; it is used within seconds.`,
    },
    notProbed: { type, status: 'Unknown', reason: 'NotProbed', message },
  };
  return claims[key];
}

/** In the order in which a person would mend them. */
const READY_CHECKS = [
  { type: 'ResolvedRefs', reason: 'RefsNotResolved' },
  { type: 'PriceKnown', reason: 'PriceUnknown' },
  { type: 'Reachable', reason: 'NotReachable' },
  { type: 'KeyAccepted', reason: 'KeyRefused' },
] as const;

function readyOf(claims: readonly ModelConditionClaim[], message: string): ReadyClaim {
  for (const { type, reason } of READY_CHECKS) {
    const claim = claims.find((one) => one.type === type);
    if (claim?.status === 'False') return { type: 'Ready', status: 'False', reason, message: claim.message };
  }
  const unknown = claims.filter((claim) => claim.status === 'Unknown').map(({ type }) => type);
  // Many endpoints have no list of models to try a key on, and some limit how often it is asked for. The router uses
  // them all the same; to wait for more would keep their agents from ever starting.
  if (unknown.length === 1 && unknown[0] === 'KeyAccepted') {
    const sentence =
      'The router can use the model; whether the provider takes the key is seen at the first request.';
    return { type: 'Ready', status: 'True', reason: 'Ready', message: sentence };
  }
  if (unknown.length > 0) {
    return { type: 'Ready', status: 'Unknown', reason: 'NotProbed', message: withFullStop(message) };
  }
  return { type: 'Ready', status: 'True', reason: 'Ready', message: 'The router can use the model.' };
}

function withFullStop(sentence: string): string {
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}
