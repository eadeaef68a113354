/**
 * A chat model run by llama.cpp. Stateless to the outside: every request carries its whole conversation. Inside, each
 * place of the context remembers the tokens it has seen, and a request gets the free place that shares the longest
 * beginning with it, so that an agent's instructions and examples are read once, not for every request.
 */
import {
  type ChatHistoryItem,
  JinjaTemplateChatWrapper,
  type Llama,
  type LlamaContextSequence,
  LlamaGrammarEvaluationState,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import { type JsonGrammars, createJsonGrammars } from './json-grammar.ts';
import {
  type ChatModel,
  type ChatTurn,
  ContextLengthExceededError,
  type GenerationPart,
  type GenerationRequest,
} from './language-model.ts';
import { createStopSequenceScanner } from './stop-sequence-scanner.ts';
import { createTokenText } from './token-text.ts';

/** The prompt is read in pieces of this many tokens, because a running piece cannot be cancelled. */
const PROMPT_PIECE_TOKENS = 128;

export interface ChatModelOptions {
  readonly id: string;
  readonly modelPath: string;
  /** Begins a conversation that has no system message of its own. */
  readonly defaultSystemText: string;
  readonly contextTokens: number;
  readonly parallelGenerations: number;
  readonly threads: number;
}

export interface LoadedChatModel extends ChatModel {
  readonly dispose: () => Promise<void>;
}

export async function loadChatModel(llama: Llama, options: ChatModelOptions): Promise<LoadedChatModel> {
  const model = await llama.loadModel({ modelPath: options.modelPath });
  const contextTokens = Math.min(options.contextTokens, model.trainContextSize);
  const context = await model.createContext({
    contextSize: contextTokens,
    sequences: options.parallelGenerations,
    threads: options.threads,
    flashAttention: true,
  });
  const free = Array.from({ length: options.parallelGenerations }, () => context.getSequence());
  const reader = createPromptReader(model, contextTokens, options.defaultSystemText);
  const grammars = createJsonGrammars(llama);
  return {
    id: options.id,
    contextTokens,
    parallelGenerations: options.parallelGenerations,
    generate: async function* generate(request, signal) {
      signal.throwIfAborted();
      const prompt = reader.read(request.turns);
      const grammar = request.json === undefined ? undefined : grammars.grammarFor(request.json);
      const sequence = takeMostSimilar(free, prompt);
      try {
        yield* generateIn(sequence, { model, request, prompt, grammar, contextTokens, signal });
      } catch (error) {
        // What the place holds after a failure is not known; an abort leaves it in order.
        if (!signal.aborted) await sequence.clearHistory();
        throw error;
      } finally {
        free.push(sequence);
      }
    },
    dispose: async () => {
      await context.dispose();
      await model.dispose();
    },
  };
}

interface PromptReader {
  /** The tokens of the conversation up to where the answer begins. Throws ContextLengthExceededError. */
  readonly read: (turns: readonly ChatTurn[]) => Token[];
}

function createPromptReader(
  model: LlamaModel,
  contextTokens: number,
  defaultSystemText: string,
): PromptReader {
  const template = model.fileInfo.metadata.tokenizer.chat_template;
  if (typeof template !== 'string') {
    throw new Error(
      `${model.filename ?? 'the model'} carries no chat template: use an instruction-tuned model.`,
    );
  }
  // The wrapper keeps the text of messages apart from the template's own markers: text like <|im_end|> stays text.
  const wrapper = new JinjaTemplateChatWrapper({ template, tokenizer: model.tokenizer });
  const charactersMaximum = contextTokens * longestTokenCharacters(model);
  return {
    read: (turns) => {
      // Tokenizing blocks the process, a second for a megabyte: what cannot fit is not even tokenized.
      const characters = turns.reduce((sum, turn) => sum + turn.text.length, 0);
      if (characters > charactersMaximum) throw new ContextLengthExceededError(undefined, contextTokens);
      const { contextText } = wrapper.generateContextState({
        chatHistory: [
          ...(turns[0]?.role === 'system' ? [] : [{ type: 'system' as const, text: defaultSystemText }]),
          ...turns.map(toHistoryItem),
          { type: 'model', response: [] },
        ],
      });
      const tokens = contextText.tokenize(model.tokenizer);
      // One token must be left for the answer.
      if (tokens.length >= contextTokens) throw new ContextLengthExceededError(tokens.length, contextTokens);
      return tokens;
    },
  };
}

function toHistoryItem(turn: ChatTurn): ChatHistoryItem {
  // Halves of surrogate pairs have no UTF-8.
  const text = turn.text.toWellFormed();
  if (turn.role === 'assistant') return { type: 'model', response: [text] };
  return { type: turn.role, text };
}

function longestTokenCharacters(model: LlamaModel): number {
  let longest = 1;
  for (const token of model.iterateAllTokens()) {
    longest = Math.max(longest, model.detokenize([token], true).length);
  }
  return longest;
}

function takeMostSimilar(free: LlamaContextSequence[], prompt: Token[]): LlamaContextSequence {
  const similarity = (sequence: LlamaContextSequence): number =>
    sequence.compareContextTokens(prompt).firstDifferentIndex;
  const best = free.toSorted((a, b) => similarity(b) - similarity(a))[0];
  if (best === undefined) throw new Error('more generations run than the model has places for');
  free.splice(free.indexOf(best), 1);
  return best;
}

interface Generation {
  readonly model: LlamaModel;
  readonly request: GenerationRequest;
  readonly prompt: Token[];
  readonly grammar: ReturnType<JsonGrammars['grammarFor']> | undefined;
  readonly contextTokens: number;
  readonly signal: AbortSignal;
}

async function* generateIn(
  sequence: LlamaContextSequence,
  generation: Generation,
): AsyncGenerator<GenerationPart, void> {
  const { model, request, prompt, contextTokens, signal } = generation;
  const cachedPromptTokens = await readPrompt(sequence, prompt, signal);
  const maximumOutputTokens = Math.min(request.maximumOutputTokens, contextTokens - prompt.length);
  const tokenText = createTokenText<Token>((tokens, preceding) => model.detokenize(tokens, false, preceding));
  const scanner = createStopSequenceScanner(request.stopSequences);
  const written: Token[] = [];
  const usage = (): { promptTokens: number; cachedPromptTokens: number; outputTokens: number } => ({
    promptTokens: prompt.length,
    cachedPromptTokens,
    outputTokens: written.length,
  });

  const lastOfPrompt = prompt.slice(sequence.nextTokenIndex);
  for await (const token of sequence.evaluate(lastOfPrompt, evaluateOptions(generation, written))) {
    signal.throwIfAborted();
    written.push(token);
    const { text, stopped } = scanner.push(tokenText.push(token));
    if (text !== '') yield { kind: 'text', text };
    if (stopped) {
      yield { kind: 'end', reason: 'stop', usage: usage() };
      return;
    }
    if (written.length >= maximumOutputTokens) break;
  }
  signal.throwIfAborted();
  const last = scanner.push(tokenText.flush());
  const rest = last.stopped ? last.text : last.text + scanner.flush();
  if (rest !== '') yield { kind: 'text', text: rest };
  const isCut = !last.stopped && written.length >= maximumOutputTokens;
  yield { kind: 'end', reason: isCut ? 'length' : 'stop', usage: usage() };
}

/** Reads all but the last token, whose evaluation begins the answer. Returns how many were known already. */
async function readPrompt(
  sequence: LlamaContextSequence,
  prompt: Token[],
  signal: AbortSignal,
): Promise<number> {
  const beginning = prompt.slice(0, -1);
  await sequence.adaptStateToTokens(beginning, false);
  const cachedPromptTokens = sequence.nextTokenIndex;
  while (sequence.nextTokenIndex < beginning.length) {
    const start = sequence.nextTokenIndex;
    await sequence.evaluateWithoutGeneratingNewTokens(beginning.slice(start, start + PROMPT_PIECE_TOKENS));
    signal.throwIfAborted();
  }
  return cachedPromptTokens;
}

function evaluateOptions(
  { model, request, grammar }: Generation,
  written: Token[],
): Parameters<LlamaContextSequence['evaluate']>[1] {
  const hasPenalty = request.frequencyPenalty !== 0 || request.presencePenalty !== 0;
  return {
    temperature: request.temperature,
    topP: request.topP,
    ...(request.topK === undefined ? {} : { topK: request.topK }),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(grammar === undefined
      ? {}
      : { grammarEvaluationState: new LlamaGrammarEvaluationState({ model, grammar }) }),
    ...(hasPenalty
      ? {
          repeatPenalty: {
            punishTokens: () => written,
            maxPunishTokens: request.maximumOutputTokens,
            penalty: 1,
            frequencyPenalty: request.frequencyPenalty,
            presencePenalty: request.presencePenalty,
          },
        }
      : {}),
  };
}
