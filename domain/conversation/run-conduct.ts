/** What the answers of one run say of its prompt, whatever became of the run in the end. */
import { refusesInWords } from '#domain/chat/refusal-in-words.ts';
import type { ModelAnswer } from './model.ts';

export interface RunConduct {
  /** Whether the first answer fitted the output schema; absent where there is none, or no answer came. */
  readonly firstAnswerFits?: boolean;
  /** Whether the model would not do what was asked; absent where it never came to an answer. */
  readonly isRefusal?: boolean;
}

export class ConductNotes {
  readonly #hasSchema: boolean;
  #firstAnswerFits: boolean | undefined;
  #isRefusal: boolean | undefined;

  constructor(hasSchema: boolean) {
    this.#hasSchema = hasSchema;
  }

  /** Of an answer without tool calls. Answers whether the provider says that it is a refusal. */
  isRefused({ content, refusal, finishReason }: ModelAnswer): boolean {
    const isRefused = refusal !== undefined || finishReason === 'content_filter';
    this.#isRefusal = isRefused || refusesInWords(content ?? '');
    return isRefused;
  }

  checked(fits: boolean): void {
    if (this.#hasSchema) this.#firstAnswerFits ??= fits;
  }

  conduct(): RunConduct {
    return {
      ...(this.#firstAnswerFits !== undefined && { firstAnswerFits: this.#firstAnswerFits }),
      ...(this.#isRefusal !== undefined && { isRefusal: this.#isRefusal }),
    };
  }
}
