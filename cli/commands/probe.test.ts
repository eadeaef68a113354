import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerRecord, type RecordOf } from '#domain/ledger/ledger-record.ts';
import { RecordBatch } from '#domain/ledger/record-batch.ts';
import { PROBE_VARIABLES, type ProbeVariable } from '#domain/probes/probe-entry.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { type Ran, runCommandLine } from '../testing/run-command-line.ts';

const PROMPT = `---\ninput:\n  schema:\n    word: string\nconfig:\n  temperature: 0.7\n---\n{{role "system"}}Say it again.\n{{role "user"}}{{word}}`;
const SERVED = { version: 'p-1', digest: promptDigest(PROMPT), text: PROMPT };
const CASES = Array.from({ length: 40 }, (_, n) =>
  JSON.stringify({
    id: `case-${n}`,
    vars: { word: String(n) },
    tags: [n % 4 === 0 ? 'rare' : 'common'],
    assert: [{ type: 'equals', value: '{{word}}' }],
    tools: [{ name: 'pay', results: ['paid'] }],
  }),
).join('\n');
const COST = 1_000;

let folder = '';
let server: Server;
/** What the router and the ledger were asked and told. */
let asked: { readonly headers: Record<string, unknown>; readonly temperature: unknown }[] = [];
let told: readonly { readonly type: string }[] = [];
let spentToday = 0;
let spendingStatus = 200;
let answer: (word: string) => string = (word) => word;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-probe-test-'));
  [asked, told, spentToday, spendingStatus, answer] = [[], [], 0, 200, (word) => word];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      response.setHeader('content-type', 'application/json');
      if (request.url === '/v1/spending') {
        response.statusCode = spendingStatus;
        response.end(JSON.stringify({ probesTodayNanoUsd: spentToday, weekBeforeNanoUsd: 0 }));
      } else if (request.url === '/v1/records') {
        const { records } = RecordBatch.parse(JSON.parse(text));
        told = [...told, ...records.map((record) => LedgerRecord.parse(record))];
        response.end(JSON.stringify({ written: records.length, duplicates: 0, refused: [] }));
      } else {
        const { messages, temperature } = JSON.parse(text) as {
          messages: { content: string }[];
          temperature: unknown;
        };
        asked.push({ headers: request.headers, temperature });
        const content = answer(messages[1]?.content ?? '');
        response.end(
          JSON.stringify({
            model: 'm',
            choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
            capataz: { requestId: 'r', model: 'm', attempts: 1, costNanoUsd: COST },
            usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
          }),
        );
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  await mkdir(join(folder, 'set'));
  await writeFile(join(folder, 'set', 'hard.jsonl'), CASES);
  await writeFile(join(folder, 'token'), 'token-of-the-agent');
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await rm(folder, { recursive: true });
});

const CONFIGURATION = {
  revision: 1,
  agent: { namespace: 'mail', name: 'sorter', uid: 'uid-1', generation: 3 },
  rollout: 'sorter',
  tools: [],
  limits: { steps: 4, seconds: 30, outputRepairs: 1 },
};
const DOCUMENT = {
  schemaVersion: 1,
  revision: 1,
  rollout: { namespace: 'mail', name: 'sorter', uid: 'uid-2' },
  prompt: 'sorter',
  stable: SERVED,
};

async function probe(
  changes: Partial<Record<ProbeVariable, string>> = {},
  configuration: object = CONFIGURATION,
): Promise<Ran> {
  await writeFile(join(folder, 'agent.json'), JSON.stringify(configuration));
  await writeFile(join(folder, 'rollout.json'), JSON.stringify(DOCUMENT));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const values: Readonly<Record<ProbeVariable, string>> = {
    routerUrl: url,
    routerTokenPath: join(folder, 'token'),
    ledgerUrl: url,
    ledgerTokenPath: join(folder, 'token'),
    ledgerSpoolPath: join(folder, 'spool'),
    agentName: 'sorter',
    namespace: 'mail',
    podName: 'agent-sorter-29000000-x',
    configurationPath: join(folder, 'agent.json'),
    rolloutPath: join(folder, 'rollout.json'),
    goldenSetDirectory: join(folder, 'set'),
    goldenSetName: 'hard-mails',
    casesPerRound: '8',
    everyMinutes: '60',
    maximumUsdPerDay: '1',
    judgeModel: '',
    judgeVotes: '3',
    timeoutSeconds: '60',
    ...changes,
  };
  const environment = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [PROBE_VARIABLES[name as ProbeVariable], value]),
  );
  return await runCommandLine(['probe'], { environment });
}

const recordsOf = <Type extends 'probe_round' | 'outcome' | 'run_begun' | 'run_ended'>(
  type: Type,
): readonly RecordOf<Type>[] => told.filter((record) => record.type === type) as unknown as RecordOf<Type>[];

