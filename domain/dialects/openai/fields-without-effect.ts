/** Fields of a request in this format of which some values change nothing in the answer of another provider. */
import { ANY, NOTHING, type FieldsWithoutEffect } from '../fields-without-effect.ts';

export const OPENAI_FIELDS_WITHOUT_EFFECT: FieldsWithoutEffect = new Map(
  Object.entries<(value: unknown) => boolean>({
    // About storage, routing and transport: the answer is the same without them.
    safety_identifier: ANY,
    metadata: ANY,
    store: ANY,
    prompt_cache_key: ANY,
    prompt_cache_retention: ANY,
    prompt_cache_options: ANY,
    stream_options: ANY,
    cache_control: ANY,
    // A guess at the answer that makes it come sooner.
    prediction: ANY,
    // Values that say what a provider does anyway.
    verbosity: (value) => value === 'medium',
    logprobs: NOTHING,
    top_logprobs: NOTHING,
    logit_bias: NOTHING,
    service_tier: (value) => value === 'auto' || value === 'default',
    modalities: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
    min_p: NOTHING,
    repetition_penalty: (value) => value === 1,
    chat_template_kwargs: NOTHING,
  }),
);
