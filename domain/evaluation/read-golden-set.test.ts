import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { GoldenSet } from './golden-set.ts';
import { readGoldenSet } from './read-golden-set.ts';
import { scoreCase } from './score-case.ts';

function load(fileName: string, text: string): GoldenSet {
  const read = readGoldenSet({ name: 'set', fileName, text });
  if (!read.ok) throw new Error(`line ${read.line}: ${read.problem}`);
  return read.goldenSet;
}

function refusal(fileName: string, text: string): string {
  const read = readGoldenSet({ name: 'set', fileName, text });
  return read.ok ? 'loaded' : `line ${read.line}: ${read.problem}`;
}

const CASE = { id: 'one', vars: { mail: 'Hello' }, assert: [{ type: 'equals', value: 'ham' }] };

describe('a golden set', () => {
  it('is the same from JSONL, JSON, YAML and CSV, down to its digest', () => {
    const sets = [
      load('a.jsonl', `${JSON.stringify(CASE)}\n`),
      load('a.json', JSON.stringify([CASE])),
      load('a.yaml', '- id: one\n  vars: {mail: Hello}\n  assert:\n    - type: equals\n      value: ham\n'),
      load('a.csv', '__id,mail,__expected\none,Hello,ham\n'),
    ];
    expect(new Set(sets.map(({ digest }) => digest)).size).toBe(1);
    expect(sets[0]?.cases[0]).toMatchObject({ id: 'one', vars: { mail: 'Hello' }, critical: false, line: 1 });
  });

  it.each(['email-classifier', 'function-calling'])('is the one of this repository: %s', (name) => {
    const text = readFileSync(new URL(`../../golden-sets/${name}.jsonl`, import.meta.url), 'utf8');
    expect(load(`${name}.jsonl`, text).cases).toHaveLength(100);
  });

  it('of the leaderboard of function calls takes what its rules take, and nothing else', async () => {
    const text = readFileSync(new URL('../../golden-sets/function-calling.jsonl', import.meta.url), 'utf8');
    const { cases } = load('function-calling.jsonl', text);
    const passes = async (id: string, calls: readonly (readonly [string, object])[]): Promise<boolean> => {
      const found = cases.find((each) => each.id === id);
      if (found === undefined) throw new Error(`there is no case ${id}`);
      const answer = {
        text: '',
        isRefused: false,
        toolCalls: calls.map(([name, given]) => ({ name, argumentsText: JSON.stringify(given) })),
        tools: found.tools,
        latencyMilliseconds: 1,
        costNanoUsd: null,
      };
      const scored = await scoreCase(found, answer, async () => {
        throw new Error('nobody judges here');
      });
      return scored.kind === 'judged' && scored.pass;
    };
    const area = 'calculate_triangle_area';
    expect(await passes('simple-python-0', [[area, { base: 10, height: 5 }]])).toBe(true);
    expect(await passes('simple-python-0', [[area, { base: 10, height: 5, unit: 'Units' }]])).toBe(true);
    expect(await passes('simple-python-0', [[area, { base: 10, height: 5, unit: 'metres' }]])).toBe(false);
    expect(await passes('simple-python-0', [[area, { base: 5, height: 10 }]])).toBe(false);
    expect(await passes('simple-python-0', [[area, { base: 10 }]])).toBe(false);
    expect(await passes('simple-python-0', [])).toBe(false);
    const none = cases.filter(({ tags }) => tags.includes('irrelevance'));
    expect(none).toHaveLength(20);
    expect(await passes(none[0]?.id ?? '', [])).toBe(true);
    expect(await passes(none[0]?.id ?? '', [[none[0]?.tools[0]?.name ?? '', {}]])).toBe(false);
  });

  it("is promptfoo's configuration with default test, templates, sets, lists of variables and placeholders", () => {
    const { cases } = load(
      'promptfooconfig.yaml',
      `description: mails
prompts: [a.txt]
providers: [openai:gpt-4o]
assertionTemplates:
  short:
    type: regex
    value: '^.{0,9}$'
defaultTest:
  threshold: 0.5
  vars: {tone: kind}
  assert:
    - $ref: '#/assertionTemplates/short'
tests:
  - description: translates
    vars:
      language: [French, German]
      word: hello
    assert:
      - type: assert-set
        threshold: 0.5
        assert:
          - {type: icontains, value: '{{language}}', weight: 2}
          - {type: not-contains-any, value: 'x, "y, z"'}
    metadata: {tags: [critical, greeting]}
`,
    );
    expect(cases).toHaveLength(2);
    expect(cases[0]).toMatchObject({
      vars: { tone: 'kind', language: 'French', word: 'hello' },
      threshold: 0.5,
      critical: true,
      tags: ['critical', 'greeting'],
      assertions: [
        { type: 'regex', line: 12 },
        {
          kind: 'set',
          threshold: 0.5,
          line: 19,
          assertions: [
            { type: 'icontains', value: 'French', weight: 2, line: 22 },
            { type: 'contains-any', isInverse: true },
          ],
        },
      ],
    });
    expect(cases[0]?.id).not.toBe(cases[1]?.id);
  });

  it("takes promptfoo's columns of a CSV file, with quoted cells over several lines", () => {
    const { cases } = load(
      'a.csv',
      '\uFEFFmail,__expected1,__expected2,__metadata:group,__metadata:tags[],__threshold,__critical,__config:__expected2:threshold\n' +
        '"Hello,\nyou","contains-all:a,""b, c""",levenshtein:ham,easy,"x,y",0.5,true,2\n' +
        'Bye,not-icontains:spam,,,,,,\n',
    );
    expect(cases[0]).toMatchObject({
      vars: { mail: 'Hello,\nyou' },
      threshold: 0.5,
      critical: true,
      tags: ['x', 'y'],
      metadata: { group: 'easy' },
      assertions: [
        { type: 'contains-all', value: ['a', 'b, c'] },
        { type: 'levenshtein', value: 'ham', threshold: 2 },
      ],
    });
    expect(cases[1]).toMatchObject({ line: 4, assertions: [{ type: 'icontains', isInverse: true }] });
  });

  it.each([
    [
      'a.jsonl',
      `${JSON.stringify(CASE)}\n{"vars":{},"assert":[{"type":"contians","value":"a"}]}`,
      /^line 2: "contians" is no assertion; did you mean "contains"\?/,
    ],
    [
      'a.jsonl',
      '{"vars":{},"asert":[]}',
      /^line 1: "asert" is no field of the case; did you mean "assert"\?/,
    ],
    [
      'a.jsonl',
      '{"assert":[{"type":"equals","value":"a","wieght":2}]}',
      /"wieght" is no field of the assertion; did you mean "weight"/,
    ],
    [
      'a.yaml',
      '- vars: {a: b}\n  assert:\n    - type: equals\n      value: x\n    - type: javascript\n      value: output.length < 5\n',
      /^line 5: the assertion "javascript" is not supported: no code/,
    ],
    ['a.yaml', 'tests:\n  - vars: {a: 1}\n    vars: {a: 2}\n', /^line 3: a key stands twice/],
    ['a.yaml', 'tests: file://x.csv\n', /^line 1: tests must be a list/],
    ['a.yaml', 'test: []\n', /^line 1: "test" is no field of a golden set; did you mean "tests"/],
    [
      'a.json',
      '[\n {"vars":{}},\n {"vars":{"b":1},"provider":"x"}\n]',
      /^line 3: "provider" is not supported in the case: the model is named once/,
    ],
    ['a.json', '{"tests":[\n {"vars":{}},\n {"id":5}\n]}', /^line 3: id of the case/],
    ['a.csv', 'a,_expected\n1,2\n', /^line 2: the column "_expected" begins with one underscore/],
    ['a.csv', 'a,__expcted\n1,2\n', /is no column of a golden set; did you mean "__expected"/],
    ['a.csv', 'a,b\n1\n', /^line 2: the row has 1 cells/],
    ['a.csv', 'a,__expected\n"x\ny",z\n1,similar:b\n', /^line 4: the assertion "similar" is not supported/],
    ['a.jsonl', '{"assert":[{"type":"regex","value":"(a"}]}', /the assertion regex has a pattern that/],
    ['a.jsonl', '{"assert":[{"type":"is-json","value":{"type":"objct"}}]}', /has a schema that is not valid/],
    [
      'a.jsonl',
      '{"vars":{},"assert":[{"type":"equals","value":"{{ missing }}"}]}',
      /names the variable "missing"/,
    ],
    [
      'a.jsonl',
      '{"vars":{"a":"b"},"assert":[{"type":"equals","value":"{{ a | upper }}"}]}',
      /only the name of a variable/,
    ],
    [
      'a.jsonl',
      `${JSON.stringify(CASE)}\n\n${JSON.stringify(CASE)}`,
      /^line 3: the id "one" stands on line 1 already/,
    ],
    [
      'a.jsonl',
      JSON.stringify({ assert: [{ type: 'latency' }] }),
      /latency needs a threshold in milliseconds/,
    ],
    [
      'a.yaml',
      '- vars:\n    a: b\n    mail: file://mails/1.txt\n',
      /^line 3: a variable names "file:\/\/mails\/1\.txt": a golden set is one file/,
    ],
    [
      'a.yaml',
      '- vars: {a: b}\n  assert:\n    - type: contains-any\n      value: [x, file://words.txt]\n',
      /^line 4: the assertion "contains-any" names "file:/,
    ],
    [
      'a.yaml',
      'defaultTest:\n  vars: {system: file://s.txt}\ntests:\n  - vars: {a: b}\n',
      /^line 2: a variable names "file:/,
    ],
    ['a.yaml', 'tests:\n  - vars: {a: b}\n  - file://more.csv\n', /^line 3: the case is "file:\/\/more.csv"/],
    [
      'a.yaml',
      'defaultTest: file://d.yaml\ntests:\n  - vars: {a: b}\n',
      /^line 1: the default test is "file:\/\/d.yaml"/,
    ],
    [
      'a.yaml',
      '- vars:\n    name: Bob\n    mail: Dear {{ name }}\n',
      /^line 3: the variable "mail" holds "\{\{ name \}\}", which is not filled in/,
    ],
    [
      'a.jsonl',
      '{"vars":{"key":"{{ env.HOME }}"}}',
      /^line 1: the variable "key" holds "\{\{ env \}\}", which is not filled in/,
    ],
    [
      'a.yaml',
      'assertionTemplates:\n  x: {type: equals, value: y}\ntests:\n  - vars: {a: b}\n    assert:\n      - $ref: "#/assertionTemplates/x"\n        weight: 2\n',
      /^line 6: "weight" stands beside \$ref/,
    ],
    [
      'a.yaml',
      'assertionTemplates: [x]\ntests:\n  - vars: {a: b}\n',
      /^line 1: assertionTemplates must be assertions by name/,
    ],
    ['a.csv', 'a,__expected\n1,word-count:5\n', /^line 2: the assertion "word-count" is not supported/],
    ['a.csv', 'a,__expected\n1,similar:cosine(0.8):x\n', /^line 2: the assertion "similar:cosine" is not/],
    ['a.csv', 'a,__expected\n1,not-trajectory:tool-used:x\n', /"not-trajectory:tool-used" is not supported/],
    ['a.csv', 'a,__prefix\n1,x\n', /^line 2: "__prefix" is no column of a golden set/],
    [
      'a.yaml',
      'scenarios: []\ntests:\n  - vars: {a: b}\n',
      /^line 1: "scenarios" is no field of a golden set/,
    ],
    [
      'a.yaml',
      '- vars: {a: b}\n  options:\n    transform: output.trim()\n',
      /^line 3: "transform" is not supported in the case: no code/,
    ],
    ['a.jsonl', `{"vars":${'['.repeat(100)}`, /nests deeper than 64 levels/],
    ['a.yaml', `- vars: {a: ${'['.repeat(100)}`, /nested deeper than 64 levels/],
    ['a.yaml', '- &a {vars: {b: c}}\n- *a\n', /alias "\*a" is refused/],
    ['a.txt', '', /ends with .jsonl, .json, .yaml, .yml or .csv/],
    ['a.jsonl', '\n', /there are no cases/],
  ])('is refused with its line: %s %s', (fileName, text, sentence) => {
    expect(refusal(fileName, text)).toMatch(sentence);
  });
});
