/**
 * Exact arithmetic: numbers are fractions of big integers, so 0.1 + 0.2 is 0.3 and money adds up.
 *
 *     sum     = product { ("+" | "-") product }
 *     product = unary { ("*" | "/" | "%") unary }
 *     unary   = [ "+" | "-" ] power
 *     power   = atom [ "^" unary ]              to whole exponents; right to left, so 2^3^2 is 512
 *     atom    = number | "(" sum ")" | name "(" sum { "," sum } ")"
 *
 * `-2^2` is -4, as in mathematics. `%` is the remainder with the sign of the dividend. Bounded: length, nesting and
 * the size of every intermediate number, so that no expression can hold up the process.
 */
export const EXPRESSION_MAXIMUM_CHARACTERS = 1_000;
const DEPTH_MAXIMUM = 64;
/** About 1,200 decimal digits, above or below the fraction line. */
const BITS_MAXIMUM = 4_096;
const EXPONENT_MAXIMUM = 1_000n;
const DECIMAL_PLACES = 30;
const DIGITS_OF_ROUND_MAXIMUM = 100n;

/** Lowest terms, denominator above zero. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export type Evaluation =
  /** `isExact` is false when the decimal text had to be rounded (to 30 places). */
  | { readonly ok: true; readonly text: string; readonly isExact: boolean }
  | { readonly ok: false; readonly problem: string };

export function evaluateExpression(expression: string): Evaluation {
  if (expression.length > EXPRESSION_MAXIMUM_CHARACTERS) {
    return {
      ok: false,
      problem: `the expression is longer than ${EXPRESSION_MAXIMUM_CHARACTERS} characters`,
    };
  }
  try {
    const parser = new ExpressionParser(tokenize(expression));
    return { ok: true, ...toDecimal(parser.whole()) };
  } catch (error) {
    if (error instanceof ExpressionFault) return { ok: false, problem: error.message };
    throw error;
  }
}

class ExpressionFault extends Error {}

interface Token {
  readonly kind: 'number' | 'name' | 'sign' | 'end';
  readonly text: string;
  /** Character of the expression, from 1. */
  readonly place: number;
}

const TOKEN =
  /\s*(?:(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?)|(?<name>[A-Za-z]+)|(?<sign>\*\*|[-+*/%^(),−×÷]))/y;

