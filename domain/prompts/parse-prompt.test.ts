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

  it("namespaced keys as other tools' own", async () => {
    expect((await parsed('---\nacme.owner: x\next: {acme: {a: 1}}\n---\nHi')).template).toBe('Hi');
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

describe('parsePrompt refuses with reason and line', () => {
  const cases: readonly (readonly [string, string, PromptFault['reason'], number, RegExp])[] = [
    ['a missing front matter', 'model: x\n\nHi', 'FrontMatterInvalid', 1, /begins with its front matter/],
    ['an empty file', '', 'FrontMatterInvalid', 1, /begins with its front matter/],
    ['blank lines before the fence', '\n---\n---\nHi', 'FrontMatterInvalid', 2, /start of line 1/],
    ['an indented opening fence', ' ---\nmodel: x\n---\nHi', 'FrontMatterInvalid', 1, /start of line 1/],
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
      /"config\.max_tokens" is not known; config takes/,
    ],
    ['tools that only code can define', '---\ntoolDefs: []\n---\nHi', 'FrontMatterInvalid', 2, /toolDefs/],
    ['a temperature out of range', '---\nconfig: {temperature: 9}\n---\nHi', 'FrontMatterInvalid', 2, /temp/],
    ['a prototype key', '---\nacme.x: {__proto__: {a: 1}}\n---\nHi', 'FrontMatterInvalid', 2, /__proto__/],
    ['an unknown type', withSchema('a: strin', '{{a}}'), 'VariablesSchemaInvalid', 3, /strin/],
    [
      'variables that are no object',
      '---\ninput: {schema: string}\n---\nHi',
      'VariablesSchemaInvalid',
      2,
      /mapping/,
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
    ['broken Handlebars', '---\n---\nHi\n{{#if', 'TemplateInvalid', 4, /Handlebars/],
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
      'an undeclared variable in a prompt without variables',
      '---\n---\n{{b}}',
      'TemplateInvalid',
      3,
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