describe('the program in the Job of a round of probes', () => {
  it('asks some cases as the agent, at the temperature of production, and tells each as a run of its own with a verdict', async () => {
    answer = (word) => (word === '4' || word === '1' ? 'no' : word);
    const ran = await probe();
    expect(ran.code).toBe(0);
    expect(asked).toHaveLength(8);
    const runs = recordsOf('run_begun');
    expect(runs).toHaveLength(8);
    expect(new Set(runs.map(({ run }) => run.id)).size).toBe(8);
    for (const record of runs) {
      expect(record).toMatchObject({
        namespace: 'mail',
        agent: { name: 'sorter', uid: 'uid-1' },
        run: { purpose: 'probe' },
        prompt: { version: 'p-1', digest: SERVED.digest },
      });
      expect(record.prompt).not.toHaveProperty('arm');
      expect(record.prompt).not.toHaveProperty('name');
    }
    expect(recordsOf('run_ended')).toHaveLength(8);
    for (const { headers, temperature } of asked) {
      expect(headers).toMatchObject({
        authorization: 'Bearer token-of-the-agent',
        'x-capataz-run-purpose': 'probe',
        'x-capataz-prompt-version': 'p-1',
      });
      expect(temperature).toBe(0.7);
    }
    const verdicts = recordsOf('outcome').filter(({ judge }) => judge === 'probe');
    expect(verdicts).toHaveLength(8);
    expect(new Set(verdicts.map(({ run }) => run.id))).toEqual(new Set(runs.map(({ run }) => run.id)));
    const labels = Map.groupBy(verdicts, ({ label }) => label);
    expect([labels.get('rare')?.length, labels.get('common')?.length]).toEqual([2, 6]);
    const [round] = recordsOf('probe_round');
    const good = verdicts.filter(({ verdict }) => verdict === 'good').length;
    expect(round).toMatchObject({
      agent: { name: 'sorter' },
      outcome: 'whole',
      planned: 8,
      passed: good,
      failed: 8 - good,
      errors: 0,
      costNanoUsd: 8 * COST,
      spentBeforeNanoUsd: 0,
      maximumNanoUsd: 1e9,
      goldenSet: { name: 'hard-mails', cases: 40 },
      prompt: { version: 'p-1' },
    });
  });

  it('begins no case that would pass what probes may cost on a day, and says so', async () => {
    spentToday = 1e9 - 3 * COST;
    const ran = await probe();
    expect(ran.code).toBe(0);
    expect(asked).toHaveLength(3);
    expect(recordsOf('probe_round')).toMatchObject([
      { outcome: 'cut', reason: 'budget_exhausted', planned: 8, passed: 3, spentBeforeNanoUsd: spentToday },
    ]);
    spentToday = 1e9;
    told = [];
    await probe();
    expect(asked).toHaveLength(3);
    expect(recordsOf('probe_round')).toMatchObject([
      { outcome: 'cut', reason: 'budget_exhausted', planned: 8, passed: 0, costNanoUsd: 0 },
    ]);
  });

  it('takes the prompt of an agent that stays on one version from its configuration', async () => {
    const { rollout: _, ...rest } = CONFIGURATION;
    const text = PROMPT.replace('again', 'once more');
    const prompt = { name: 'sorter', version: 'p-7', digest: promptDigest(text), text };
    await probe({ rolloutPath: join(folder, 'none.json') }, { ...rest, prompt });
    expect(recordsOf('probe_round')).toMatchObject([{ outcome: 'whole', prompt: { version: 'p-7' } }]);
  });

  it.each<[string, string, (at: string) => Promise<unknown>]>([
    ['is not there', 'golden_set_invalid', async (at) => await rm(join(at, 'set', 'hard.jsonl'))],
    [
      'is broken',
      'golden_set_invalid',
      async (at) => await writeFile(join(at, 'set', 'hard.jsonl'), '{"secret":'),
    ],
    [
      'needs a judge that nobody named',
      'golden_set_invalid',
      async (at) =>
        await writeFile(
          join(at, 'set', 'hard.jsonl'),
          JSON.stringify({ vars: { word: '1' }, assert: [{ type: 'llm-rubric', value: 'kind' }] }),
        ),
    ],
  ])(
    'asks nothing where the golden set %s, and tells it without a word of the user',
    async (_what, reason, spoil) => {
      await spoil(folder);
      const ran = await probe();
      expect(ran.code).toBe(1);
      expect(asked).toHaveLength(0);
      const [round] = recordsOf('probe_round');
      expect(round).toMatchObject({ outcome: 'failed', reason, planned: 0 });
      expect(round?.sentence).toContain('ConfigMap hard-mails');
      expect(round?.sentence).not.toContain('secret');
    },
  );

  it('asks nothing while nobody can say what was spent', async () => {
    spendingStatus = 403;
    const ran = await probe();
    expect(ran.code).toBe(1);
    expect(asked).toHaveLength(0);
    expect(recordsOf('probe_round')).toMatchObject([{ outcome: 'failed', reason: 'ledger_unavailable' }]);
  });

  it('counts answers that did not come apart from wrong ones', async () => {
    server.prependListener('request', (request) => {
      if (request.url?.endsWith('/chat/completions') === true) request.socket.destroy();
    });
    await probe({ casesPerRound: '1' });
    expect(recordsOf('outcome').filter(({ judge }) => judge === 'probe')).toEqual([]);
    expect(recordsOf('probe_round')).toMatchObject([{ planned: 1, passed: 0, failed: 0, errors: 1 }]);
  }, 60_000);
});
