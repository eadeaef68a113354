/** Temperature and its kin, each where the family of the model takes it. */
import type { Sampling } from '#domain/chat/chat-request.ts';
import type { Written } from '../dialect.ts';
import type { ClaudeAbilities } from './claude-models.ts';

export function writeSampling(
  sampling: Sampling,
  model: string,
  abilities: ClaudeAbilities,
): Written<object> {
  const problem = problemOfSampling(sampling);
  if (problem !== undefined) return refuse(problem);
  const stops = writeStops(sampling.stopSequences);
  if (!stops.ok) return stops;
  const topK = sampling.topK !== undefined && sampling.topK > 0 ? { top_k: sampling.topK } : {};
  if (abilities.samplingParameters === 'none') {
    // 1 is the default of both, and no top_k is that of 0 and below: where they may not be said, they need not be.
    return saysMore(sampling.temperature) || saysMore(sampling.topP) || 'top_k' in topK
      ? refuse(`${model} takes no temperature, no top_p and no top_k: leave them out or use another model.`)
      : stops;
  }
  return { ok: true, value: { ...writeRandomness(sampling, abilities), ...topK, ...stops.value } };
}

/**
 * Of temperature and top_p, a model that takes one only gets the one that differs from the default of 1. Where both do, it
 * is the temperature: Anthropic advises to change that alone, and it steers the more.
 */
function writeRandomness({ temperature, topP }: Sampling, abilities: ClaudeAbilities): object {
  const isBoth = temperature !== undefined && topP !== undefined;
  const isEither = isBoth && abilities.samplingParameters === 'one';
  const isTopPMeant = saysMore(topP) && !saysMore(temperature);
  return {
    ...(temperature !== undefined && !(isEither && isTopPMeant) && { temperature }),
    ...(topP !== undefined && !(isEither && !isTopPMeant) && { top_p: topP }),
  };
}

function saysMore(value: number | undefined): boolean {
  return value !== undefined && value !== 1;
}

function problemOfSampling({
  temperature = 0,
  presencePenalty = 0,
  frequencyPenalty = 0,
}: Sampling): string | undefined {
  // Half of what OpenAI takes: to scale it down would be another temperature.
  if (temperature > 1 || temperature < 0) {
    return `Anthropic takes a temperature between 0 and 1, not ${temperature}.`;
  }
  if (presencePenalty !== 0 || frequencyPenalty !== 0) {
    const penalty = presencePenalty === 0 ? 'frequency_penalty' : 'presence_penalty';
    return `Anthropic has no ${penalty}: leave it out or use another model.`;
  }
  return undefined;
}

/**
 * An empty sequence never stops anything. One of white space does, but Anthropic refuses it, and an answer that runs on
 * behind it would be another one.
 */
function writeStops(stops: readonly string[] | undefined): Written<object> {
  const meant = (stops ?? []).filter((stop) => stop !== '');
  if (meant.some((stop) => stop.trim() === '')) {
    return refuse('Anthropic takes no stop sequence of white space only: leave it out or use another model.');
  }
  return { ok: true, value: meant.length > 0 ? { stop_sequences: [...new Set(meant)] } : {} };
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
