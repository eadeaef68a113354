import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../testing/run-command-line.ts';
import { validatePaths } from './validate-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-validate-'));
});
afterEach(async () => rm(directory, { recursive: true }));

async function problemOf(name: string, content: string | Uint8Array): Promise<string | undefined> {
  const path = join(directory, name);
  await writeFile(path, content);
  const [problem] = (await validatePaths([path])).problems;
  return problem && `${problem.line}: ${problem.problem}`;
}

const AGENT = `apiVersion: capataz.dev/v1alpha1
kind: Agent
metadata: { name: a }
spec:
  promptRef: { name: triage }
  modelPolicy:
    allow: [{ name: small }]
`;

describe('a file is checked without a cluster', () => {
  it('and nothing is said of one that is right', async () => {
    expect(await problemOf('agent.yaml', AGENT)).toBeUndefined();
    expect(await problemOf('greeting.prompt', 'Hello\n')).toBeUndefined();
  });

  it.each([
    ['an unknown field, at its line', 'a.yaml', `${AGENT}  modell: x\n`, /^\d+: .*modell/],
    ['a wrong value, at its line', 'a.yaml', `${AGENT}  replicas: many\n`, /^8: spec\.replicas/],
    [
      'a kind that there is not',
      'a.yaml',
      AGENT.replace('kind: Agent', 'kind: Agnet'),
      /^2: .*no kind Agnet/,
    ],
    ['what is not YAML', 'a.yaml', 'a: [1\n', /^\d+: /],
    ['a template that does not parse', 'p.prompt', 'Hello {{#if}\n', /^1: /],
    ['a file that is not UTF-8', 'p.prompt', new Uint8Array([0xff, 0xfe, 0x00]), /UTF-8/],
    [
      'aliases without end',
      'a.yaml',
      `a: &a [x,x,x]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]\n`,
      /alias/,
    ],
  ])('and is told %s', async (_, name, content, sentence) => {
    expect(await problemOf(name, content)).toMatch(sentence);
  });

  it('and objects of other groups are nobody’s concern', async () => {
    expect(await problemOf('x.yaml', 'apiVersion: v1\nkind: Whatever\n')).toBeUndefined();
  });

  it('and a version whose digest is not that of its text is found', async () => {
    const version = `apiVersion: capataz.dev/v1alpha1
kind: PromptVersion
metadata: { name: v }
spec: { prompt: p, text: Hello, digest: ${'0'.repeat(64)} }
`;
    expect(await problemOf('v.yaml', version)).toMatch(/^4: spec\.digest/);
  });
});

describe('capataz validate', () => {
  it('searches folders, ends with 1 when something is wrong, and with 5 when there is nothing', async () => {
    await mkdir(join(directory, 'deep'));
    expect((await runCommandLine(['validate', directory])).code).toBe(5);
    await writeFile(join(directory, 'deep', 'a.yaml'), AGENT);
    expect(await runCommandLine(['validate', directory])).toMatchObject({
      code: 0,
      printed: '1 file, nothing is wrong.\n',
    });
    await writeFile(join(directory, 'deep', 'b.yaml'), `${AGENT}  replicas: -1\n`);
    const { code, printed } = await runCommandLine(['validate', directory]);
    expect(code).toBe(1);
    expect(printed).toContain('deep/b.yaml:8: spec.replicas');
  });
});
