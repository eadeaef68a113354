import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readGateVerdict } from '#domain/evaluation/gate-verdict.ts';
import { type Ran, runCommandLine } from '../testing/run-command-line.ts';

const PROMPT = (system: string): string =>
  `---\ninput:\n  schema:\n    word: string\n---\n{{role "system"}}${system}\n{{role "user"}}{{word}}`;

let folder = '';
let server: Server;
let asked: { readonly model: string; readonly authorization: string | undefined }[] = [];

/** Echoes the word; told to be bad, it answers the first third wrongly, with a text that is hostile to reports. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-eval-'));
  asked = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { model, messages } = JSON.parse(Buffer.concat(chunks).toString()) as {
        readonly model: string;
        readonly messages: readonly { readonly content: string }[];
      };
      asked.push({ model, authorization: request.headers.authorization });
      const word = messages[1]?.content ?? '';
      const isWrong = messages[0]?.content.includes('bad') === true && Number(word) < 20;
      const content = isWrong ? '<script>alert(1)</script> | @everyone \u0007' : word;
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          model,
          choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await writeFile(join(folder, 'p.prompt'), PROMPT('good'));
  await writeFile(join(folder, 'bad.prompt'), PROMPT('bad'));
  const cases = Array.from({ length: 60 }, (_, n) =>
    JSON.stringify({
      id: `case-${n}`,
      vars: { word: String(n) },
      assert: [{ type: 'equals', value: '{{word}}' }],
    }),
  );
  await writeFile(join(folder, 'set.jsonl'), cases.join('\n'));
});
afterEach(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  await rm(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);

async function evaluate(...more: readonly string[]): Promise<Ran> {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const words = [
    'eval',
    '--golden-set',
    at('set.jsonl'),
    '--endpoint',
    endpoint,
    '--model',
    'gpt',
    '--cache',
    at('cache'),
  ];
  return await runCommandLine([...words, ...more], { environment: { CAPATAZ_EVAL_API_KEY: 'key' } });
}

describe('capataz eval', () => {
  it('passes an equal prompt with 0, asks for the model by name with the key, and asks nothing twice', async () => {
    const one = await evaluate('--prompt', at('p.prompt'), '--stable', at('p.prompt'));
    expect(one).toMatchObject({ code: 0 });
    expect(one.printed).toContain('Passed');
    expect(one.printed).toContain('would have been found');
    expect(one.noted).toContain('360 of 360 runs');
    expect(asked[0]).toEqual({ model: 'gpt', authorization: 'Bearer key' });
    const before = asked.length;
    expect((await evaluate('--prompt', at('p.prompt'), '--stable', at('p.prompt'))).code).toBe(0);
    expect(asked.length).toBe(before);
  });

  it('fails a worse prompt with 1, and every report says so of the same cases', async () => {
    const reports = ['json', 'junit', 'markdown', 'html', 'verdict'].flatMap((name) => [
      `--${name}`,
      at(name),
    ]);
    const { code, printed } = await evaluate(
      '--prompt',
      at('bad.prompt'),
      '--stable',
      at('p.prompt'),
      ...reports,
    );
    expect(code).toBe(1);
    expect(printed).toContain('worse: case-0, case-1');
    const read = async (name: string): Promise<string> => await readFile(at(name), 'utf8');
    const verdict = readGateVerdict(await read('verdict'));
    expect(verdict).toMatchObject({ verdict: 'Failed', worse: { more: 0 } });
    expect(verdict?.worse.names).toHaveLength(20);
    expect(JSON.parse(await read('json'))).toMatchObject({ verdict: { verdict: 'Failed' } });
    expect((await read('junit')).match(/<failure /g)).toHaveLength(21);
    const markdown = await read('markdown');
    expect(markdown).toContain('### Got worse (20)');
    expect(markdown).not.toMatch(/<script>|[^\u200B]@everyone$/m);
    const html = await read('html');
    expect(html).toContain('Got worse (20)');
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/https?:/);
  });

  it('compares with the same file at a commit of git', async () => {
    const git = (...words: readonly string[]): void =>
      void execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
        stdio: 'ignore',
      });
    git('init', '--initial-branch', 'main');
    git('add', 'p.prompt');
    git('commit', '-m', 'one');
    await writeFile(at('p.prompt'), PROMPT('bad'));
    expect((await evaluate('--prompt', at('p.prompt'), '--stable-ref', 'git:main')).code).toBe(1);
    const unknown = await evaluate('--prompt', at('p.prompt'), '--stable-ref', 'git:elsewhere');
    expect(unknown).toMatchObject({ code: 3 });
    expect((await evaluate('--prompt', at('bad.prompt'), '--stable-ref', 'git:main')).printed).toContain(
      'There is no stable version',
    );
  });

  it.each([
    ['set.jsonl', '{"assert":[{"type":"equlas","value":1}]}', 'did you mean "equals"'],
    ['set.jsonl', '{"vars":{"wrod":"a"}}', 'does not fit'],
    ['p.prompt', 'no {{#if}', 'p.prompt: line'],
  ])('ends with 3 and a sentence when %s is wrong, and asks nothing', async (file, text, sentence) => {
    await writeFile(at(file), text);
    const { code, printed } = await evaluate('--prompt', at('p.prompt'), '--verdict', at('verdict'));
    expect(code).toBe(3);
    expect(printed).toContain(sentence);
    expect(asked).toEqual([]);
    expect(readGateVerdict(await readFile(at('verdict'), 'utf8'))?.verdict).toBe('Error');
  });

  it.each([
    ['--html', 'missing/report.html', 'cannot be used: ENOENT'],
    ['--json', '', 'is a folder: name a file'],
    ['--cache', 'set.jsonl', 'cannot be used: EEXIST'],
  ])('asks nothing when what it would write has no place: %s %s', async (flag, name, sentence) => {
    const { code, noted } = await evaluate('--prompt', at('p.prompt'), flag, at(name));
    expect(code).toBe(2);
    expect(noted).toContain(sentence);
    expect(asked).toEqual([]);
  });

  it('is inconclusive with 2 when it is interrupted', async () => {
    const { code, printed } = await runCommandLine(
      [
        'eval',
        '--prompt',
        at('p.prompt'),
        '--golden-set',
        at('set.jsonl'),
        '--endpoint',
        'http://127.0.0.1:1',
        '--no-cache',
      ],
      { signal: AbortSignal.abort() },
    );
    expect(code).toBe(2);
    expect(printed).toContain('interrupted');
  });

  it('takes the schema of an Agent, without which any answer would do', async () => {
    await writeFile(
      at('agent.yaml'),
      'apiVersion: capataz.dev/v1alpha1\nkind: Agent\nmetadata: {name: a}\nspec:\n  promptRef: {name: p}\n  modelPolicy: {allow: [{name: m}], dataClass: Internal}\n  output: {schema: {type: object}}\n  limits: {outputRepairs: 0}\n',
    );
    const { code, printed } = await evaluate('--prompt', at('p.prompt'), '--agent', at('agent.yaml'));
    expect(printed).toContain('Failed');
    expect(code).toBe(1);
  });
});
