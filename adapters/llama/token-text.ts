/**
 * Turns generated tokens into text piece by piece. A token may end inside a character: its bytes are then shown only
 * together with the token that completes the character.
 */
const REPLACEMENT_CHARACTER = '\uFFFD';

/** A UTF-8 character has four bytes at most, and a byte token carries at least one of them. */
const TOKENS_OF_ONE_CHARACTER_MAXIMUM = 4;

/** How many tokens before the pending ones decide on the space in front of them. */
const PRECEDING_TOKENS = 8;

export interface TokenText<Token> {
  readonly push: (token: Token) => string;
  readonly flush: () => string;
}

export function createTokenText<Token>(
  detokenize: (tokens: readonly Token[], preceding: readonly Token[]) => string,
): TokenText<Token> {
  let preceding: readonly Token[] = [];
  let pending: readonly Token[] = [];

  function take(): string {
    const text = detokenize(pending, preceding);
    preceding = [...preceding, ...pending].slice(-PRECEDING_TOKENS);
    pending = [];
    return text;
  }

  return {
    push: (token) => {
      pending = [...pending, token];
      const isIncomplete = detokenize(pending, preceding).endsWith(REPLACEMENT_CHARACTER);
      return isIncomplete && pending.length < TOKENS_OF_ONE_CHARACTER_MAXIMUM ? '' : take();
    },
    flush: () => (pending.length === 0 ? '' : take()),
  };
}
