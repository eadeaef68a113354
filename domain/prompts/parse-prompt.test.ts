import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ParsedPrompt, type PromptFault, parsePrompt } from './parse-prompt.ts';

async function parsed(text: string): Promise<ParsedPrompt> {
  const result = await parsePrompt(text);
  if (!result.ok) throw new Error(result.message);
  return result.prompt;
}

async function fault(text: string): Promise<PromptFault> {
  const result = await parsePrompt(text);
  if (result.ok) throw new Error('the prompt was accepted');
  return result;
}

function withSchema(schema: string, template: string): string {
  const indented = schema
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  return `---\ninput:\n  schema:\n${indented}\n---\n${template}`;
}

const EMAIL = withSchema('subject: string, the subject line\nbody?: string', '{{subject}} {{body}}');

describe('parsePrompt reads', () => {
  it('Picoschema variables with their order and optionality', async () => {
    const prompt = await parsed(EMAIL);
    expect(prompt.variables).toEqual(['subject', 'body']);
    expect(prompt.variablesSchema).toMatchObject({ required: ['subject'], additionalProperties: false });
  });

  it('JSON Schema variables, and refuses variables that it does not declare', async () => {
    const prompt = await parsed(
      withSchema('type: object\nproperties:\n  n: {type: integer, minimum: 1}\nrequired: [n]', '{{n}}'),
    );
    expect(prompt.findVariableProblems({ n: 0, m: 1 })).toEqual(['"m" is not known', '"n" must be >= 1']);
  });

  it('the model settings and the output', async () => {
    const prompt = await parsed(
      '---\nmodel: x/y\nconfig: {temperature: 0.2, maxOutputTokens: 9, topP: 0.5, topK: 3, stopSequences: ["\\n"]}\noutput:\n  format: json\n  schema: {label: string}\n---\nHi',
    );
    expect(prompt.settings).toEqual({
      temperature: 0.2,
      maxOutputTokens: 9,
      topP: 0.5,
      topK: 3,
      stopSequences: ['\n'],
    });
    expect(prompt.output).toMatchObject({ format: 'json', schema: { required: ['label'] } });
    expect(prompt.model).toBe('x/y');
  });

  it('a file with CRLF line ends and a byte order mark like the same file without', async () => {
    expect((await parsed(`\uFEFF${EMAIL.replaceAll('\n', '\r\n')}`)).template).toBe(
      (await parsed(EMAIL)).template,
    );
  });

  it('a file with CR line ends', async () => {
    expect(await parsed(EMAIL.replaceAll('\n', '\r'))).toMatchObject({ variables: ['subject', 'body'] });
  });

  it("namespaced keys as other tools' own", async () => {
    expect((await parsed('---\nacme.owner: x\next: {acme: {a: 1}}\n---\nHi')).template).toBe('Hi');
  });

  it('a file without front matter as a template, whatever horizontal lines it draws', async () => {
    const prompt = await parsed('# Greeting\n\nSay hello to the world.\n\n***\n');
    expect(prompt.template).toBe('# Greeting\n\nSay hello to the world.\n\n***');
    expect((await parsed('One\n\n---\n\nTwo')).template).toBe('One\n\n---\n\nTwo');
  });

  it('a front matter after blank lines and a licence, with the right lines', async () => {
    const licence = '\n# Copyright\n# SPDX-License-Identifier: Apache-2.0\n\n';
    const prompt = await parsed(`${licence}---\nmodel: x/y\n---\nHi`);
    expect(prompt).toMatchObject({ model: 'x/y', template: 'Hi' });
    expect(await fault(`${licence}---\nmodle: x/y\n---\nHi`)).toMatchObject({ line: 6 });
    expect(await fault(`${licence}---\n---\n\n{{#if}}x{{/if}}`)).toMatchObject({ line: 8 });
  });

  it("the example of dotprompt's reference", async () => {
    const prompt = await parsed(
      [
        '---\nname: greetingPrompt\nvariant: formal\nmodel: googleai/gemini-1.5-flash\ntools:\n  - timeOfDay',
        'config:\n  version: gemini-1.5-flash-latest\n  temperature: 0.7\n  topK: 20\n  topP: 0.8\n  stopSequences:\n    - STOPSTOPSTOP',
        'input:\n  default:\n    name: Guest\n  schema:\n    name: string\n    language?: string',
        'output:\n  format: json\n  schema:\n    greeting: string, the greeting\n    formalityLevel: number, how formal it is',
        'metadata:\n  customKey:\n    customValue: 123\nmycorp.subunit.level: 5\n---\nGreet {{name}}{{#if language}} in {{language}}{{/if}}.',
      ].join('\n'),
    );
    expect(prompt.settings).toEqual({
      temperature: 0.7,
      topK: 20,
      topP: 0.8,
      stopSequences: ['STOPSTOPSTOP'],
    });
    expect(prompt.variables).toEqual(['name', 'language']);
  });

  it('keys without a value as not given', async () => {
    expect(await parsed('---\nconfig:\n  topK:\ninput:\noutput:\nmodel:\n---\nHi')).toMatchObject({
      settings: {},
      variables: [],
    });
  });

  it('the variables of a prompt that declares none from its template', async () => {
    const prompt = await parsed(
      'For {{customer.name}} {{#if tone}}in {{tone}}{{/if}} {{#each mails}}{{from}} {{../sender}}{{/each}} {{@root.place}}',
    );
    expect(prompt.variables).toEqual(['customer', 'tone', 'mails', 'sender', 'place']);
    expect(prompt.findVariableProblems({ tone: 'x', other: 1 })).toEqual(
      expect.arrayContaining(['"customer" is missing', '"sender" is missing', '"other" is not known']),
    );
    expect(prompt.findVariableProblems({ customer: {}, sender: 's', place: 1 })).toEqual([]);
    const whole = await parsed('{{json this}} {{a}}');
    expect(whole.findVariableProblems({ a: 1, other: 1 })).toEqual([]);
    const guest = await parsed('---\ninput: {default: {name: Guest}}\n---\nHi {{name}}');
    expect(guest.findVariableProblems({})).toEqual([]);
  });

  it('text as long as the API server lets through, which counts characters and not their halves', async () => {
    expect((await parsed('😀'.repeat(131_072))).template).toHaveLength(262_144);
    expect(await fault('😀'.repeat(131_073))).toMatchObject({ reason: 'TemplateInvalid' });
  });

  it('inverted sections of helpers, with and without {{else}}', async () => {
    const prompt = await parsed('{{^if a}}x{{/if}}{{^if a}}x{{else}}{{a}}{{/if}}{{^each l}}none{{/each}}');
    expect(prompt.variables).toEqual(['a', 'l']);
  });

  it('an empty front matter', async () => {
    expect((await parsed('---\n---\nHi')).template).toBe('Hi');
    expect((await parsed('---\n\n---\nHi')).template).toBe('Hi');
  });

  it('loops, nested values, block parameters and @data that the schema covers', async () => {
    const prompt = await parsed(
      withSchema(
        'mails(array):\n  from: string\n  tags(array): string\nowner(object):\n  name: string\nfree: any',
        '{{#each mails as |mail index|}}{{index}} {{mail.from}} {{@index}} {{#each tags}}{{this}} {{../from}}{{/each}}{{else}}none {{owner.name}}{{/each}}{{#with owner}}{{name}}{{@root.owner.name}}{{/with}}{{json mails indent=2}}{{free.a.b}}{{lookup free "x"}}{{mails.length}}{{#ifEquals owner.name "x"}}a{{else}}b{{/ifEquals}}',
      ),
    );
    expect(prompt.variables).toEqual(['mails', 'owner', 'free']);
  });
});

