/** From Agent and Model objects, as the API server holds them, to what the router decides with. */
import { hash } from 'node:crypto';
import { AgentSpec } from '#crds/agent.ts';
import { ModelSpec } from '#crds/model.ts';
import { providerDialectOf } from '#domain/dialects/dialects.ts';
import { priceOfModel } from '#domain/pricing/price-request.ts';
import {
  DEFAULT_DATA_CLASS,
  DEFAULT_MODEL_DATA_CLASSES,
  type AttemptTimeouts,
  type ModelKey,
  type RoutableAgent,
  type RoutableModel,
} from '#domain/routing/routable-model.ts';
import type { KeyReading } from './key-source.ts';

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

/** `key` is undefined where the Model needs none. */
export function resolveModel(
  { namespace, name }: ObjectName,
  spec: ModelSpec,
  key: KeyReading | undefined,
  at: Date,
): RoutableModel {
  const endpoint = (spec.endpoint ?? providerDialectOf(spec.provider).defaultEndpoint ?? '').replace(
    /\/+$/,
    '',
  );
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
    key: resolveKey(key),
    timeouts: resolveTimeouts(spec.timeouts ?? {}),
  };
}

function resolveKey(reading: KeyReading | undefined): ModelKey {
  if (reading === undefined) return { state: 'notNeeded' };
  if (reading.state !== 'read') return reading;
  const { value, source, version } = reading;
  return { state: 'resolved', value, digest: hash('sha256', value), source, version };
}

function resolveTimeouts(timeouts: NonNullable<ModelSpec['timeouts']>): AttemptTimeouts {
  return {
    connectMilliseconds: (timeouts.connectSeconds ?? 5) * 1000,
    firstByteMilliseconds: (timeouts.firstByteSeconds ?? 60) * 1000,
    idleMilliseconds: (timeouts.idleSeconds ?? 30) * 1000,
    totalMilliseconds: (timeouts.totalSeconds ?? 300) * 1000,
  };
}
