import { describe, expect, it } from 'vitest';
import { compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { findToolProblem } from './tool-problem.ts';

const TOOL = { type: 'Http', name: 'book', description: 'Books.', url: 'https://example.com/book' } as const;

const problemOf = (changes: object): string | undefined =>
  findToolProblem(
    [
      { type: 'BuiltIn', name: 'calculate' },
      { ...TOOL, ...changes },
    ],
    compileJsonSchema,
  );

describe('an Http tool', () => {
  it.each([
    [{}],
    [{ parameters: { type: 'object', properties: { room: { type: 'string' } } } }],
    [{ url: 'http://rooms.office.svc:8080/book?kind=small' }],
    [{ url: 'http://10.0.0.7/book' }],
  ])('can be offered with %j', (changes) => {
    expect(problemOf(changes)).toBeUndefined();
  });

  it.each([
    [{ parameters: { type: 'objekt' } }, 'parameters is not a JSON Schema'],
    [{ parameters: { type: 'object', requird: ['room'] } }, 'parameters is not a JSON Schema'],
    [{ parameters: { type: 'string' } }, 'has no "type": "object"'],
    [{ parameters: {} }, 'has no "type": "object"'],
    [{ url: 'https://' }, 'url is not a URL'],
    [{ url: 'http://exa mple:99999/' }, 'url is not a URL'],
    [{ url: 'http://169.254.169.254/latest' }, 'an address that tools may not have'],
    [{ url: 'http://127.0.0.1:9090/metrics' }, 'an address that tools may not have'],
    [{ url: 'http://[::1]:8080/v1/runs' }, 'an address that tools may not have'],
    [{ url: 'http://0x7f.1/' }, 'an address that tools may not have'],
  ])('cannot be offered with %j, and the sentence names the tool', (changes, clause) => {
    expect(problemOf(changes)).toMatch(/^spec\.tools, book: /);
    expect(problemOf(changes)).toContain(clause);
  });
});