const UNKNOWN_OPTION = /"x=" is not an option of/;

describe('parsePrompt refuses with reason and line', () => {
  const cases: readonly (readonly [string, string, PromptFault['reason'], number, RegExp])[] = [
    ['a missing opening fence', 'model: x\n---\nHi', 'FrontMatterInvalid', 1, /no opening fence/],
    [
      'a comment of another kind before the front matter',
      '{{!-- Copyright --}}\n---\nmodel: x\n---\nHi',
      'FrontMatterInvalid',
      1,
      /only blank lines and lines that begin with "#"/,
    ],
    [
      'an opening fence with a word',
      '---yaml\nmodel: x\n---\nHi',
      'FrontMatterInvalid',
      1,
      /start of its line/,
    ],
    ['an empty file', '', 'TemplateInvalid', 1, /no template/],
    ['an indented opening fence', '\n ---\nmodel: x\n---\nHi', 'FrontMatterInvalid', 2, /start of its line/],
    ['an indented closing fence', '---\nmodel: x\n ---\nHi', 'FrontMatterInvalid', 3, /closing fence/],
    ['a fence of four dashes', '---\nmodel: x\n----\nHi', 'FrontMatterInvalid', 3, /closing fence/],
    ['a front matter that never closes', '---\nmodel: x\nHi', 'FrontMatterInvalid', 1, /never closed/],
    ['mis-indented YAML', '---\nmodel: x\n  config: 1\n---\nHi', 'FrontMatterInvalid', 2, /mappings/],
    ['a key that stands twice', '---\nmodel: x\nmodel: y\n---\nHi', 'FrontMatterInvalid', 3, /unique/],
    ['a YAML list', '---\n- a\n---\nHi', 'FrontMatterInvalid', 2, /mapping/],
    ['an unknown tag', '---\nmodel: !!js/function x\n---\nHi', 'FrontMatterInvalid', 2, /tag/],
    ['an unknown key, by name', '---\nmodle: x\n---\nHi', 'FrontMatterInvalid', 2, /"modle" is not a key/],
    [
      'an unknown key of config, by name',
      '---\nconfig:\n  temperature: 1\n  max_tokens: 1\n---\nHi',
      'FrontMatterInvalid',
      4,
      /"config\.max_tokens" cannot be honoured.*config takes/,
    ],
    ['tools that only code can define', '---\ntoolDefs: []\n---\nHi', 'FrontMatterInvalid', 2, /spec\.tools/],
    ['an end of the run', '---\nmaxTurns: 3\n---\nHi', 'FrontMatterInvalid', 2, /spec\.limits\.steps/],
    [
      "a setting of one provider's models",
      '---\nconfig:\n  thinkingConfig: {thinkingBudget: 1}\n---\nHi',
      'FrontMatterInvalid',
      3,
      /"config\.thinkingConfig" cannot be honoured: .* every provider/,
    ],
    ['another output', '---\noutput: {format: enum}\n---\nHi', 'FrontMatterInvalid', 2, /json or text/],
    ['a key that is no text', '---\n? [a]\n: 1\n---\nHi', 'FrontMatterInvalid', 2, /"\? "/],
    ['a tab', '---\nconfig:\n\ttopK: 1\n---\nHi', 'FrontMatterInvalid', 3, /spaces only/],
    [
      'a colon without a space',
      '---\ntopP 0.8\nmodel: x\n---\nHi',
      'FrontMatterInvalid',
      2,
      /space must follow/,
    ],
    ['a temperature out of range', '---\nconfig: {temperature: 9}\n---\nHi', 'FrontMatterInvalid', 2, /temp/],
    [
      'a number that is none in JSON',
      '---\nmetadata:\n  a: .inf\n---\nHi',
      'FrontMatterInvalid',
      3,
      /number \.inf/,
    ],
    [
      'a number too large for JSON',
      '---\nmetadata: [1e400]\n---\nHi',
      'FrontMatterInvalid',
      2,
      /number 1e400/,
    ],
    [
      'a value that only a tag makes',
      '---\nmetadata: !!binary YQ==\n---\nHi',
      'FrontMatterInvalid',
      2,
      /YAML tag/,
    ],
    ['a set of YAML', '---\nmetadata: {a: !!set {x, y}}\n---\nHi', 'FrontMatterInvalid', 2, /YAML tag/],
    ['a prototype key', '---\nacme.x: {__proto__: {a: 1}}\n---\nHi', 'FrontMatterInvalid', 2, /__proto__/],
    ['an unknown type', withSchema('a: strin', '{{a}}'), 'VariablesSchemaInvalid', 4, /strin/],
    [
      'a type that is missing',
      withSchema('b: any\na:', '{{a}}'),
      'VariablesSchemaInvalid',
      5,
      /"a" has no type/,
    ],
    [
      'variables that are no object',
      '---\ninput: {schema: string}\n---\nHi',
      'VariablesSchemaInvalid',
      2,
      /must describe an object/,
    ],
    [
      'a JSON Schema with a mistyped keyword',
      withSchema('type: object\nproperites: {}', 'Hi'),
      'VariablesSchemaInvalid',
      3,
      /properites/,
    ],
    [
      'a variable with a name no template can write',
      withSchema('"a b": string', 'Hi'),
      'VariablesSchemaInvalid',
      3,
      /"a b"/,
    ],
    [
      'a default of an undeclared variable',
      '---\ninput:\n  default: {b: 1}\n  schema: {a: string}\n---\n{{a}}',
      'VariablesSchemaInvalid',
      3,
      /"b" is not known/,
    ],
    [
      'a default of the wrong type',
      '---\ninput:\n  default: {a: 1}\n  schema: {a: string}\n---\n{{a}}',
      'VariablesSchemaInvalid',
      3,
      /"a" must be string/,
    ],
    [
      'an output schema that is none',
      '---\noutput: {schema: {a: strin}}\n---\nHi',
      'FrontMatterInvalid',
      2,
      /strin/,
    ],
    ['no template', '---\nmodel: x\n---\n\n', 'TemplateInvalid', 4, /no template/],
    [
      'an expression that never closes',
      '---\n---\nHi\n{{#if',
      'TemplateInvalid',
      4,
      /Handlebars.*never closed/,
    ],
    [
      'a block that never closes, where it opens',
      withSchema('a: string', '{{#if a}}\n{{#if a}}x{{/if}}\ny\n'),
      'TemplateInvalid',
      6,
      /\{\{#if\}\} that opens here is never closed/,
    ],
    [
      'a block that was never opened',
      '---\n---\nx\n{{/if}}',
      'TemplateInvalid',
      4,
      /\{\{\/if\}\} closes a block that/,
    ],
    ['an {{else}} of no block', '---\n---\n{{else}}', 'TemplateInvalid', 3, /\{\{else\}\} outside/],
    ['a comparison', withSchema('a: any', '{{#if a == 1}}{{/if}}'), 'TemplateInvalid', 6, /ifEquals/],
    ['a filter', withSchema('a: any', '{{a | upper}}'), 'TemplateInvalid', 6, /no filters/],
    [
      'a bracket that never closes',
      withSchema('a: any', '{{json (lookup a 1}}'),
      'TemplateInvalid',
      6,
      /"\(" is never/,
    ],
    [
      'an indent in quotes',
      withSchema('a: any', '{{json a indent="2"}}'),
      'TemplateInvalid',
      6,
      /without quotes/,
    ],
    [
      'an indent of a variable',
      withSchema('a: any', '{{json a indent=a}}'),
      'TemplateInvalid',
      6,
      /whole number/,
    ],
    ...[
      '{{json a x=1}}',
      '{{role "user" x=1}}',
      '{{history x=1}}',
      '{{lookup a 1 x=1}}',
      '{{media url=a x=1}}',
    ].map(
      (call) =>
        ['an unknown option', withSchema('a: any', call), 'TemplateInvalid', 6, UNKNOWN_OPTION] as const,
    ),
    ...['if a', 'each a', 'with a', 'ifEquals a 1', 'unlessEquals a 1', 'if (lookup a 1 x=1)'].map((call) => {
      const template = `{{#${call} x=1}}y{{/${call.split(' ')[0] ?? ''}}}`;
      return [
        'an unknown option',
        withSchema('a: any', template),
        'TemplateInvalid',
        6,
        UNKNOWN_OPTION,
      ] as const;
    }),
    ['a section', '---\n---\n{{section "output"}}', 'TemplateInvalid', 3, /"section" is not a helper here: /],
    [
      'a helper that other hosts define',
      withSchema('a: any', '{{#if (eq a "x")}}y{{/if}}'),
      'TemplateInvalid',
      6,
      /"eq" is not a helper here: write \{\{#ifEquals/,
    ],
    [
      'a block that closes another',
      withSchema('a: string', '{{#if a}}\n{{/unless}}'),
      'TemplateInvalid',
      6,
      /Handlebars/,
    ],
    [
      'an undeclared variable',
      withSchema('a: string', 'x\n\n{{b}}'),
      'TemplateInvalid',
      8,
      /"b" is not declared.*declares a/,
    ],
    [
      'an undeclared variable in a prompt that declares none',
      '---\ninput: {schema: {type: object, properties: {}}}\n---\n{{b}}',
      'TemplateInvalid',
      4,
      /declares none/,
    ],
    [
      'an undeclared variable in a condition',
      withSchema('a: string', '{{#if b}}x{{/if}}'),
      'TemplateInvalid',
      6,
      /"b"/,
    ],
    [
      'an undeclared variable as argument',
      withSchema('a: string', '{{json b}}'),
      'TemplateInvalid',
      6,
      /"b"/,
    ],
    [
      'an undeclared variable in a bracket',
      withSchema('a: string', '{{#if (lookup a b)}}x{{/if}}'),
      'TemplateInvalid',
      6,
      /"b"/,
    ],
    [
      'an undeclared variable as option',
      withSchema('a: string', '{{media url=b}}'),
      'TemplateInvalid',
      6,
      /"b"/,
    ],
    ['an undeclared field', withSchema('a(object): {b: string}', '{{a.c}}'), 'TemplateInvalid', 6, /"a\.c"/],
    [
      'an undeclared field in a loop',
      withSchema('a(array): {b: string}', '{{#each a}}{{c}}{{/each}}'),
      'TemplateInvalid',
      6,
      /"c"/,
    ],
    [
      'an outer variable without ../ in a loop',
      withSchema('t: string\na(array): {b: string}', '{{#each a}}{{t}}{{/each}}'),
      'TemplateInvalid',
      7,
      /"t"/,
    ],
    ['a path out of the template', withSchema('a: string', '{{../a}}'), 'TemplateInvalid', 6, /outermost/],
    ['a loop over a text', withSchema('a: string', '{{#each a}}x{{/each}}'), 'TemplateInvalid', 6, /neither/],
    [
      'an object printed as text',
      withSchema('a(object): {b: string}', '{{a}}'),
      'TemplateInvalid',
      6,
      /\{\{json a\}\}/,
    ],
    ['the constructor', withSchema('a: any', '{{a.constructor}}'), 'TemplateInvalid', 6, /constructor/],
    ['the prototype', withSchema('a: any', '{{a.__proto__.b}}'), 'TemplateInvalid', 6, /__proto__/],
    [
      'a prototype member of the variables',
      withSchema('a: string', '{{toString}}'),
      'TemplateInvalid',
      6,
      /toString/,
    ],
    ["dotprompt's own data", '---\n---\n{{json @metadata}}', 'TemplateInvalid', 3, /@metadata/],
    ["the renderer's own data", '---\n---\n{{@capataz.guard}}', 'TemplateInvalid', 3, /@capataz/],
    ['a partial', '---\n---\n{{> other}}', 'TemplateInvalid', 3, /partials/],
    ['a partial block', '---\n---\n{{#> other}}x{{/other}}', 'TemplateInvalid', 3, /partials/],
    ['an inline partial', '---\n---\n{{#*inline "x"}}y{{/inline}}', 'TemplateInvalid', 3, /partials/],
    ['a decorator', '---\n---\n{{* x}}', 'TemplateInvalid', 3, /./],
    [
      'the log helper, which prints prompts',
      withSchema('a: string', '{{log a}}'),
      'TemplateInvalid',
      6,
      /"log" is not a helper/,
    ],
    [
      'a helper of code',
      withSchema('a: string', '{{shout a}}'),
      'TemplateInvalid',
      6,
      /"shout" is not a helper/,
    ],
    ['a section without #if', withSchema('a: string', '{{#a}}x{{/a}}'), 'TemplateInvalid', 6, /block helper/],
    ['a role chosen by a variable', withSchema('a: string', '{{role a}}'), 'TemplateInvalid', 6, /in quotes/],
    ['an unknown role', '---\n---\n{{role "root"}}', 'TemplateInvalid', 3, /in quotes/],
    ['a second history', '---\n---\n{{history}}\n{{history}}', 'TemplateInvalid', 4, /once/],
    ['a marker written by hand', '---\n---\n<<<dotprompt:role:system>>>', 'TemplateInvalid', 3, /markers/],
    ['media without url', '---\n---\n{{media}}', 'TemplateInvalid', 3, /url=/],
    [
      'blocks without end',
      withSchema('a: string', '{{#if a}}'.repeat(40) + '{{/if}}'.repeat(40)),
      'TemplateInvalid',
      6,
      /nested/,
    ],
    [
      'too many expressions',
      withSchema('a: string', '{{a}}'.repeat(5001)),
      'TemplateInvalid',
      6,
      /more than 5000/,
    ],
    [
      'a text beyond the bound',
      `---\n---\n${'x'.repeat(131_073)}`,
      'TemplateInvalid',
      1,
      /longer than 131072/,
    ],
    [
      'a front matter beyond the bound',
      `---\n${'#'.repeat(33_000)}\n---\nHi`,
      'FrontMatterInvalid',
      1,
      /longer than 32768/,
    ],
    [
      'brackets nested until the parser gives up',
      `---\na.b: ${'['.repeat(30_000)}\n---\nHi`,
      'FrontMatterInvalid',
      2,
      /./,
    ],
  ];
  it.each(cases)('%s', async (_name, text, reason, line, problem) => {
    const found = await fault(text);
    expect({ reason: found.reason, line: found.line }).toEqual({ reason, line });
    expect(found.problem).toMatch(problem);
    expect(found.message).toBe(`line ${line}: ${found.problem}`);
    expect(found.message).not.toContain('\n');
  });

  it.each([
    ['blocks without end', '{{#if a}}'.repeat(14_000), /nested deeper/],
    ['blocks that all close', '{{#if a}}'.repeat(6_500) + '{{/if}}'.repeat(6_500), /nested deeper/],
    ['else after else', `{{#if a}}${'{{else if a}}'.repeat(9_000)}{{/if}}`, /nested deeper/],
    ['brackets in brackets', `{{json ${'(lookup a '.repeat(8_000)}1${')'.repeat(8_000)}}}`, /nested deeper/],
    ['a path of many parts', `{{${'a.'.repeat(60_000)}a}}`, /more than 256/],
    ['many arguments', `{{json ${'a '.repeat(60_000)}}}`, /more than 256/],
    ['many blocks', '{{#if a}}{{/if}}'.repeat(1_001), /more than 1000 blocks/],
    ['many escaped expressions', '\\{{a}} '.repeat(5_001), /more than 5000/],
  ])('a template of %s, before its parser sees it', async (_name, template, problem) => {
    const found = await fault(withSchema('a: any', template));
    expect(found).toMatchObject({ reason: 'TemplateInvalid', line: 6 });
    expect(found.problem).toMatch(problem);
  });

  it.each([
    ['explicit keys', '? '.repeat(16_000)],
    ['lists in lists', `a.b: ${'['.repeat(15_000)}${']'.repeat(15_000)}`],
    ['dashes after dashes', `a.b:\n ${'- '.repeat(15_000)}`],
    ['mappings in mappings', `a.b: ${'{a: '.repeat(8_000)}`],
    ['many keys', Array.from({ length: 5_000 }, (_, n) => `${n}:`).join('\n')],
    ['many anchors', `a.b: ${'&a '.repeat(10_000)}`],
    ['many lines in quotes', `a.b: "${'\\\n'.repeat(16_000)}"`],
  ])('a front matter of %s, before its parser sees it', async (_name, yaml) => {
    const found = await fault(`---\n${yaml}\n---\nHi`);
    expect(found.reason).toBe('FrontMatterInvalid');
    expect(found.problem).toMatch(/nested deeper|more than|"\? "/);
  });

  it('a problem that quotes a long text, shortened', async () => {
    const found = await fault(withSchema('a: string', `{{${'b'.repeat(100_000)}}}`));
    expect(found.message.length).toBeLessThan(1_100);
  });

  it('a front matter that grows through aliases, before it grows', async () => {
    const levels = Array.from(
      { length: 20 },
      (_, n) => `  a${n + 1}: &a${n + 1} [*a${n}, *a${n}, *a${n}, *a${n}]`,
    );
    const found = await fault(`---\nacme.bomb:\n  a0: &a0 [x]\n${levels.join('\n')}\n---\nHi`);
    expect(found).toMatchObject({ reason: 'FrontMatterInvalid', line: 4 });
    expect(found.problem).toContain('alias');
  });
});

describe('parsePrompt, on any text,', () => {
  it('answers with a prompt or one sentence and never throws', async () => {
    const fragment = fc.constantFrom(
      '---',
      '\n',
      '{{',
      '}}',
      '{{a}}',
      '{{#each a}}',
      '{{/each}}',
      'input:',
      '  schema:',
      '    a: string',
      '&x',
      '*x',
      ': ',
      '\\{{a}}',
      '{{{{raw}}}}',
      '{{~a~}}',
      '{{!-- x --}}',
      '{{else}}',
      '\u0000',
      '"',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fragment, fc.string()), { maxLength: 30 }), async (parts) => {
        const result = await parsePrompt(parts.join(''));
        expect(result.ok || result.message.startsWith('line ')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
