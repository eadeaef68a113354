import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GATE_VARIABLES } from '#domain/evaluation/gate-entry.ts';
import { type GateVerdict, readGateVerdict } from '#domain/evaluation/gate-verdict.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { type Ran, runCommandLine } from '../testing/run-command-line.ts';

const PROMPT = (system: string): string =>
  `---\ninput:\n  schema:\n    word: string\n---\n{{role "system"}}${system}\n{{role "user"}}{{word}}`;
const version = (name: string, text: string) => ({ version: name, digest: promptDigest(text), text });
const CASES = Array.from({ length: 40 }, (_, n) =>
  JSON.stringify({
    id: `case-${n}`,
    vars: { word: String(n) },
    assert: [{ type: 'equals', value: '{{word}}' }],
  }),
).join('\n');

let folder = '';
let server: Server;
let tokens = new Set<string | undefined>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-gate-test-'));
  tokens = new Set();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      tokens.add(request.headers.authorization);
      const { messages, model: asked } = JSON.parse(Buffer.concat(chunks).toString()) as {
        messages: { content: string }[];
        model: string;
      };
      const isBad = messages[0]?.content.includes('bad') === true;
      const vote = JSON.stringify({ pass: true, score: 1, reason: 'kind' });
      const content = asked === 'auto' ? (isBad ? 'no' : messages[1]?.content) : vote;
      const message = { role: 'assistant', content };
      const model = asked === 'auto' ? 'm' : asked;
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          model,
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          capataz: { requestId: 'r', model, attempts: 1, costNanoUsd: 1000 },
          usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  await mkdir(join(folder, 'set'));
  await writeFile(join(folder, 'set', 'hard.jsonl'), CASES);
  await writeFile(join(folder, 'agent.json'), JSON.stringify({ tools: [] }));
  await writeFile(join(folder, 'token'), 'token-of-the-tester');
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await rm(folder, { recursive: true });
});

async function gate(
  versions: object,
  candidate = 'good',
  given: { readonly judgeModel?: string } = {},
): Promise<{ ran: Ran; verdict: GateVerdict | undefined }> {
  await writeFile(join(folder, 'versions.json'), JSON.stringify(versions));
  const values: Readonly<Record<keyof typeof GATE_VARIABLES, string>> = {
    routerUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    routerTokenPath: join(folder, 'token'),
    agentName: 'tester',
    namespace: 'mail',
    configurationPath: join(folder, 'agent.json'),
    versionsPath: join(folder, 'versions.json'),
    candidateDigest: promptDigest(PROMPT(candidate)),
    goldenSetDirectory: join(folder, 'set'),
    goldenSetName: 'hard-mails',
    repeats: '1',
    minimumPassPercent: '80',
    maximumUsd: '5',
    judgeModel: given.judgeModel ?? '',
    judgeVotes: '3',
    timeoutSeconds: '60',
    verdictPath: join(folder, 'verdict'),
  };
  const environment = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      GATE_VARIABLES[name as keyof typeof GATE_VARIABLES],
      value,
    ]),
  );
  const ran = await runCommandLine(['gate'], { environment });
  return { ran, verdict: readGateVerdict(await readFile(join(folder, 'verdict'), 'utf8')) };
}

describe('the program in the Job of a gate', () => {
  it('tests both versions as the Agent, tells the report in its log and the verdict to the kubelet', async () => {
    const { ran, verdict } = await gate({
      prompt: 'p',
      stable: version('p-old', PROMPT('good old')),
      candidate: version('p-new', PROMPT('good')),
    });
    expect(verdict).toMatchObject({
      verdict: 'Passed',
      candidate: { passedBasisPoints: 10_000 },
      stable: { passedBasisPoints: 10_000 },
    });
    expect(ran.code).toBe(0);
    expect(ran.printed).toContain('|');
    expect([...tokens]).toEqual(['Bearer token-of-the-tester']);
  });

  it('tests the first version alone', async () => {
    const { verdict } = await gate({ prompt: 'p', candidate: version('p-new', PROMPT('good')) });
    expect(verdict).toMatchObject({ stable: null, candidate: { digest: promptDigest(PROMPT('good')) } });
  });

  it('fails what is worse, by its exit code too', async () => {
    const { ran, verdict } = await gate(
      { prompt: 'p', stable: version('p-old', PROMPT('good')), candidate: version('p-new', PROMPT('bad')) },
      'bad',
    );
    expect(verdict).toMatchObject({ verdict: 'Failed' });
    expect(ran.code).toBe(1);
  });

  it('reads a golden set that is compressed', async () => {
    await rm(join(folder, 'set', 'hard.jsonl'));
    await writeFile(join(folder, 'set', 'hard.jsonl.gz'), gzipSync(CASES));
    const { verdict } = await gate({ prompt: 'p', candidate: version('p-new', PROMPT('good')) });
    expect(verdict?.goldenSet).toMatchObject({ cases: 40 });
  });

  it('says which ConfigMap has no golden set', async () => {
    await rm(join(folder, 'set', 'hard.jsonl'));
    const { ran, verdict } = await gate({ prompt: 'p', candidate: version('p-new', PROMPT('good')) });
    expect(verdict).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining('ConfigMap hard-mails'),
    });
    expect(ran.code).toBe(3);
  });

  describe('of a golden set that asks a model', () => {
    const versions = { prompt: 'p', candidate: version('p-new', PROMPT('good')) };
    beforeEach(async () => {
      const assert = [{ type: 'llm-rubric', value: 'is kind' }];
      const cases = Array.from({ length: 20 }, (_, n) => JSON.stringify({ vars: { word: `${n}` }, assert }));
      await writeFile(join(folder, 'set', 'hard.jsonl'), cases.join('\n'));
    });

    it('asks the judge by its name through the router as its Agent, and charges it', async () => {
      const { verdict } = await gate(versions, 'good', { judgeModel: 'judge' });
      expect(verdict).toMatchObject({
        verdict: 'Passed',
        costNanoUsd: 20 * 1_000 + 20 * 3 * 1_000,
        judge: { model: 'judge', served: ['judge'], votes: 3, graded: 20, costNanoUsd: 20 * 3 * 1_000 },
      });
      expect([...tokens]).toEqual(['Bearer token-of-the-tester']);
    });

    it('without a judge asks nothing, and says where one is named', async () => {
      const { ran, verdict } = await gate(versions);
      expect(verdict).toMatchObject({
        verdict: 'Error',
        reasons: ['golden_set_invalid'],
        message: expect.stringContaining('name it by spec.steps[].gate.judge.modelRef of the CanaryRollout'),
      });
      expect(ran.code).toBe(3);
      expect(tokens.size).toBe(0);
    });

    it('takes no judge that the router would choose', async () => {
      const { verdict } = await gate(versions, 'good', { judgeModel: 'auto' });
      expect(verdict).toMatchObject({
        verdict: 'Error',
        message: expect.stringContaining('must be one model'),
      });
      expect(tokens.size).toBe(0);
    });
  });

  it('tests nothing when another candidate is mounted by now', async () => {
    const { verdict } = await gate({ prompt: 'p', candidate: version('p-newer', PROMPT('better')) });
    expect(verdict).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining('replaced meanwhile'),
    });
    expect(tokens.size).toBe(0);
  });
});
