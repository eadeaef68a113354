import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { PromptVersionSpec } from '#crds/prompt-version.ts';
import { promptDigest, promptVersionName } from '#domain/prompts/prompt-digest.ts';

const TOOL = join(import.meta.dirname, 'render-prompt-version.ts');
const TEXT = `---\ninput:\n  schema:\n    subject: string\n---\n${'Long line. '.repeat(30)}\n\n  indented: "{{subject}}"  \n`;
const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prompts-'));
  await writeFile(join(folder, 'triage.prompt'), TEXT);
});
afterAll(async () => rm(folder, { recursive: true }));

async function render(...argumentsGiven: readonly string[]): Promise<string> {
  return (await run(process.execPath, [TOOL, ...argumentsGiven], { cwd: folder })).stdout;
}

async function git(...command: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];
  return (await run('git', [...identity, ...command], { cwd: folder })).stdout.trim();
}

async function faultOf(
  ...argumentsGiven: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    await render(...argumentsGiven);
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
  throw new Error('the tool succeeded');
}

describe('render-prompt-version', () => {
  it('prints an object that the kind accepts, with the text to the last byte', async () => {
    const manifest = parse(await render('triage.prompt', '--namespace', 'shop')) as {
      metadata: unknown;
      spec: PromptVersionSpec;
    };
    const digest = promptDigest(TEXT);
    expect(manifest.metadata).toEqual({ name: promptVersionName('triage', digest), namespace: 'shop' });
    expect(PromptVersionSpec.parse(manifest.spec)).toEqual({ prompt: 'triage', text: TEXT, digest });
  });

  it('prints JSON when asked, and several files as one stream', async () => {
    await writeFile(join(folder, 'other.prompt'), '---\n---\nHi\n');
    expect(JSON.parse(await render('triage.prompt', '--json'))).toMatchObject({ kind: 'PromptVersion' });
    const documents = parseAllDocuments(await render('triage.prompt', 'other.prompt'));
    expect(documents).toHaveLength(2);
  });

  it.each([
    ['of many bytes', '漢'.repeat(131_000)],
    ['that JSON makes longer', '<'.repeat(60_000)],
  ])('prints a version %s and says how it can be sent', async (_name, text) => {
    await writeFile(join(folder, 'long.prompt'), text);
    const { stdout, stderr } = await run(process.execPath, [TOOL, 'long.prompt'], {
      cwd: folder,
      maxBuffer: 2 ** 22,
    });
    const manifest = parse(stdout) as { metadata: { name: string }; spec: PromptVersionSpec };
    expect(manifest.spec.text).toBe(text);
    expect(stderr).toContain(`cannot send ${manifest.metadata.name}`);
    expect(stderr).toContain('kubectl apply --server-side');
  });

  it('has no hint for a version that can be applied', async () => {
    await writeFile(join(folder, 'short.prompt'), 'x'.repeat(131_072));
    expect((await run(process.execPath, [TOOL, 'short.prompt'], { cwd: folder })).stderr).toBe('');
  });

  it('tells a fault as file:line in one sentence and prints nothing', async () => {
    await writeFile(join(folder, 'bad.prompt'), '---\nmodle: x\n---\nHi\n');
    const fault = await faultOf('triage.prompt', 'bad.prompt');
    expect(fault).toMatchObject({ code: 1, stdout: '' });
    expect(fault.stderr).toMatch(/^bad\.prompt:2: "modle" is not a key .*\n$/);
  });

  it.each([
    [['missing.prompt'], /^missing\.prompt: cannot be read/],
    [['Bad_Name.prompt'], /must be called <name>\.prompt/],
    [[], /^usage:/],
  ])('refuses %j in one sentence', async (given, sentence) => {
    await writeFile(join(folder, 'Bad_Name.prompt'), TEXT);
    expect((await faultOf(...given)).stderr).toMatch(sentence);
  });

  it('refuses a name in the front matter that is not the name of the file', async () => {
    await writeFile(join(folder, 'named.prompt'), '---\nname: other\n---\nHi\n');
    expect((await faultOf('named.prompt')).stderr).toContain(
      'named.prompt:1: the front matter says name: other',
    );
  });

  it('names the commit that first brought the text, also after the text came back', async () => {
    await git('init', '--quiet', '--initial-branch=main');
    const uncommitted = parse(await render('triage.prompt')) as { spec: PromptVersionSpec };
    expect(uncommitted.spec.source).toBeUndefined();
    const commits: string[] = [];
    for (const text of [TEXT, `${TEXT}more`, TEXT]) {
      await writeFile(join(folder, 'triage.prompt'), text);
      await git('add', 'triage.prompt');
      await git('commit', '--quiet', '-m', 'change');
      commits.push(await git('rev-parse', 'HEAD'));
    }
    const { spec } = parse(await render('triage.prompt')) as { spec: PromptVersionSpec };
    expect(spec.source).toEqual({ path: 'triage.prompt', commit: commits[0], author: 'Ada' });
  });
});
