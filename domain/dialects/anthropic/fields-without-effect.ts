/** Fields of a request in this format of which some values change nothing in the answer of another provider. */
import { ANY, NOTHING, type FieldsWithoutEffect } from '../fields-without-effect.ts';

export const ANTHROPIC_FIELDS_WITHOUT_EFFECT: FieldsWithoutEffect = new Map(
  Object.entries<(value: unknown) => boolean>({
    cache_control: ANY,
    service_tier: (value) => value === 'auto' || value === 'standard_only',
    // How much is thought is left to the model, as elsewhere.
    thinking: (value) =>
      typeof value === 'object' && value !== null && 'type' in value && value.type === 'adaptive',
    eager_input_streaming: ANY,
    defer_loading: NOTHING,
  }),
);
