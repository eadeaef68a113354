/** From Agent and Model objects, as the API server holds them, to what the router decides with. */
import { hash } from 'node:crypto';
import { AgentSpec } from '#crds/agent.ts';
import { ModelSpec } from '#crds/model.ts';
import { dialectOf } from '#domain/model-providers/dialects.ts';
import { priceOfModel } from '#domain/pricing/price-request.ts';
import {
  DEFAULT_DATA_CLASS,
  DEFAULT_MODEL_DATA_CLASSES,
  type AttemptTimeouts,
  type ModelKey,
  type RoutableAgent,
  type RoutableModel,
} from '#domain/routing/routable-model.ts';

/** What was read of a Secret; values are base64, as the API server gives them. */
export type SecretReading =
  | { readonly state: 'notReadYet' }
  | { readonly state: 'absent' }
  | { readonly state: 'present'; readonly data: Readonly<Record<string, string>> };

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** Only the model policy is looked at: an Agent whose other fields are of a newer version is still served. */
const AgentModelPolicy = AgentSpec.pick({ modelPolicy: true }).strip();

/** Throws a ZodError when the object is not what its kind says. */
export function parseAgent({ namespace, name }: ObjectName, spec: unknown): RoutableAgent {
  const { modelPolicy } = AgentModelPolicy.parse(spec);
  return {
    namespace,
    name,
    allow: modelPolicy.allow.map((entry) => ({ model: entry.name, weight: entry.weight ?? 1 })),
    dataClass: modelPolicy.dataClass ?? DEFAULT_DATA_CLASS,
  };
}

/** Throws a ZodError when the object is not what its kind says. */
export function parseModelSpec(spec: unknown): ModelSpec {
  return ModelSpec.strip().parse(spec);
}

export function resolveModel(
  { namespace, name }: ObjectName,
  spec: ModelSpec,
  secret: SecretReading,
  at: Date,
): RoutableModel {
  const endpoint = (spec.endpoint ?? dialectOf(spec.provider).defaultEndpoint ?? '').replace(/\/+$/, '');
  const price = priceOfModel(
    {
      provider: spec.provider,
      model: spec.model,
      ...(spec.price === undefined ? {} : { price: spec.price }),
    },
    at,
  );
  return {
    id: `${namespace}/${name}`,
    namespace,
    name,
    provider: spec.provider,
    endpoint,
    providerModel: spec.model,
    capabilities: new Set(spec.capabilities),
    ...(spec.contextTokens === undefined ? {} : { contextTokens: spec.contextTokens }),
    dataClasses: new Set(spec.dataClasses ?? DEFAULT_MODEL_DATA_CLASSES),
    ...(price === undefined ? {} : { price }),
    key: resolveKey(spec, secret),
    timeouts: resolveTimeouts(spec.timeouts ?? {}),
  };
}

function resolveKey(spec: ModelSpec, secret: SecretReading): ModelKey {
  if (spec.keyFrom === undefined) return { state: 'notNeeded' };
  const { name, key = 'key' } = spec.keyFrom.secretRef;
  if (secret.state === 'notReadYet') {
    return { state: 'notReadYet', problem: `waits for the first reading of its Secret ${name}` };
  }
  if (secret.state === 'absent') {
    return { state: 'notFound', problem: `needs the Secret ${name}, which does not exist in its namespace` };
  }
  // Keys that were written with an editor or with echo end in a line feed.
  const value = Buffer.from(secret.data[key] ?? '', 'base64')
    .toString('utf8')
    .trim();
  if (value === '') return { state: 'keyMissing', problem: `needs the key "${key}" in its Secret ${name}` };
  if (/^[\x21-\x7e]+$/.test(value)) return { state: 'resolved', value, digest: hash('sha256', value) };
  const problem = `has a key in Secret ${name} with a space or a character that HTTP headers cannot carry`;
  return { state: 'keyMissing', problem };
}

function resolveTimeouts(timeouts: NonNullable<ModelSpec['timeouts']>): AttemptTimeouts {
  return {
    connectMilliseconds: (timeouts.connectSeconds ?? 5) * 1000,
    firstByteMilliseconds: (timeouts.firstByteSeconds ?? 60) * 1000,
    idleMilliseconds: (timeouts.idleSeconds ?? 30) * 1000,
    totalMilliseconds: (timeouts.totalSeconds ?? 300) * 1000,
  };
}
