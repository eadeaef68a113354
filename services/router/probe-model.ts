/**
 * Finds out what the operator wants to know of a Model: does its endpoint answer, is its key taken, is its price known?
 * One real request with short limits, remembered for a few seconds, so that a busy operator costs a provider nothing.
 */
import { askProvider } from '#adapters/model-providers/ask-provider.ts';
import { Cancellation } from '#adapters/model-providers/cancellation.ts';
import type { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import { providerDialectOf } from '#domain/dialects/dialects.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { ModelProbe } from '#domain/routing/model-probe.ts';
import type { ModelKey, RoutableModel } from '#domain/routing/routable-model.ts';
import { providerTarget } from './call-model.ts';

export interface ModelProber {
  readonly probe: (model: RoutableModel) => Promise<ModelProbe>;
}

export interface ModelProberOptions {
  readonly connections: ProviderConnections;
  readonly now: () => number;
  readonly rereadKey: (model: RoutableModel) => Promise<RoutableModel | undefined>;
}

const REMEMBERED_MILLISECONDS = 5_000;
const LARGEST_MODEL_LIST_BYTES = 4 * 1024 * 1024;
const LIMITS = {
  connectMilliseconds: 3_000,
  idleMilliseconds: 5_000,
  totalMilliseconds: 8_000,
  deadlineMilliseconds: 8_000,
} as const;

interface Remembered {
  /** The same key digest, endpoint and price as now. */
  readonly identity: string;
  readonly at: number;
  readonly probe: Promise<ModelProbe>;
}

export function createModelProber(options: ModelProberOptions): ModelProber {
  const remembered = new Map<string, Remembered>();
  return {
    probe: (model) => {
      const now = options.now();
      const identity = identityOf(model);
      const known = remembered.get(model.id);
      if (known?.identity === identity && now - known.at < REMEMBERED_MILLISECONDS) return known.probe;
      for (const [id, { at }] of remembered) if (now - at >= REMEMBERED_MILLISECONDS) remembered.delete(id);
      const probe = probeNow(model, options);
      remembered.set(model.id, { identity, at: now, probe });
      return probe;
    },
  };
}

function identityOf({ endpoint, providerModel, key, price }: RoutableModel): string {
  return `${endpoint} ${providerModel} ${key.state} ${key.state === 'resolved' ? key.digest : ''} ${price?.source}`;
}

async function probeNow(asked: RoutableModel, options: ModelProberOptions): Promise<ModelProbe> {
  const model = asked.key.state === 'notReadYet' ? ((await options.rereadKey(asked)) ?? asked) : asked;
  const { key } = model;
  const price = model.price?.source ?? 'unknown';
  if (key.state !== 'resolved' && key.state !== 'notNeeded') {
    return {
      secret: key.state,
      price,
      reachable: 'notProbed',
      key: 'notProbed',
      message: `The Model ${key.problem}.`,
    };
  }
  const request = providerDialectOf(model.provider).writeProbeRequest(providerTarget(model));
  const asking = await askProvider(options.connections, request, {
    limits: LIMITS,
    cancellation: new Cancellation(),
    largestAnswerBytes: LARGEST_MODEL_LIST_BYTES,
  });
  const found = asking.ok
    ? readAnswer(model, asking.answer.status, asking.answer.headers, asking.answer.body)
    : withoutAnswer(asking.failure);
  return { secret: key.state, price, ...found, ...keyOf(key, found.key) };
}

/** Where no key is needed there is none to be taken, whatever the endpoint said. */
function keyOf(key: ModelKey, found: ModelProbe['key']): Pick<ModelProbe, 'key'> {
  return { key: key.state === 'notNeeded' && found !== 'refused' ? 'notNeeded' : found };
}

/** What is no answer. Somebody was there all the same, unless there was no connection to begin with. */
function withoutAnswer({ code, message, certificateRemedy }: AttemptFailure): Found {
  const key = 'notProbed';
  if (certificateRemedy !== undefined) {
    return { reachable: 'certificateNotTrusted', key, message: `${message}. ${certificateRemedy}` };
  }
  if (code === 'unreachable') return { reachable: 'connectionFailed', key, message: `${message}.` };
  const advice = 'Is its server well, and is spec.endpoint that of the API?';
  return { reachable: 'serverError', key, message: `${message}. ${advice}` };
}

type Found = Pick<ModelProbe, 'reachable' | 'key' | 'message'>;

function readAnswer(
  model: RoutableModel,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): Found {
  if (status < 300 && (headers['content-type'] ?? '').includes('html')) {
    // A server may have no list of models and a page for every path; of the key it says nothing.
    return { reachable: 'reachable', key: 'notProbed', message: 'The endpoint answers with a web page.' };
  }
  if (status < 300) {
    return { reachable: 'reachable', key: 'accepted', message: 'The endpoint answers and takes the key.' };
  }
  if (status < 400) {
    const message =
      'The endpoint answers with a redirect, which is never followed: set spec.endpoint to where it points.';
    return { reachable: 'serverError', key: 'notProbed', message };
  }
  const failure = providerDialectOf(model.provider).readFailure(status, headers, body);
  const message = `The endpoint answers with status ${status}: ${failure.message}`;
  if (failure.code === 'key_refused') return { reachable: 'reachable', key: 'refused', message };
  if (status >= 500) return { reachable: 'serverError', key: 'notProbed', message };
  // These providers do have a list: where it is not, their chat is not either.
  if (status === 404 && model.provider !== 'OpenAICompatible') {
    const advice = `Is spec.endpoint that of ${model.provider}, up to and including the version?`;
    return {
      reachable: 'serverError',
      key: 'notProbed',
      message: `${message.replace(/\.$/, '')}. ${advice}`,
    };
  }
  // Many servers of their own have no list of models; that they say so shows that they are there.
  return { reachable: 'reachable', key: 'notProbed', message };
}
