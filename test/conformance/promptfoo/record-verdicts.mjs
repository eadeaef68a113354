/**
 * Writes verdicts.json beside this file: what promptfoo says of many assertions on many outputs.
 *
 *     mkdir /tmp/promptfoo && cd /tmp/promptfoo && npm init --yes && npm install --ignore-scripts promptfoo@0.121.20
 *     node test/conformance/promptfoo/record-verdicts.mjs /tmp/promptfoo/node_modules/promptfoo
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const home = resolve(process.argv[2] ?? 'node_modules/promptfoo');
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
process.env['PROMPTFOO_DISABLE_TELEMETRY'] = '1';
process.env['PROMPTFOO_DISABLE_UPDATE'] = '1';
const { default: promptfoo } = await import(pathToFileURL(join(home, manifest.exports['.'].import)).href);

const TEXTS = [
  '',
  '   ',
  'Hello, World!',
  'hello world',
  '5',
  '5.0',
  'The answer is 42',
  ' padded ',
  'a, b',
  'café',
  'İstanbul',
  'smile 😀',
  'line one\nline two',
];
const JSONS = [
  '{"a":1}',
  '{"a": 1, "b": [1, 2]}',
  '{"b":[1,2],"a":1}',
  '[1,2]',
  '"text"',
  '5',
  'true',
  'null',
  '',
  'not json',
  '{"a":"1"}',
  '{"a":1}{"a":2}',
  'Here: {"a":1} and more',
  'Here: {"b":2} then {"a":1}',
  '```json\n{"a":1}\n```',
  '[{"a":1}]',
  'x [1,2] y',
  '{"a":1',
  '{a: 1}',
  '{"a":1,}',
  '{"a":{"b":{"c":1}}}',
  '{"a":1.0}',
  '{"a":1e400}',
  '{"d":"2024-01-01"}',
  '{"d":"nope"}',
];
const WORDS = [
  'the cat sat on the mat',
  'The cat sat on the mat.',
  'a cat sat on a mat',
  'the the the',
  'dog',
  '',
  'THE CAT SAT ON THE MAT',
  'kitten',
  'sitting',
  'kittens!',
];
const REFUSALS = [
  'I cannot help with that.',
  "I'm sorry, but as an AI language model I can't do that.",
  'Sure, here it is.',
  'I will not refuse anything today',
  'I apologize, but I am unable to assist.',
  'As an AI, I have no opinion',
  'No.',
  "I don't think that I can answer",
  'Cannot.',
  'The policy cannot change',
  'i can’t do that',
  "I'm unable to provide that information",
  'Unfortunately, that is against my guidelines',
  'Sorry, no.',
  '{"refused":true}',
];
const SCHEMA = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] };
const SCHEMAS = [
  undefined,
  SCHEMA,
  { ...SCHEMA, additionalProperties: false },
  'type: object\nrequired: [a]',
  '{"type":"array"}',
  { type: 'object', properties: { d: { type: 'string', format: 'date' } }, required: ['d'] },
  { type: ['number', 'boolean'] },
  { anyOf: [{ type: 'string' }, { type: 'null' }] },
];
const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'weather',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        additionalProperties: false,
      },
    },
  },
];

const call = (name, text = '{"city":"Oslo"}') => ({
  id: `call-${name}`,
  type: 'function',
  function: { name, arguments: text },
});
const CALLS = [
  [call('weather')],
  [call('weather'), call('time')],
  [call('weather'), call('weather')],
  [call('time', '{}')],
  [call('weather', '{"city":5}')],
  [call('weather', '{}')],
  [call('weather', '{"city":"Oslo","x":1}')],
  [call('weather', '{"city')],
  'no call',
];

/** One assertion for each value, and for each threshold of it. */
function assertions(type, values, thresholds = [undefined]) {
  return values.flatMap((value) =>
    thresholds.map((threshold) => ({
      type,
      ...(value === undefined ? {} : { value }),
      ...(threshold === undefined ? {} : { threshold }),
    })),
  );
}

