/**
 * The two forms of an embedding on the wire: numbers, or base64 of little-endian 32-bit floats. The official OpenAI
 * clients ask for base64 when their user asks for nothing, and many servers answer numbers all the same.
 */
import { Buffer } from 'node:buffer';

export function encodeEmbedding(
  embedding: readonly number[] | string,
  format: 'float' | 'base64',
): readonly number[] | string {
  if (format === 'base64') return typeof embedding === 'string' ? embedding : toBase64(embedding);
  return typeof embedding === 'string' ? toNumbers(embedding) : embedding;
}

/** Base64 of whole 32-bit floats, which is what `toNumbers` can read. */
export function isBase64Embedding(text: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && Buffer.from(text, 'base64').byteLength % 4 === 0;
}

function toBase64(numbers: readonly number[]): string {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [position, number] of numbers.entries()) bytes.writeFloatLE(number, position * 4);
  return bytes.toString('base64');
}

function toNumbers(text: string): number[] {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: bytes.byteLength / 4 }, (_, position) => bytes.readFloatLE(position * 4));
}
