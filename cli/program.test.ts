import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  ATTACK,
  BEGAN,
  RUN_ID,
  SAMPLE_ENTRIES,
  SAMPLE_ROW,
  SAMPLE_TEXTS,
  TEXTS,
} from './testing/sample-run.ts';
import { NOW, type Ran, runCommandLine } from './testing/run-command-line.ts';
import {
  type Answer,
  type ScriptedServer,
  Status,
  type Write,
  scriptedServer,
} from './testing/scripted-server.ts';

const SAMPLE_ANSWER = {
  run: SAMPLE_ROW,
  entries: SAMPLE_ENTRIES.map((entry, at) => ({ position: at + 1, texts: [], entry })),
};

const COST = {
  attempts: 10,
  failedAttempts: 1,
  inputTokens: 1_000,
  cachedInputTokens: 100,
  cacheWriteTokens: 0,
  outputTokens: 50,
  costNanoUsd: 1_500_000_000,
  attemptsOfUnknownCost: 0,
};

async function ask(
  answers: Readonly<Record<string, Answer>>,
  ...words: readonly string[]
): Promise<Ran & { readonly asked: ScriptedServer['asked'] }> {
  await using ledger = await scriptedServer(answers);
  const ran = await runCommandLine(words, {
    environment: { CAPATAZ_LEDGER_URL: ledger.url, CAPATAZ_LEDGER_TOKEN: 'a.b.c' },
  });
  return { ...ran, asked: ledger.asked };
}

const visibleAscii = /^[\x20-\x7e\n]*$/;

describe('capataz runs', () => {
  it('prints a table that awk reads: a title line, one line a run, no colours', async () => {
    const running = {
      ...SAMPLE_ROW,
      id: 'r-2',
      status: 'running',
      reason: undefined,
      durationMicroseconds: undefined,
      attemptsOfUnknownCost: 0,
    };
    const { code, printed, asked } = await ask(
      { 'GET /v1/runs': () => ({ runs: [running, SAMPLE_ROW] }) },
      'runs',
      '-n',
      'support',
      '--since',
      '1h',
      '-a',
      'triage',
    );
    expect(printed.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['RUN', 'AGENT', 'STATUS', 'STEPS', 'TOOLS', 'TOKENS', 'COST', 'TOOK', 'AGE'],
      ['r-2', 'triage', 'running', '2', '2', '2,790', '$0.00214', '-', '60m'],
      [RUN_ID, 'triage', 'succeeded', '2', '2', '2,790', '$0.00214+?', '2.6s', '60m'],
      [''],
    ]);
    expect(code).toBe(0);
    expect(asked[0]?.query).toEqual({
      namespace: 'support',
      agent: 'triage',
      from: String((NOW - 3_600_000) * 1000),
      limit: '50',
    });
    expect(asked[0]?.headers.authorization).toBe('Bearer a.b.c');
  });

  it('asks page after page until it has what was wanted, and says when there is more', async () => {
    const { printed, noted, asked } = await ask(
      {
        'GET /v1/runs': ({ query }) => ({
          runs: [{ ...SAMPLE_ROW, id: `r-${query['cursor'] ?? 'first'}` }],
          nextCursor: String(Number(query['cursor'] ?? 0) + 1),
        }),
      },
      'runs',
      '--limit',
      '3',
      '-o',
      'ndjson',
    );
    expect(
      printed
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id),
    ).toEqual(['r-first', 'r-1', 'r-2']);
    expect(asked.map(({ query }) => query['limit'])).toEqual(['3', '2', '1']);
    expect(noted).toContain('Only the newest 3 are shown');
  });

  it('marks runs of which records are missing, and says why a run failed', async () => {
    const row = { ...SAMPLE_ROW, status: 'failed', reason: 'model_failed', isComplete: false };
    const { printed } = await ask({ 'GET /v1/runs': () => ({ runs: [row] }) }, 'runs', '-A');
    expect(printed).toMatch(/^NAMESPACE +RUN/);
    expect(printed).toContain('failed(model_failed),incomplete');
  });

  it('hands JSON to scripts with nothing in it that a terminal acts upon', async () => {
    const row = { ...SAMPLE_ROW, agent: `x${ATTACK}` };
    const { printed } = await ask({ 'GET /v1/runs': () => ({ runs: [row] }) }, 'runs', '-o', 'json');
    expect(printed).toMatch(visibleAscii);
    expect(JSON.parse(printed)).toEqual({ runs: [row], hasMore: false });
  });

  it('shows what changes while it is watched, and goes on where the stream broke', async () => {
    const stopped = new AbortController();
    let status = 'running';
    const event = (position: number): string =>
      `id: ${position}\nevent: entry\ndata: ${JSON.stringify({ position, entry: { record: { run: { id: RUN_ID } } } })}\n\n`;
    let stream: ServerResponse | undefined;
    // One thing after another, each when the one before has been seen.
    const happen: Readonly<Record<string, () => void>> = {
      running: () => {
        status = 'stopped';
        stream?.write(event(41));
      },
      stopped: () => {
        // Happens while nobody listens: no event of it comes.
        status = 'succeeded';
        stream?.destroy();
      },
    };
    await using ledger = await scriptedServer({
      'GET /v1/runs': (): Write => (response) => {
        const seen = status;
        response.end(JSON.stringify({ runs: [{ ...SAMPLE_ROW, status: seen }] }), () => happen[seen]?.());
      },
      'GET /v1/stream': (): Write => (response) => {
        stream = response;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(': hello\n\n');
      },
    });
    const ran = await runCommandLine(['runs', '-w', '-o', 'ndjson'], {
      environment: { CAPATAZ_LEDGER_URL: ledger.url },
      signal: stopped.signal,
      onWrite: (printed) => {
        if (printed.includes('succeeded')) stopped.abort();
      },
    });
    expect(
      ran.printed
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { status: string }).status),
    ).toEqual(['running', 'stopped', 'succeeded']);
    const asked = ledger.asked.filter(({ path }) => path === '/v1/stream');
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '41']);
    expect(ran.noted).toMatch(/Trying again[\s\S]*The ledger is back/);
  });
});

