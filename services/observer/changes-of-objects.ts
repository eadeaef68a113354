/**
 * What was changed in the fleet and no record of the ledger tells: an edit of an Agent or a Model. Kept are the aspects of each object
 * that matter to what it costs and answers, so that an edit is also seen that was made while nobody looked.
 */
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { AgentSpec } from '#crds/agent.ts';
import type { ModelSpec } from '#crds/model.ts';
import { CHANGE_KINDS } from '#domain/observation/agent-history.ts';
import type { KnownChange } from '#domain/watching/fleet-knowledge.ts';

const CHANGES_OF_ONE = 100;

interface Aspect {
  readonly kind: KnownChange['kind'];
  /** What a change of it is called. */
  readonly sentence: string;
  readonly value: unknown;
}

/** By a name that never changes: it is kept in files. */
type Aspects = Readonly<Record<string, Aspect>>;

export function aspectsOfAgent(spec: AgentSpec): Aspects {
  const { promptRef, modelPolicy, tools, limits, output, image } = spec;
  return {
    prompt: { kind: 'prompt', sentence: 'Which prompt it follows was changed.', value: promptRef },
    models: { kind: 'model', sentence: 'Which Models it may use was changed.', value: modelPolicy },
    tools: { kind: 'tools', sentence: 'Its tools were changed.', value: tools ?? [] },
    limits: { kind: 'agent', sentence: 'The limits of its runs were changed.', value: limits ?? {} },
    output: { kind: 'agent', sentence: 'The schema of its answers was changed.', value: output ?? {} },
    image: { kind: 'agent', sentence: 'Its image was changed.', value: image ?? '' },
  };
}

export function aspectsOfModel(name: string, spec: ModelSpec): Aspects {
  const { provider, model, endpoint, price } = spec;
  return {
    model: {
      kind: 'model',
      sentence: `The Model ${name} now stands for ${model} at ${provider}.`,
      value: [provider, model],
    },
    endpoint: {
      kind: 'model',
      sentence: `The endpoint of the Model ${name} was changed.`,
      value: endpoint ?? '',
    },
    price: { kind: 'price', sentence: `The price of the Model ${name} was changed.`, value: price ?? {} },
  };
}

/** As it stands in a file. */
export const RememberedObjects = z.array(
  z.object({
    key: z.string().max(512),
    uid: z.string().max(64),
    digests: z.record(z.string().max(64), z.string().max(64)),
    changes: z
      .array(
        z.object({
          atMicroseconds: z.number(),
          kind: z.enum(CHANGE_KINDS),
          sentence: z.string().max(1_024),
        }),
      )
      .max(CHANGES_OF_ONE),
  }),
);
export type RememberedObjects = z.infer<typeof RememberedObjects>;

interface Remembered {
  readonly uid: string;
  readonly digests: Readonly<Record<string, string>>;
  readonly changes: readonly KnownChange[];
}

export class ChangesOfObjects {
  readonly #objects: Map<string, Remembered>;

  constructor(remembered: RememberedObjects = []) {
    this.#objects = new Map(remembered.map(({ key, ...object }) => [key, object]));
  }

  /** `key` is that of one object among all kinds. */
  see(key: string, uid: string, aspects: Aspects, atMicroseconds: number): void {
    const digests = Object.fromEntries(
      Object.entries(aspects).map(([name, { value }]) => [name, digestOf(value)]),
    );
    const before = this.#objects.get(key);
    // Another object under the name of one that is gone: nothing was changed.
    if (before?.uid !== uid) {
      this.#objects.set(key, { uid, digests, changes: [] });
      return;
    }
    const changed = Object.entries(aspects)
      .filter(([name]) => before.digests[name] !== undefined && before.digests[name] !== digests[name])
      .map(([, { kind, sentence }]) => ({ atMicroseconds, kind, sentence: sentence.slice(0, 1_024) }));
    this.#objects.set(key, { uid, digests, changes: [...before.changes, ...changed].slice(-CHANGES_OF_ONE) });
  }

  forget(key: string): void {
    this.#objects.delete(key);
  }

  /** Oldest first. */
  of(key: string): readonly KnownChange[] {
    return this.#objects.get(key)?.changes ?? [];
  }

  toSnapshot(): RememberedObjects {
    return [...this.#objects].map(([key, { uid, digests, changes }]) => ({
      key,
      uid,
      digests: { ...digests },
      changes: [...changes],
    }));
  }
}

function digestOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value)).slice(0, 32);
}
