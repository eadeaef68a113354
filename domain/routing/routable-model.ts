/** What the router knows of Models and Agents when it decides: parsed, resolved, ready to use. */
import type { Capability, DataClass, Provider } from '#crds/model.ts';
import type { TokenPrice } from '#domain/pricing/token-price.ts';

/**
 * `digest` identifies a key in memory without telling it; it never leaves the process. `source` and `version` say where the
 * key is from, and reveal nothing of it: `Secret/NAME` and its resourceVersion.
 */
export type ModelKey =
  | { readonly state: 'notNeeded' }
  | {
      readonly state: 'resolved';
      readonly value: string;
      readonly digest: string;
      readonly source: string;
      readonly version: string;
    }
  | {
      readonly state: 'notFound' | 'keyMissing' | 'keyMalformed' | 'notReadYet';
      readonly problem: string;
    };

export interface AttemptTimeouts {
  readonly connectMilliseconds: number;
  /** From the start of the attempt to the first byte of the answer's body. */
  readonly firstByteMilliseconds: number;
  /** Longest silence after the first byte. */
  readonly idleMilliseconds: number;
  readonly totalMilliseconds: number;
}

export interface RoutableModel {
  /** `namespace/name` of the Model object. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly provider: Provider;
  /** Base URL without a trailing slash. */
  readonly endpoint: string;
  /** The provider's own name of the model. */
  readonly providerModel: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly contextTokens?: number;
  readonly dataClasses: ReadonlySet<DataClass>;
  readonly price?: { readonly source: 'override' | 'table'; readonly price: TokenPrice };
  readonly key: ModelKey;
  readonly timeouts: AttemptTimeouts;
}

export interface RoutableAgent {
  readonly namespace: string;
  readonly name: string;
  readonly allow: readonly { readonly model: string; readonly weight: number }[];
  readonly dataClass: DataClass;
}

export const DEFAULT_DATA_CLASS: DataClass = 'Internal';
export const DEFAULT_MODEL_DATA_CLASSES: readonly DataClass[] = ['Public', 'Internal'];