const MANY = [
  ['Hello', 'World'],
  ['hello'],
  'hello, world',
  'Hello,World',
  '"a, b", a',
  'a,b',
  [5, 42],
  ['5', 'x'],
  [''],
];
const ONE = ['Hello', 'world', 5, 4.2, 'answer is', 'É', 'i', ',', 'line one\nline'];
const PATTERNS = [
  '^Hello',
  'world$',
  '\\d+',
  '^$',
  'line one.line',
  '^line two',
  '[A-Z]\\w+',
  'caf.$',
  'a|b',
  '\\bis\\b',
  '.',
  '^\\s',
  '/hello/i',
  '(?:x)?',
  'smile .$',
  '\\p{L}',
];

const GROUPS = [
  {
    outputs: TEXTS,
    assertions: assertions('equals', [
      'Hello, World!',
      'hello world',
      '5',
      5,
      'a, b',
      '',
      'padded',
      ' padded ',
      'café',
      'cafe\u0301',
    ]),
  },
  {
    outputs: JSONS,
    assertions: assertions('equals', [
      { a: 1 },
      { a: 1, b: [1, 2] },
      [1, 2],
      true,
      null,
      '{"a":1}',
      '{"a": 1}',
      'true',
      '[1,2]',
    ]),
  },
  { outputs: TEXTS, assertions: ['contains', 'icontains'].flatMap((type) => assertions(type, ONE)) },
  {
    outputs: TEXTS,
    assertions: ['contains-all', 'contains-any', 'icontains-all', 'icontains-any'].flatMap((type) =>
      assertions(type, MANY),
    ),
  },
  {
    outputs: TEXTS,
    assertions: assertions('starts-with', ['Hello', 'hello', ' padded', 'The', 'line one', 'Hello, World!!']),
  },
  { outputs: TEXTS, assertions: assertions('regex', PATTERNS) },
  { outputs: JSONS, assertions: ['is-json', 'contains-json'].flatMap((type) => assertions(type, SCHEMAS)) },
  {
    outputs: WORDS,
    assertions: assertions(
      'levenshtein',
      ['sitting', 'the cat sat on the mat', ''],
      [undefined, 0, 1, 3, 30],
    ),
  },
  {
    outputs: WORDS,
    assertions: assertions(
      'rouge-n',
      ['the cat sat on the mat', 'The dog', 'kitten'],
      [undefined, 0, 0.5, 1],
    ),
  },
  { outputs: [...TEXTS, ...REFUSALS], assertions: assertions('is-refusal', [undefined]) },
  { outputs: ['x'], assertions: assertions('latency', [undefined], [0, 9, 10, 11]) },
  { outputs: ['x'], assertions: assertions('cost', [undefined], [0, 0.0009, 0.001, 0.002]) },
  {
    outputs: CALLS,
    assertions: assertions(
      'tool-call-f1',
      [['weather'], 'weather', 'weather, time', ['weather', 'time'], ['other']],
      [undefined, 0.6, 0.5],
    ),
  },
  { outputs: CALLS, tools: TOOLS, assertions: assertions('is-valid-openai-tools-call', [undefined]) },
];

async function judge(assertion, output, tools) {
  const { pass, score } = await promptfoo.assertions.runAssertion({
    assertion: structuredClone(assertion),
    test: { vars: {} },
    vars: {},
    latencyMs: 10,
    provider: tools && { id: () => 'openai:chat:m', config: { tools }, callApi: async () => ({}) },
    providerResponse: { output, cost: 0.001 },
  });
  return [pass ? 1 : 0, Math.round(score * 1e6) / 1e6];
}

const groups = [];
for (const { outputs, tools, assertions: given } of GROUPS) {
  const judged = [];
  for (const assertion of given.flatMap((each) => [each, { ...each, type: `not-${each.type}` }])) {
    const results = [];
    for (const output of outputs) results.push(await judge(assertion, output, tools));
    judged.push({
      assertion,
      passes: results.map(([pass]) => pass).join(''),
      // Where it says no more than the verdict it is left out.
      ...(results.some(([pass, score]) => pass !== score) && { scores: results.map(([, score]) => score) }),
    });
  }
  groups.push({ outputs, ...(tools && { tools }), judged });
}
const lines = groups.map(
  ({ judged, ...rest }) =>
    `${JSON.stringify(rest).slice(0, -1)},"judged":[\n${judged.map((each) => JSON.stringify(each)).join(',\n')}\n]}`,
);
writeFileSync(
  new URL('verdicts.json', import.meta.url),
  `{"source":"promptfoo ${manifest.version}","groups":[\n${lines.join(',\n')}\n]}\n`,
);
process.exit(0);