/** Signs as people type them. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['−', '-'],
  ['×', '*'],
  ['÷', '/'],
  ['**', '^'],
]);

function tokenize(expression: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = expression.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const groups = TOKEN.exec(expression)?.groups;
    if (groups === undefined) {
      const place = from + (expression.slice(from).length - expression.slice(from).trimStart().length);
      throw new ExpressionFault(`"${expression[place]}" at character ${place + 1} is not part of arithmetic`);
    }
    const kind = groups['number'] === undefined ? (groups['name'] === undefined ? 'sign' : 'name') : 'number';
    const text = groups[kind] ?? '';
    tokens.push({ kind, text: SPELLINGS.get(text) ?? text, place: TOKEN.lastIndex - text.length + 1 });
  }
  tokens.push({ kind: 'end', text: '', place: end + 1 });
  return tokens;
}

class ExpressionParser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Fraction {
    const value = this.#sum();
    if (this.#peek().kind !== 'end') throw this.#unexpected('an operator is missing');
    return value;
  }

  #sum(): Fraction {
    let left = this.#product();
    for (;;) {
      if (this.#accept('+')) left = add(left, this.#product());
      else if (this.#accept('-')) left = add(left, negate(this.#product()));
      else return left;
    }
  }

  #product(): Fraction {
    let left = this.#unary();
    for (;;) {
      if (this.#accept('*')) left = multiply(left, this.#unary());
      else if (this.#accept('/')) left = divide(left, this.#unary());
      else if (this.#accept('%')) left = remainder(left, this.#unary());
      else return left;
    }
  }

  #unary(): Fraction {
    this.#deeper();
    const value = this.#accept('-')
      ? negate(this.#unary())
      : this.#accept('+')
        ? this.#unary()
        : this.#power();
    this.#depth -= 1;
    return value;
  }

  #power(): Fraction {
    const base = this.#atom();
    return this.#accept('^') ? power(base, this.#unary()) : base;
  }

  #atom(): Fraction {
    const token = this.#peek();
    if (token.kind === 'number') {
      this.#next += 1;
      return toFraction(token.text);
    }
    if (token.kind === 'name') {
      this.#next += 1;
      return this.#call(token);
    }
    if (this.#accept('(')) {
      const value = this.#sum();
      this.#expect(')');
      return value;
    }
    throw this.#unexpected();
  }

  #call(name: Token): Fraction {
    const operation = Object.hasOwn(FUNCTIONS, name.text) ? FUNCTIONS[name.text] : undefined;
    if (operation === undefined) {
      throw new ExpressionFault(
        `"${name.text}" is not known; the functions are ${Object.keys(FUNCTIONS).join(', ')}`,
      );
    }
    this.#expect('(');
    const values = [this.#sum()];
    while (this.#accept(',')) values.push(this.#sum());
    this.#expect(')');
    return operation(values);
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAXIMUM) {
      throw new ExpressionFault(`the expression is nested deeper than ${DEPTH_MAXIMUM} levels`);
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', place: 0 };
  }

  #accept(sign: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'sign' || token.text !== sign) return false;
    this.#next += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#accept(sign)) throw this.#unexpected(`"${sign}" is missing`);
  }

  #unexpected(problem = 'a number is missing'): ExpressionFault {
    const token = this.#peek();
    if (token.kind === 'end') return new ExpressionFault(`${problem} at the end of the expression`);
    return new ExpressionFault(`${problem} before "${token.text}" at character ${token.place}`);
  }
}

const FUNCTIONS: Readonly<Record<string, (values: readonly Fraction[]) => Fraction>> = {
  abs: (values) => absolute(only(values, 'abs')),
  floor: (values) => whole(floor(only(values, 'floor'))),
  ceil: (values) => whole(-floor(negate(only(values, 'ceil')))),
  round: ([value, digits = whole(0n), ...rest]) => {
    if (value === undefined || rest.length > 0)
      throw new ExpressionFault('round takes a number and, if wanted, decimals');
    return round(value, digits);
  },
  min: (values) => values.reduce((least, value) => (isLess(value, least) ? value : least)),
  max: (values) => values.reduce((most, value) => (isLess(most, value) ? value : most)),
  sum: (values) => values.reduce(add),
};

function only(values: readonly Fraction[], name: string): Fraction {
  const [value, ...rest] = values;
  if (value === undefined || rest.length > 0) throw new ExpressionFault(`${name} takes one number`);
  return value;
}

function toFraction(text: string): Fraction {
  const [mantissa = '', exponentText = '0'] = text.toLowerCase().split('e');
  const [integer = '', decimals = ''] = mantissa.split('.');
  const exponent = BigInt(exponentText) - BigInt(decimals.length);
  if (absoluteInteger(exponent) > EXPONENT_MAXIMUM) throw tooLarge();
  const digits = BigInt(`${integer}${decimals}`);
  return exponent >= 0n ? whole(digits * 10n ** exponent) : reduce(digits, 10n ** -exponent);
}

function whole(numerator: bigint): Fraction {
  return { numerator, denominator: 1n };
}

function reduce(numerator: bigint, denominator: bigint): Fraction {
  const sign = denominator < 0n ? -1n : 1n;
  let [left, right] = [absoluteInteger(numerator), absoluteInteger(denominator)];
  while (right !== 0n) [left, right] = [right, left % right];
  const divisor = sign * (left === 0n ? 1n : left);
  const fraction = { numerator: numerator / divisor, denominator: denominator / divisor };
  if (bitsOf(fraction.numerator) > BITS_MAXIMUM || bitsOf(fraction.denominator) > BITS_MAXIMUM)
    throw tooLarge();
  return fraction;
}

function add(left: Fraction, right: Fraction): Fraction {
  return reduce(
    left.numerator * right.denominator + right.numerator * left.denominator,
    left.denominator * right.denominator,
  );
}

function multiply(left: Fraction, right: Fraction): Fraction {
  return reduce(left.numerator * right.numerator, left.denominator * right.denominator);
}

function divide(left: Fraction, right: Fraction): Fraction {
  if (right.numerator === 0n) throw new ExpressionFault('division by zero');
  return reduce(left.numerator * right.denominator, left.denominator * right.numerator);
}

function remainder(left: Fraction, right: Fraction): Fraction {
  const quotient = divide(left, right);
  return add(left, negate(multiply(right, whole(quotient.numerator / quotient.denominator))));
}

function power(base: Fraction, exponent: Fraction): Fraction {
  if (exponent.denominator !== 1n) throw new ExpressionFault('an exponent must be a whole number');
  const times = absoluteInteger(exponent.numerator);
  const bits = BigInt(Math.max(bitsOf(base.numerator), bitsOf(base.denominator)));
  const isOne = absoluteInteger(base.numerator) <= 1n && base.denominator === 1n;
  if (times > EXPONENT_MAXIMUM || (!isOne && (bits - 1n) * times > BigInt(BITS_MAXIMUM))) throw tooLarge();
  const raised = reduce(base.numerator ** times, base.denominator ** times);
  return exponent.numerator < 0n ? divide(whole(1n), raised) : raised;
}

function negate({ numerator, denominator }: Fraction): Fraction {
  return { numerator: -numerator, denominator };
}

function absolute({ numerator, denominator }: Fraction): Fraction {
  return { numerator: absoluteInteger(numerator), denominator };
}

function isLess(left: Fraction, right: Fraction): boolean {
  return left.numerator * right.denominator < right.numerator * left.denominator;
}

function floor({ numerator, denominator }: Fraction): bigint {
  const quotient = numerator / denominator;
  return numerator % denominator < 0n ? quotient - 1n : quotient;
}

/** Half away from zero, as in commerce. */
function round(value: Fraction, digits: Fraction): Fraction {
  if (digits.denominator !== 1n || absoluteInteger(digits.numerator) > DIGITS_OF_ROUND_MAXIMUM) {
    throw new ExpressionFault(`round takes up to ${DIGITS_OF_ROUND_MAXIMUM} decimals`);
  }
  const scale = power(whole(10n), digits);
  const scaled = multiply(absolute(value), scale);
  const rounded = divide(whole(floor(add(scaled, reduce(1n, 2n)))), scale);
  return value.numerator < 0n ? negate(rounded) : rounded;
}

