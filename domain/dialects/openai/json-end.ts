/** Whether a text that comes in pieces is a whole JSON object by now. Each piece is looked at once. */
export class JsonEnd {
  #isBlank = true;
  #isObject = false;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** Nothing but white space came so far. */
  get isBlank(): boolean {
    return this.#isBlank;
  }

  get isWholeObject(): boolean {
    return this.#isObject && this.#depth === 0;
  }

  push(piece: string): void {
    for (const character of piece) {
      if (this.#isInString) this.#pushInString(character);
      else if (character > ' ') this.#pushOutside(character);
    }
  }

  #pushInString(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === '\\') this.#isEscaped = true;
    else if (character === '"') this.#isInString = false;
  }

  #pushOutside(character: string): void {
    if (this.#isBlank) this.#isObject = character === '{';
    // What follows the last brace makes it something else.
    else if (this.#depth === 0) this.#isObject = false;
    this.#isBlank = false;
    if (character === '"') this.#isInString = true;
    else if (character === '{' || character === '[') this.#depth += 1;
    else if (character === '}' || character === ']') this.#depth -= 1;
  }
}
