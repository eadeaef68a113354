/**
 * Thought that a model writes out at the start of its text: `<think>...</think>`. It is reasoning, and the text is what
 * follows. A tag that stands later in the text is text.
 *
 *   start --(opening tag, after blanks)--> thought --(closing tag)--> start (blanks are dropped from here on)
 *     +--(anything else)--> text
 *
 * Where JSON is wanted and the text begins like none, some chat templates have swallowed the opening tag: the text is held
 * back until a closing tag makes it thought, or the end makes it text.
 */
const TAGS: readonly (readonly [string, string])[] = [
  ['<think>', '</think>'],
  ['<seed:think>', '</seed:think>'],
  ['<thinking>', '</thinking>'],
  ['<thought>', '</thought>'],
  ['<reasoning>', '</reasoning>'],
  ['<|begin_of_thought|>', '<|end_of_thought|>'],
  ['[THINK]', '[/THINK]'],
  ['◁think▷', '◁/think▷'],
];
/** Of the tags of open models, the only one that templates are known to swallow. */
const SWALLOWED_CLOSING_TAG = '</think>';
/** How much text is held back at most while it may turn out to be thought, and how many blanks before anything else. */
const LONGEST_HELD_CHARACTERS = 1_000_000;
const LONGEST_BLANK_CHARACTERS = 1_000;

export interface ThoughtAndText {
  readonly reasoning: string;
  readonly text: string;
}

type State = 'start' | 'thought' | 'held' | 'text';

export class WrittenThought {
  readonly #expectsJson: boolean;
  #state: State = 'start';
  #closingTag = '';
  #waiting = '';
  /** The last characters of what is held, so that each piece is searched once. */
  #heldTail = '';
  #hasThought = false;

  constructor(expectsJson: boolean) {
    this.#expectsJson = expectsJson;
  }

  /** Whether all that comes is text now. */
  get isPast(): boolean {
    return this.#state === 'text';
  }

  get hasThought(): boolean {
    return this.#hasThought;
  }

  push(piece: string): ThoughtAndText {
    if (this.#state === 'text') return { reasoning: '', text: piece };
    this.#waiting += piece;
    if (this.#state === 'held' && !this.#mayLetGo(piece)) return { reasoning: '', text: '' };
    let reasoning = '';
    for (let before: State | undefined; before !== this.#state;) {
      before = this.#state;
      reasoning += this.#step();
    }
    return { reasoning, text: this.isPast ? this.#takeAll() : '' };
  }

  /** The rest at the end of the answer: thought that was never closed is no text. */
  end(): ThoughtAndText {
    const rest = this.#takeAll();
    if (this.#state === 'thought') return { reasoning: rest, text: '' };
    const isBlankAfterThought = this.#hasThought && rest.trim() === '';
    return { reasoning: '', text: isBlankAfterThought ? '' : rest };
  }

  /** One step of the machine above; the thought that it has found. */
  #step(): string {
    if (this.#state === 'thought') return this.#takeThought();
    if (this.#state === 'held') return this.#takeHeld();
    if (this.#state === 'start') this.#takeStart();
    return '';
  }

  #takeStart(): void {
    const begun = this.#takeRepeatedTag(this.#waiting.trimStart());
    if (this.#hasThought) this.#waiting = begun;
    const tag = TAGS.find(([opening]) => begun.startsWith(opening));
    if (tag !== undefined) {
      this.#closingTag = tag[1];
      this.#hasThought = true;
      this.#waiting = begun.slice(tag[0].length);
      this.#state = 'thought';
    } else if (begun === '' && this.#waiting.length > LONGEST_BLANK_CHARACTERS && !this.#hasThought) {
      this.#state = 'text';
    } else if (!TAGS.some(([opening]) => opening.startsWith(begun)) && !this.#mayRepeatTag(begun)) {
      const mayBeThought = this.#expectsJson && !this.#hasThought && !/^[{[]/.test(begun);
      this.#state = mayBeThought ? 'held' : 'text';
    }
  }

  /** Some models close their thought twice. */
  #takeRepeatedTag(begun: string): string {
    if (!this.#mayRepeatTag(begun) || !begun.startsWith(this.#closingTag)) return begun;
    const rest = begun.slice(this.#closingTag.length).trimStart();
    this.#closingTag = '';
    return rest;
  }

  #mayRepeatTag(begun: string): boolean {
    const tag = this.#closingTag;
    return this.#hasThought && tag !== '' && (tag.startsWith(begun) || begun.startsWith(tag));
  }

  #takeThought(): string {
    const end = this.#waiting.indexOf(this.#closingTag);
    if (end !== -1) {
      const thought = this.#waiting.slice(0, end);
      this.#waiting = this.#waiting.slice(end + this.#closingTag.length);
      this.#state = 'start';
      return thought;
    }
    const safe = this.#waiting.length - lengthOfBegun(this.#waiting, this.#closingTag);
    const thought = this.#waiting.slice(0, safe);
    this.#waiting = this.#waiting.slice(safe);
    return thought;
  }

  #mayLetGo(piece: string): boolean {
    const searched = this.#heldTail + piece;
    this.#heldTail = searched.slice(1 - SWALLOWED_CLOSING_TAG.length);
    return searched.includes(SWALLOWED_CLOSING_TAG) || this.#waiting.length > LONGEST_HELD_CHARACTERS;
  }

  #takeHeld(): string {
    const end = this.#waiting.indexOf(SWALLOWED_CLOSING_TAG);
    if (end === -1) {
      this.#heldTail = this.#waiting.slice(1 - SWALLOWED_CLOSING_TAG.length);
      if (this.#waiting.length > LONGEST_HELD_CHARACTERS) this.#state = 'text';
      return '';
    }
    const thought = this.#waiting.slice(0, end);
    this.#waiting = this.#waiting.slice(end + SWALLOWED_CLOSING_TAG.length);
    this.#closingTag = SWALLOWED_CLOSING_TAG;
    this.#hasThought = true;
    this.#state = 'start';
    return thought;
  }

  #takeAll(): string {
    const all = this.#waiting;
    this.#waiting = '';
    return all;
  }
}

/** How many characters at the end of `text` may be the beginning of `tag`. */
function lengthOfBegun(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}

/** A whole text at once. */
export function splitWrittenThought(whole: string, expectsJson: boolean): ThoughtAndText {
  const thought = new WrittenThought(expectsJson);
  const begun = thought.push(whole);
  const rest = thought.end();
  return { reasoning: (begun.reasoning + rest.reasoning).trim(), text: begun.text + rest.text };
}

/** Whether a whole text is surely all text: it neither begins like thought, nor may it once have. */
export function beginsWithText(whole: string, expectsJson: boolean): boolean {
  const thought = new WrittenThought(expectsJson);
  thought.push(whole.slice(0, LONGEST_BLANK_CHARACTERS));
  return thought.isPast && !thought.hasThought;
}
