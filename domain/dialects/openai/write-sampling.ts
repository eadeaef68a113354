/** Temperature and its kin, where the model takes them. */
import type { ChatRequest, Sampling } from '#domain/chat/chat-request.ts';
import type { Written } from '../dialect.ts';
import type { ModelAbilities } from './model-abilities.ts';
import type { OpenAiFlavour } from './flavour.ts';

const MOST_STOP_SEQUENCES = 4;

export function writeSampling(
  { sampling, reasoningEffort }: ChatRequest,
  model: string,
  flavour: OpenAiFlavour,
  abilities: ModelAbilities,
): Written<object> {
  const stops = [...new Set(sampling.stopSequences ?? [])].filter((stop) => stop !== '');
  if (stops.length > MOST_STOP_SEQUENCES && flavour === 'OpenAI') {
    return refuse(`OpenAI takes ${MOST_STOP_SEQUENCES} stop sequences at most, not ${stops.length}.`);
  }
  if (abilities.isReasoning && stops.length > 0) {
    return refuse(`${model} takes no stop sequences: leave them out or use another model.`);
  }
  const samples = !abilities.isReasoning || (abilities.samplesWithoutReasoning && reasoningEffort === 'none');
  const asked = samples ? undefined : fieldThatAsks(sampling);
  if (asked !== undefined) {
    return refuse(`${model} takes no ${asked}: leave it out or use another model.`);
  }
  return {
    ok: true,
    value: {
      ...(samples && randomness(sampling)),
      // OpenAI has no top_k. It only cuts the tail of what temperature and top_p leave, so the answer is one of the same kind.
      ...(flavour !== 'OpenAI' && sampling.topK !== undefined && { top_k: sampling.topK }),
      ...(sampling.seed !== undefined && { seed: sampling.seed }),
      ...(stops.length > 0 && { stop: stops }),
    },
  };
}

function randomness({ temperature, topP, presencePenalty, frequencyPenalty }: Sampling): object {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(presencePenalty !== undefined && { presence_penalty: presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequency_penalty: frequencyPenalty }),
  };
}

/** The first field that asks for more than what the provider does anyway. */
function fieldThatAsks({
  temperature,
  topP,
  presencePenalty,
  frequencyPenalty,
}: Sampling): string | undefined {
  if ((temperature ?? 1) !== 1) return 'temperature';
  if ((topP ?? 1) !== 1) return 'top_p';
  if ((presencePenalty ?? 0) !== 0) return 'presence_penalty';
  return (frequencyPenalty ?? 0) === 0 ? undefined : 'frequency_penalty';
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
