/** How Gemini is to generate: sampling, limits, thinking and the format of the answer. */
import type { ChatRequest, Sampling } from '#domain/chat/chat-request.ts';
import type { Written } from '../dialect.ts';
import { formatInWords } from '../schema-in-words.ts';
import { type GeminiAbilities, versionOf } from './gemini-models.ts';
import { beyondGemini, toGeminiSchema } from './output-schema.ts';

const MAXIMUM_STOP_SEQUENCES = 5;
const MAXIMUM_TEMPERATURE = 2;
const MAXIMUM_SEED = 2 ** 31 - 1;

export interface GenerationConfig {
  readonly config: object;
  /** What is asked for in words, because it cannot be configured. */
  readonly words?: string;
}

export function writeGenerationConfig(
  request: ChatRequest,
  model: string,
  abilities: GeminiAbilities,
): Written<GenerationConfig> {
  const problem = problemOfSampling(request.sampling, abilities);
  if (problem !== undefined) return refuse(problem);
  const thinking = writeThinking(request.reasoningEffort, model, abilities);
  if (!thinking.ok) return thinking;
  const format = writeFormat(request, abilities);
  if (!format.ok) return format;
  const own = request.extensions?.dialect === 'gemini' ? request.extensions.fields['generationConfig'] : {};
  const config = {
    ...(typeof own === 'object' && own),
    ...writeSampling(request.sampling),
    ...writeLimit(request, abilities),
    ...format.value.config,
    ...thinking.value,
  };
  return { ok: true, value: { ...format.value, config } };
}

function problemOfSampling(sampling: Sampling, abilities: GeminiAbilities): string | undefined {
  const { temperature = 0, presencePenalty = 0, frequencyPenalty = 0 } = sampling;
  if (temperature < 0 || temperature > MAXIMUM_TEMPERATURE) {
    return `Gemini takes a temperature between 0 and ${MAXIMUM_TEMPERATURE}, not ${temperature}.`;
  }
  if (stopsOf(sampling).length > MAXIMUM_STOP_SEQUENCES) {
    return `Gemini takes ${MAXIMUM_STOP_SEQUENCES} stop sequences at most: leave some out or use another model.`;
  }
  if (!abilities.takesPenalties && (presencePenalty !== 0 || frequencyPenalty !== 0)) {
    const penalty = presencePenalty === 0 ? 'frequency_penalty' : 'presence_penalty';
    return `This Gemini takes no ${penalty}: leave it out or use another model.`;
  }
  return undefined;
}

/** An empty sequence never stops anything. */
function stopsOf({ stopSequences = [] }: Sampling): readonly string[] {
  return [...new Set(stopSequences.filter((stop) => stop !== ''))];
}

function writeSampling(sampling: Sampling): object {
  const { temperature, topP, topK, seed, presencePenalty, frequencyPenalty } = sampling;
  const stopSequences = stopsOf(sampling);
  const isSeed = seed !== undefined && Number.isInteger(seed) && Math.abs(seed) <= MAXIMUM_SEED;
  return {
    ...given('temperature', temperature),
    ...given('topP', topP),
    ...(topK !== undefined && topK > 0 && { topK }),
    ...(stopSequences.length > 0 && { stopSequences }),
    // A seed is best effort everywhere: one that does not fit is as good as none.
    ...(isSeed && { seed }),
    ...(presencePenalty !== 0 && given('presencePenalty', presencePenalty)),
    ...(frequencyPenalty !== 0 && given('frequencyPenalty', frequencyPenalty)),
  };
}

function given(field: string, value: unknown): object {
  return value === undefined ? {} : { [field]: value };
}

/** A ceiling above the model's own means the same as that one. */
function writeLimit(
  { maximumOutputTokens: asked }: ChatRequest,
  { maximumOutputTokens: maximum = Infinity }: GeminiAbilities,
): object {
  return asked === undefined ? {} : { maxOutputTokens: Math.min(asked, maximum) };
}

/** As Google's own OpenAI layer translates them: levels since Gemini 3, budgets of tokens before. */
const THINKING = new Map<string, { readonly level: string; readonly budgetTokens: number }>(
  Object.entries({
    minimal: { level: 'MINIMAL', budgetTokens: 1024 },
    low: { level: 'LOW', budgetTokens: 1024 },
    medium: { level: 'MEDIUM', budgetTokens: 8192 },
    high: { level: 'HIGH', budgetTokens: 24_576 },
    xhigh: { level: 'HIGH', budgetTokens: 24_576 },
    max: { level: 'HIGH', budgetTokens: 24_576 },
  }),
);

function writeThinking(
  effort: string | undefined,
  model: string,
  { thinking }: GeminiAbilities,
): Written<object> {
  if (effort === undefined || (effort === 'none' && thinking === undefined)) return { ok: true, value: {} };
  const isPro = /gemini-[\w.-]*pro/.test(model);
  if (effort === 'none') {
    return thinking === 'budget' && !isPro
      ? { ok: true, value: { thinkingConfig: { thinkingBudget: 0 } } }
      : refuse(`${model} cannot go without thinking: the least reasoning effort is "minimal".`);
  }
  const wanted = THINKING.get(effort);
  if (wanted === undefined) {
    return refuse(`Gemini knows the reasoning efforts none, ${[...THINKING.keys()].join(', ')} only.`);
  }
  if (thinking === undefined) {
    return refuse(`${model} takes no reasoning effort: leave it out or use another model.`);
  }
  const thinkingConfig =
    thinking === 'budget'
      ? { thinkingBudget: wanted.budgetTokens }
      : { thinkingLevel: isPro ? levelOfPro(wanted.level, model) : wanted.level };
  return { ok: true, value: { thinkingConfig } };
}

/** The Pro models know no level below LOW, and the first of them only LOW and HIGH: the nearest that is not less. */
function levelOfPro(level: string, model: string): string {
  if (level === 'MINIMAL') return 'LOW';
  return level === 'MEDIUM' && versionOf(model) === 300 ? 'HIGH' : level;
}

/** Before Gemini 3 an answer in JSON beside tools is status 400: then it is asked for in words. */
function writeFormat(request: ChatRequest, abilities: GeminiAbilities): Written<GenerationConfig> {
  const { format, tools } = request;
  if (format === undefined) return { ok: true, value: { config: {} } };
  const isConfigurable = tools.length === 0 || abilities.formatsBesideTools;
  const mimeType = isConfigurable ? { responseMimeType: 'application/json' } : {};
  if (format.kind === 'jsonObject') {
    return {
      ok: true,
      value: { config: mimeType, ...(!isConfigurable && { words: formatInWords(format) }) },
    };
  }
  const beyond = isConfigurable ? beyondGemini(format.schema) : 'a schema while it may call tools';
  if (beyond === undefined) {
    // The older responseSchema is a dialect of OpenAPI; this one takes JSON Schema.
    return {
      ok: true,
      value: { config: { ...mimeType, responseJsonSchema: toGeminiSchema(format.schema) } },
    };
  }
  return format.isStrict === true
    ? refuse(`This Gemini cannot hold an answer to ${beyond}: leave "strict" out or use another model.`)
    : { ok: true, value: { config: mimeType, words: formatInWords(format) } };
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
