/** Typed arrays in JSON: their bytes in base64, and nothing at all where all are zero. */

type Numbers = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

export function numbersAsText(numbers: Numbers): string {
  if (numbers.every((number) => number === 0)) return '';
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');
}

/** Undefined or empty: all zero. Throws when the text is not that many numbers. */
export function numbersFromText<Kind extends Numbers>(
  kind: new (length: number) => Kind,
  text: string | undefined,
  length: number,
): Kind {
  const numbers = new kind(length);
  if (text === undefined || text === '') return numbers;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.byteLength !== numbers.byteLength) {
    throw new RangeError(`a list of ${length} numbers is ${bytes.byteLength} bytes long`);
  }
  new Uint8Array(numbers.buffer).set(bytes);
  return numbers;
}
