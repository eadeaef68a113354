/** Fields of a request in this format of which some values change nothing in the answer of another provider. */
import { ANY, type FieldsWithoutEffect } from '../fields-without-effect.ts';

export const GEMINI_FIELDS_WITHOUT_EFFECT: FieldsWithoutEffect = new Map(
  Object.entries<(value: unknown) => boolean>({ labels: ANY, store: ANY }),
);