describe('capataz trace', () => {
  it('tells why the agent decided so: each model that was tried, what was denied, done, seen, and not seen', async () => {
    const { code, printed, asked } = await ask(
      { [`GET /v1/runs/${RUN_ID}`]: () => SAMPLE_ANSWER },
      'trace',
      RUN_ID,
    );
    expect(code).toBe(0);
    const text = printed.replaceAll(/\s+/g, ' ');
    for (const said of [
      'succeeded after 2.6 s',
      'told by system:serviceaccount:support:agent-triage',
      'triage-v7, stable of triage',
      'fast decided to call 2 tools',
      'asked for auto: smart, then fast by weight; vision is left out: it has no price',
      'Attempt 1 smart at openai (gpt-6): refused (rate_limited), $0',
      'Attempt 2 fast at local (qwen3), served by qwen3-4b: answered, 1,203 tokens in (400 from cache), 56 out (12 of thought), $0.00214',
      'Policy denied delete-all',
      'Action refund with an effect outside',
      'Result none here: nobody knows whether it ran to its end',
      '$0.00214 and what 1 attempt of unknown price cost',
      'Verdict bad, correct, 31.25%, by judge nightly-judge',
      'Verdict good, helpful, by person jane@example.com',
      'low unknown_tool_called delete-all, blocked [LLM06 ASI02]',
      'revealed 9 texts by auditor@example.com',
      'Reported by the agent about itself',
      "The agent tells of model call req-2 in step 2: the router's record of it is not here.",
    ]) {
      expect(text).toContain(said);
    }
    expect(printed).toMatch(visibleAscii);
    expect(asked.some(({ path }) => path.endsWith('/texts'))).toBe(false);
  });

  it('fits the width of the terminal', async () => {
    await using ledger = await scriptedServer({ [`GET /v1/runs/${RUN_ID}`]: () => SAMPLE_ANSWER });
    for (const columns of [60, 80, 140]) {
      const { printed } = await runCommandLine(['trace', RUN_ID, '--server', ledger.url], { columns });
      expect(Math.max(...printed.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
  });

  it('reveals texts only when asked, says so, and says which is not the text that was committed to', async () => {
    const { printed, noted, asked } = await ask(
      {
        [`GET /v1/runs/${RUN_ID}`]: () => SAMPLE_ANSWER,
        [`GET /v1/runs/${RUN_ID}/texts`]: ({ query }) =>
          query['after'] === '0'
            ? { texts: SAMPLE_TEXTS.slice(0, 3), nextAfter: 7 }
            : { texts: SAMPLE_TEXTS.slice(3) },
      },
      'trace',
      RUN_ID,
      '-n',
      'support',
      '--texts',
      '--reason',
      'ticket 77',
    );
    expect(noted).toContain('the ledger records that you read them');
    expect(printed).toContain(TEXTS.input);
    expect(printed).toContain('{"order":"1234"}');
    const flat = printed.replaceAll(/\s+/g, ' ');
    expect(flat.match(/the text is the one that was committed to/g)).toHaveLength(3);
    expect(flat).toMatch(
      /Answer 41 characters, commitment \w{12}, THE TEXT IS NOT THE ONE THAT WAS COMMITTED TO │ Your parcel is lost\./,
    );
    expect(printed).toContain('lost (key_missing)');
    expect(printed).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(asked[0]?.query).toEqual({ namespace: 'support', reason: 'ticket 77', after: '0' });
  });

  it('asks for all pages of a long run, and gives its entries to scripts as they are', async () => {
    const { printed } = await ask(
      {
        [`GET /v1/runs/${RUN_ID}`]: ({ query }) => {
          const after = Number(query['after']);
          const entries = SAMPLE_ANSWER.entries.slice(after, after + 5);
          return {
            run: SAMPLE_ROW,
            entries,
            ...(after + 5 < SAMPLE_ANSWER.entries.length && { nextAfter: after + 5 }),
          };
        },
      },
      'trace',
      RUN_ID,
      '-o',
      'ndjson',
    );
    expect(
      printed
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(SAMPLE_ENTRIES);
  });
});

describe('capataz cost', () => {
  const costs = [
    {
      ...COST,
      group: { agent: 'triage', model: 'smart' },
      costNanoUsd: 9_007_199_254_740_991,
      attemptsOfUnknownCost: 3,
    },
    { ...COST, group: { agent: 'triage', model: 'fast' }, costNanoUsd: 9_007_199_254_740_990 },
  ];

  it('sums to the last nano-dollar, and says what is in no sum', async () => {
    const { printed, noted, asked } = await ask(
      { 'GET /v1/costs': () => ({ costs }) },
      'cost',
      '--by',
      'agent,model',
      '--since',
      '2026-11-01',
    );
    expect(printed.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['AGENT', 'MODEL', 'COST', 'UNKNOWN', 'ATTEMPTS', 'INPUT', 'OUTPUT'],
      ['triage', 'smart', '$9,007,199.25', '3', '10', '1,100', '50'],
      ['triage', 'fast', '$9,007,199.25', '0', '10', '1,100', '50'],
      ['TOTAL', '$18,014,398.51', '3', '20', '2,200', '100'],
      [''],
    ]);
    expect(noted).toContain('What 3 attempts of 20 cost is not known, and in no sum');
    expect(asked[0]?.query).toEqual({
      by: 'agent,model',
      from: String(Date.UTC(2026, 10, 1) * 1000),
      limit: '1000',
    });
  });

  it('knows prompts by their digests, as the ledger does', async () => {
    const { asked, printed } = await ask(
      { 'GET /v1/costs': () => ({ costs: [{ ...COST, group: { promptDigest: 'abc' } }] }) },
      'cost',
      '--by',
      'prompt,day',
    );
    expect(asked[0]?.query['by']).toBe('promptDigest,day');
    expect(printed).toContain('abc');
  });
});

describe('capataz feedback', () => {
  it('tells the ledger what was said', async () => {
    const { code, asked } = await ask(
      { 'POST /v1/feedback': () => new Status(201, { id: 'f-1' }) },
      'feedback',
      RUN_ID,
      'bad',
      '--comment',
      'refunded twice',
    );
    expect(code).toBe(0);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      run: RUN_ID,
      verdict: 'bad',
      metric: 'helpful',
      comment: 'refunded twice',
    });
  });
});

describe('what does not go well', () => {
  const failing = (
    status: number,
    body: unknown = { error: { message: 'Because.', code: 'x' } },
  ): Record<string, Answer> => ({
    'GET /v1/runs': () => new Status(status, body),
  });

  it.each([
    [400, 2, 'The ledger refuses the request: Because.'],
    [401, 4, 'The token is not accepted: Because.'],
    [403, 4, 'You may not do this: Because.'],
    [404, 5, 'Not found: Because.'],
    [429, 3, 'answers with status 429: Because.'],
    [503, 3, 'answers with status 503: Because.'],
  ])('ends with status %i as exit code %i and one sentence', async (status, exit, sentence) => {
    const { code, noted, printed } = await ask(failing(status), 'runs');
    expect([code, printed]).toEqual([exit, '']);
    expect(noted).toContain(sentence);
    expect(noted.trim().split('\n')).toHaveLength(1);
  });

  it('shows no command of a hostile server to the terminal', async () => {
    const { noted } = await ask(failing(403, { error: { message: `no${ATTACK}` } }), 'runs');
    expect(noted).toMatch(visibleAscii);
  });

  it.each([
    ['nothing', ''],
    ['a page of somebody else', '<html>hello</html>'],
    ['a row that is none', { runs: [{ id: RUN_ID }] }],
    ['money that is no integer', { runs: [{ ...SAMPLE_ROW, costNanoUsd: 0.5 }] }],
    ['an id that is none', { runs: [{ ...SAMPLE_ROW, id: '../../x' }] }],
    ['pages that lead nowhere', { runs: [], nextCursor: 'again', x: 1 }],
  ])('believes nothing of %s', async (_name, body) => {
    const { code } = await ask({ 'GET /v1/runs': () => new Status(200, body) }, 'runs');
    expect(code).toBe(6);
  });

  it('measures an answer before it looks at it', async () => {
    const endless: Write = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = (): void => {
        while (response.write(' '.repeat(1_048_576)));
      };
      response.on('drain', more);
      more();
    };
    const { code, noted } = await ask({ 'GET /v1/runs': () => endless }, 'runs');
    expect(code).toBe(6);
    expect(noted).toContain('larger than');
  });

  it('does not ask for pages that do not go on', async () => {
    const { code, asked } = await ask(
      { [`GET /v1/runs/${RUN_ID}`]: () => ({ ...SAMPLE_ANSWER, nextAfter: 5 }) },
      'trace',
      RUN_ID,
    );
    expect([code, asked.length]).toEqual([6, 2]);
  });

  it('says where nobody answers', async () => {
    const { code, noted } = await runCommandLine(['runs', '--server', 'http://127.0.0.1:1']);
    expect(code).toBe(3);
    expect(noted).toContain('http://127.0.0.1:1 cannot be reached: ECONNREFUSED.');
  });

  it.each([
    [['runs', '--since', 'yesterday'], '--since takes how long ago'],
    [['runs', '--limit', '0'], 'a whole number from 1 to 10000'],
    [['runs', '--server', 'ftp://x'], 'must be an http:// or https:// URL'],
    [
      ['runs', '--server', 'http://127.0.0.1:1', '--token-file', '/nonexistent'],
      'The token file /nonexistent cannot be read: ENOENT.',
    ],
    [['runs', '--kubeconfig', '/nonexistent'], 'There is no kubeconfig at /nonexistent.'],
    [['runs'], 'No ledger is named'],
    [['cost', '--by', 'mood'], 'any of namespace, agent, model, prompt, hour, day'],
    [['feedback', RUN_ID, 'great'], 'Allowed choices are good, bad, neutral.'],
    [['tracr', RUN_ID], 'Did you mean trace?'],
    [['trace'], "missing required argument 'run'"],
  ])('says of %j what was not understood', async (words, sentence) => {
    const { code, noted } = await runCommandLine(words);
    expect(noted).toContain(sentence);
    expect(code).toBe(2);
  });
});

it('the sample is a run of this very day', () => expect(BEGAN).toBeLessThan(NOW * 1000));
