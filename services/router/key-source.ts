/**
 * KeySource: where the keys of providers come from. Secrets are the first source; a vault is another implementation of
 * this and a branch in `spec.keyFrom`.
 */
import type { ModelSpec } from '#crds/model.ts';

export interface KeyReference {
  /** Of the Model. */
  readonly namespace: string;
  readonly keyFrom: NonNullable<ModelSpec['keyFrom']>;
}

/** `problem` is a clause that follows the Model's name: "needs the Secret x, which does not exist in its namespace". */
export type KeyReading =
  | {
      readonly state: 'read';
      readonly value: string;
      /** Where it was read, and which state of it: both may be told to anybody. */
      readonly source: string;
      readonly version: string;
    }
  | {
      readonly state: 'notReadYet' | 'notFound' | 'keyMissing' | 'keyMalformed';
      readonly problem: string;
    };

export interface KeySource {
  /** From now on exactly these keys are kept current. */
  watchOnly(references: readonly KeyReference[]): void;
  /** What is known now, without waiting. */
  read(reference: KeyReference): KeyReading;
  /** Asks the source now, for a key that was refused. Never rejects; many calls at once are one question. */
  reread(reference: KeyReference): Promise<void>;
  /** Whether every key has been read once. */
  synced(): boolean;
  close(): Promise<void>;
}

/** `onChange` is told when any key reads differently. */
export type CreateKeySource = (onChange: () => void) => KeySource;