function toDecimal(value: Fraction): { readonly text: string; readonly isExact: boolean } {
  const sign = value.numerator < 0n ? '-' : '';
  const { numerator, denominator } = absolute(value);
  const places = decimalPlacesOf(denominator);
  const isExact = places !== undefined && places <= BITS_MAXIMUM;
  const kept = isExact ? places : DECIMAL_PLACES;
  const scaled = (numerator * 10n ** BigInt(kept) * 2n + denominator) / (denominator * 2n);
  const digits = scaled.toString().padStart(kept + 1, '0');
  const decimals = digits.slice(digits.length - kept).replace(/0+$/, '');
  const text = `${digits.slice(0, digits.length - kept)}${kept === 0 || decimals === '' ? '' : `.${decimals}`}`;
  return { text: text === '0' ? '0' : `${sign}${text}`, isExact };
}

/** Decimals of 1/denominator, or undefined when they never end. */
function decimalPlacesOf(denominator: bigint): number | undefined {
  let rest = denominator;
  let twos = 0;
  let fives = 0;
  for (; rest % 2n === 0n; rest /= 2n) twos += 1;
  for (; rest % 5n === 0n; rest /= 5n) fives += 1;
  return rest === 1n ? Math.max(twos, fives) : undefined;
}

function absoluteInteger(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function bitsOf(value: bigint): number {
  return absoluteInteger(value).toString(16).length * 4;
}

function tooLarge(): ExpressionFault {
  return new ExpressionFault('a number in the calculation becomes too large');
}
