import { describe, expect, it } from 'vitest';
import { ASSERTION_TYPES } from './assertion-types.ts';
import { readGoldenSet } from './read-golden-set.ts';

const GOOD = '{"vars":{"x":"1"},"assert":[{"type":"equals","value":"a"}]}';

function refusal(assertion: unknown): string {
  const text = `${GOOD}\n${JSON.stringify({ vars: { x: '2' }, assert: [assertion] })}\n`;
  const read = readGoldenSet({ name: 'set', fileName: 'a.jsonl', text });
  return read.ok ? 'loaded' : `line ${read.line}: ${read.problem}`;
}

const LIST = 'needs a list of texts or numbers as its value, none of them empty, or a text with commas';
const SCHEMA = 'needs a JSON Schema as its value, or none';
const NO_THRESHOLD = 'takes no threshold';
const SHARE = 'needs a threshold from 0 to 1, not';

/** Of each type: what it does not take, and what is said. */
const REFUSED: Readonly<Record<string, readonly (readonly [given: object, said: string])[]>> = {
  equals: [
    [{}, 'needs a value'],
    [{ value: 'a', threshold: 1 }, NO_THRESHOLD],
  ],
  contains: [
    [{ value: '' }, 'needs a text or number as its value'],
    [{ value: {} }, 'needs a text or number as its value'],
    [{ value: ['a'] }, 'needs a text or number as its value'],
    [{ value: true }, 'needs a text or number as its value'],
    [{ value: '{{ x' }, 'holds "{{" that is not closed'],
    [{ value: '{# x #}' }, 'comment, which is not supported'],
    [{ value: '{% if x %}' }, 'block, which is not supported'],
    [{ value: 'a', threshold: 0.5 }, NO_THRESHOLD],
  ],
  icontains: [[{ value: null }, 'needs a text or number as its value']],
  'contains-all': [
    [{ value: [''] }, LIST],
    [{ value: [{}] }, LIST],
    [{ value: [['a']] }, LIST],
    [{ value: [null] }, LIST],
  ],
  'contains-any': [
    [{ value: [] }, LIST],
    [{ value: ['a', ''] }, LIST],
    [{ value: 5 }, LIST],
  ],
  'icontains-all': [[{ value: ' , ' }, LIST]],
  'icontains-any': [[{ value: [true] }, LIST]],
  'starts-with': [
    [{ value: 5 }, 'needs a text as its value'],
    [{ value: '' }, 'needs a text as its value'],
    [{ value: 'a', threshold: 0.75 }, NO_THRESHOLD],
  ],
  regex: [
    [{ value: 5 }, 'needs a text as its value'],
    [{ value: '(' }, 'has a pattern that'],
  ],
  'is-json': [
    [{ value: 5 }, SCHEMA],
    [{ value: [] }, SCHEMA],
    [{ value: { type: 'nonsense' } }, 'has a schema that is not valid'],
    [{ threshold: 1 }, NO_THRESHOLD],
  ],
  'contains-json': [[{ value: 'x' }, SCHEMA]],
  'json-path': [
    [{}, 'needs a path'],
    [{ value: 'category' }, 'has a path that is none'],
    [{ value: { path: '$.a', equal: 1 } }, 'not "equal"'],
    [{ value: { path: 5 } }, 'needs a path'],
    [{ value: { path: '$.a', schema: null } }, SCHEMA],
    [{ value: `$${'[0,0]'.repeat(7)}` }, 'may select the same more than 100 times'],
  ],
  numeric: [
    [{}, 'needs a number as its value'],
    [{ value: 'abc' }, 'needs a number as its value'],
    [{ value: [5] }, 'needs a number as its value'],
    [{ value: { value: 5, tolerance: -1 } }, 'needs tolerances that are numbers from 0'],
    [{ value: { value: 5, path: 'x' } }, 'has a path that is none'],
    [{ value: { value: 5, tolerance: 1 }, threshold: 2 }, 'has a tolerance and a threshold'],
    [{ value: 5, threshold: -1 }, 'needs a threshold of at least 0, not -1'],
  ],
  levenshtein: [
    [{ value: 5 }, 'needs a text as its value'],
    [{ value: 'a', threshold: -1 }, 'needs a threshold of at least 0, not -1'],
  ],
  'rouge-n': [
    [{ value: '' }, 'needs a text as its value'],
    [{ value: 'a', threshold: 75 }, SHARE],
  ],
  'is-refusal': [
    [{ value: 'x' }, 'takes no value'],
    [{ threshold: 1 }, NO_THRESHOLD],
  ],
  'is-valid-openai-tools-call': [[{ value: ['weather'] }, 'takes no value']],
  'tool-call': [
    [{}, 'needs {name, arguments}'],
    [{ value: 5 }, 'needs {name, arguments}'],
    [{ value: '' }, 'needs {name, arguments}'],
    [{ value: { name: '' } }, 'needs the name of a tool'],
    [{ value: { name: 'a', args: {} } }, 'not "args"'],
    [{ value: { name: 'a', arguments: '{"a":1}' } }, 'needs arguments that are an object'],
    [{ value: { name: 'a', arguments: [1] } }, 'needs arguments that are an object'],
    [{ value: { name: 'a', schema: null } }, 'needs a schema that is a JSON Schema'],
    [{ value: { name: 'a', schema: 5 } }, 'needs a schema that is a JSON Schema'],
    [{ value: { name: 'a', schema: 'x' } }, 'needs a schema that is a JSON Schema'],
  ],
  'tool-call-f1': [
    [{}, 'needs a list of names of tools'],
    [{ value: [5] }, 'needs a list of names of tools'],
    [{ value: [{}] }, 'needs a list of names of tools'],
    [{ value: ['a'], threshold: 3 }, SHARE],
  ],
  latency: [
    [{ value: 500 }, 'takes a threshold, and no value'],
    [{}, 'needs a threshold in milliseconds'],
    [{ threshold: -1 }, 'needs a threshold of at least 0, not -1'],
  ],
  cost: [
    [{}, 'needs a threshold in US dollars'],
    [{ threshold: '0.1' }, 'threshold of the assertion: expected number, received string'],
    [{ threshold: -0.1 }, 'needs a threshold of at least 0'],
  ],
  'llm-rubric': [
    [{}, 'needs a text as its value'],
    [{ value: { a: 1 } }, 'needs a text as its value'],
    [{ value: 'It is polite', threshold: 80 }, SHARE],
  ],
  factuality: [
    [{ value: ['a'] }, 'needs a text as its value'],
    [{ value: 'a', threshold: 0.5 }, NO_THRESHOLD],
  ],
  'assert-set': [
    [{}, 'assert of the assert-set: expected array'],
    [{ assert: [{ type: 'contains', value: 'a' }], threshold: 0 }, 'must be above 0'],
    [{ assert: [{ type: 'contains', value: 'a' }], threshold: 2 }, 'expected number to be <=1'],
    [{ assert: [{ type: 'assert-set', assert: [] }] }, 'an assert-set holds no other'],
    [{ assert: [{ type: 'contains', value: [] }] }, 'needs a text or number as its value'],
  ],
  'not-assert-set': [[{ assert: [{ type: 'contains', value: 'a' }] }, 'cannot be turned round']],
};

