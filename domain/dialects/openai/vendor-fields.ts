/**
 * Fields of a request for which there is no neutral word, before OpenAI: what is billed at rates that the token price of a
 * Model does not tell, and what only other servers of the format know, which OpenAI refuses as unknown.
 */
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { ModelAbilities } from './model-abilities.ts';
import type { WireObject } from './wire-values.ts';

/** Of vLLM, SGLang, llama.cpp, Ollama, TGI and the gateways. */
const OF_OTHER_SERVERS = new Set([
  'add_generation_prompt',
  'add_special_tokens',
  'best_of',
  'cache_prompt',
  'chat_template',
  'chat_template_kwargs',
  'continue_final_message',
  'documents',
  'echo',
  'enable_thinking',
  'ebnf',
  'extra_body',
  'format',
  'grammar',
  'guided_choice',
  'guided_decoding_backend',
  'guided_grammar',
  'guided_json',
  'guided_regex',
  'ignore_eos',
  'include_reasoning',
  'include_stop_str_in_output',
  'json_schema',
  'keep_alive',
  'length_penalty',
  'min_p',
  'min_tokens',
  'mirostat',
  'mirostat_eta',
  'mirostat_tau',
  'mm_processor_kwargs',
  'n_predict',
  'no_stop_trim',
  'num_ctx',
  'options',
  'plugins',
  'prompt_logprobs',
  'prompt_mode',
  'provider',
  'random_seed',
  'reasoning',
  'regex',
  'repeat_last_n',
  'repeat_penalty',
  'repetition_penalty',
  'route',
  'safe_prompt',
  'samplers',
  'search_parameters',
  'separate_reasoning',
  'skip_special_tokens',
  'spaces_between_special_tokens',
  'stop_token_ids',
  'structured_outputs',
  'tfs_z',
  'think',
  'thinking',
  'thinking_budget',
  'top_a',
  'transforms',
  'typical_p',
  'use_beam_search',
]);
const MULTIPLIERS = new Set([
  'repetition_penalty',
  'repeat_penalty',
  'length_penalty',
  'best_of',
  'typical_p',
  'tfs_z',
]);

const LOG_PROBABILITIES = ['logprobs', 'top_logprobs', 'logit_bias'];

/** What goes to OpenAI of the fields: without those that ask for nothing there, and that would be refused all the same. */
export function fieldsForOpenAi(fields: WireObject, abilities: ModelAbilities): WireObject {
  return Object.fromEntries(
    Object.entries(fields).filter(
      // OpenAI takes metadata with store only; it has no effect on the answer.
      ([field, value]) =>
        !OF_OTHER_SERVERS.has(field) &&
        (field !== 'metadata' || fields['store'] === true) &&
        !(LOG_PROBABILITIES.includes(field) && asksForNothing(field, value)) &&
        // Reasoning models refuse the guess that only makes an answer come sooner.
        !(field === 'prediction' && abilities.isReasoning) &&
        !(field === 'verbosity' && !abilities.takesVerbosity),
    ),
  );
}

/** One sentence on the first field that OpenAI cannot take, or undefined. */
export function problemOfFields(
  { extensions, messages }: ChatRequest,
  model: string,
  abilities: ModelAbilities,
): string | undefined {
  const fields = extensions?.dialect === 'openai' ? extensions.fields : {};
  const tier = fields['service_tier'];
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') {
    return 'service_tier other than "auto" or "default" changes the price of tokens: leave it out.';
  }
  if (fields['web_search_options'] !== undefined) {
    return 'web_search_options is billed apart from tokens: give the agent a search tool instead.';
  }
  const modalities = fields['modalities'];
  const wantsAudio = Array.isArray(modalities) && modalities.includes('audio');
  const sendsAudio = messages.some(
    ({ content }) =>
      Array.isArray(content) &&
      content.some((part) => part.kind === 'foreign' && part.type === 'input_audio'),
  );
  if (wantsAudio || sendsAudio) return 'Audio tokens have a price of their own: send text and images only.';
  const foreign = Object.keys(fields).find(
    (field) => OF_OTHER_SERVERS.has(field) && !asksForNothing(field, fields[field]),
  );
  if (foreign !== undefined) {
    return `OpenAI does not know the field ${foreign}: leave it out or use another model.`;
  }
  const asked = askedBeyond(fields, abilities);
  return asked === undefined ? undefined : `${model} takes no ${asked}: leave it out or use another model.`;
}

/** The first field with a value that the family of the model refuses. */
function askedBeyond(fields: WireObject, abilities: ModelAbilities): string | undefined {
  const verbosity = fields['verbosity'] ?? 'medium';
  if (verbosity !== 'medium' && !abilities.takesVerbosity) return 'verbosity';
  if (!abilities.isReasoning) return undefined;
  return LOG_PROBABILITIES.find(
    (field) => fields[field] !== undefined && !asksForNothing(field, fields[field]),
  );
}

function asksForNothing(field: string, value: unknown): boolean {
  if (MULTIPLIERS.has(field) && value === 1) return true;
  if (value === false || value === 0) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