describe('what an assertion does not take', () => {
  it('is known of every type', () => {
    expect(Object.keys(REFUSED)).toEqual(expect.arrayContaining([...ASSERTION_TYPES, 'assert-set']));
  });

  const rows = Object.entries(REFUSED).flatMap(([type, refused]) =>
    refused.map(([given, said]) => [type, JSON.stringify(given), said] as const),
  );
  it.each(rows)('is told with its line when the set is loaded: %s %s', (type, given, said) => {
    const told = refusal({ type, ...(JSON.parse(given) as object) });
    expect(told).toMatch(/^line 2: /);
    expect(told).toContain(said);
  });

  it.each(['is-refusal', 'is-valid-openai-tools-call'])(
    'is not the empty value that a cell leaves: %s',
    (type) => {
      expect(refusal({ type, value: '' })).toBe('loaded');
    },
  );

  it.each([
    [0, 'line 1: threshold of the case: must be above 0: else any answer passes'],
    [-1, 'line 1: threshold of the case: must be above 0: else any answer passes'],
    [80, 'line 1: threshold of the case: expected number to be <=1'],
  ])('is refused as the threshold of a case too: %s', (threshold, said) => {
    const text = JSON.stringify({ threshold, assert: [{ type: 'contains', value: 'a' }] });
    const read = readGoldenSet({ name: 'set', fileName: 'a.jsonl', text });
    expect(read.ok ? 'loaded' : `line ${read.line}: ${read.problem}`).toBe(said);
  });

  it.each(['a.yaml', 'a.json'])(
    'is told of a template that no case uses, and of the default test: %s',
    (fileName) => {
      const told = (part: object): string => {
        const text = JSON.stringify({ tests: [{ vars: { a: 'b' } }], ...part }, undefined, 2);
        const read = readGoldenSet({ name: 'set', fileName, text });
        return read.ok ? 'loaded' : `line ${read.line}: ${read.problem}`;
      };
      expect(told({ assertionTemplates: { short: { type: 'contains', value: [] } } })).toMatch(
        /^line 10: the assertion contains needs a text/,
      );
      expect(told({ defaultTest: { assert: [{ type: 'conttains', value: 'a' }] } })).toBe(
        'line 11: "conttains" is no assertion; did you mean "contains"?',
      );
      expect(told({ defaultTest: { threshold: 0.5, asserts: [] } })).toMatch(
        /^line 11: "asserts" is no field/,
      );
    },
  );
});
