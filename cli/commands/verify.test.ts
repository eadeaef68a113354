import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  LOG_KEY,
  ORIGIN,
  STRANGER_KEY,
  type Served,
  WITNESS_KEY,
  honestLedger,
  signedAt,
  treeOf,
  witnessedAt,
} from '#domain/ledger/verify/testing/sample-ledger.ts';
import { formatEvidence } from '#domain/transparency/evidence.ts';
import { encodeVerifierKey } from '#domain/transparency/note-keys.ts';
import { parseTilePath } from '#domain/transparency/tiles.ts';
import { proveInclusion } from '#domain/transparency/tree-proofs.ts';
import { type Ran, runCommandLine } from '../testing/run-command-line.ts';
import { type Asked, type Write, scriptedServer } from '../testing/scripted-server.ts';

const KEYS = { logs: [encodeVerifierKey(LOG_KEY)], witnesses: [encodeVerifierKey(WITNESS_KEY)] };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-verify-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const text =
  (body: string | Uint8Array): Write =>
  (response) => {
    response.end(body);
  };

/** What a ledger and its witness serve, by their HTTP API. */
function answerAs({
  served,
  keys = KEYS,
  first = 0,
  runs = [],
}: {
  served: Served;
  runs?: readonly unknown[];
  keys?: typeof KEYS;
  first?: number;
}): (asked: Asked) => unknown {
  return ({ path, query }) => {
    if (path === '/v1/log-keys') return keys;
    if (path === '/checkpoints') return { key: KEYS.witnesses[0], checkpoints: served.otherCheckpoints };
    if (path === '/v1/logs/shop/checkpoint') return text(served.checkpoint);
    if (path === '/v1/logs/shop/export') {
      const [from, count] = [Number(query['from']), Number(query['count'])];
      const shown = served.entries.filter((_entry, at) => at >= Math.max(from, first) && at < from + count);
      return text(shown.map(({ canonical }) => `${canonical}\n`).join(''));
    }
    if (path === '/v1/costs') return { costs: [] };
    if (path === '/v1/outcomes') return { outcomes: [] };
    if (path === '/v1/runs') return { runs };
    if (path === '/v1/security-events') return { entries: [], position: 0, isEnd: true };
    const tile = parseTilePath(path.replace('/v1/logs/shop/', ''));
    if (tile === undefined) return undefined;
    const hashes = served.tree.tiles.get(path.replace('/v1/logs/shop/', '').replace(/\.p\/\d+$/, ''));
    return hashes === undefined ? undefined : text(hashes.subarray(0, tile.width * 32));
  };
}

async function verify(
  ledger: Parameters<typeof answerAs>[0],
  words: readonly string[] = [],
  options: { readonly hasWitness?: boolean; readonly url?: string } = {},
): Promise<Ran> {
  await using server = await scriptedServer({ '*': answerAs(ledger) });
  return await runCommandLine(
    [
      'verify',
      'shop',
      '--server',
      server.url,
      ...(options.hasWitness === false ? [] : ['--witness', server.url]),
      ...words,
    ],
    { environment: { XDG_CONFIG_HOME: folder } },
  );
}

/** One entry with all that an entry has, and the row of its run. */
const WHOLE_ENTRY = JSON.stringify({
  chain: { previous: '0'.repeat(64), sequence: 0 },
  index: 0,
  receivedAtMicroseconds: 1_764_000_000_000_000,
  record: {
    agent: { name: 'seller' },
    arguments: { characters: 2 },
    atMicroseconds: 1_764_000_000_000_000,
    callId: 'call-1',
    effect: 'none',
    id: 'record-0',
    namespace: 'shop',
    run: { id: 'run-1', step: 1 },
    source: { boot: 'b-1', instance: 'agent-0', process: 'agent-runtime', sequence: 1 },
    tool: 'find',
    type: 'tool_intent',
  },
  reporter: 'system:serviceaccount:shop:agent-seller',
  trust: 'witnessed',
  version: 1,
});
const RUN_OF_IT = {
  id: 'run-1',
  namespace: 'shop',
  agent: 'seller',
  status: 'running',
  beganAtMicroseconds: 1_764_000_000_000_000,
  steps: 1,
  modelCalls: 0,
  attempts: 0,
  toolCalls: 1,
  inputTokens: 0,
  outputTokens: 0,
  costNanoUsd: 0,
  attemptsOfUnknownCost: 0,
  models: [],
  good: 0,
  bad: 0,
  securityEvents: 0,
  records: 1,
  trust: 'witnessed',
};

async function servedOf(lines: readonly string[]): Promise<Served> {
  const tree = treeOf(lines);
  const entries = lines.map((canonical, index) => ({ index, canonical }));
  return { entries, tree, checkpoint: await signedAt(tree, lines.length), otherCheckpoints: [] };
}

const KEY_WORDS = [
  '--ledger-key',
  encodeVerifierKey(LOG_KEY),
  '--witness-key',
  encodeVerifierKey(WITNESS_KEY),
];

describe('capataz verify', () => {
  it('says what was read, what is signed, how far a witness saw it, and which keys were trusted', async () => {
    const { code, printed, noted } = await verify({ served: await honestLedger(700, [300, 600]) });
    expect(code).toBe(0);
    expect(printed).toMatch(/^Log of shop {2}untouched\n/);
    expect(printed).toContain('700 entries, of 140 runs; 700 were read');
    expect(printed).toContain('the first 600 at 2025-11-24 16:00:00 UTC');
    expect(printed).toContain('capataz.example/ledger+bc05fa48');
    expect(noted).toContain(KEYS.logs[0]);
    expect(noted).toContain('seen for the first time, and trusted from now on');
  });

  it.each([
    [
      'edited',
      1,
      (served: Served) =>
        void (served.entries[301] = {
          index: 301,
          canonical: (served.entries[301]?.canonical ?? '').replace('seller', 'killer'),
        }),
      'Entry 301',
    ],
    ['dropped', 1, (served: Served) => void served.entries.splice(301, 1), '301'],
    [
      'swapped',
      1,
      (served: Served) => {
        const [a, b] = [served.entries[301], served.entries[302]];
        if (a && b) served.entries.splice(301, 2, { ...b, index: 301 }, { ...a, index: 302 });
      },
      '301',
    ],
    [
      'inserted',
      1,
      (served: Served) =>
        void served.entries.splice(301, 0, { index: 301, canonical: served.entries[7]?.canonical }),
      'Entry 7 ',
    ],
  ])('names the place of an entry that was %s, and fails', async (_how, exit, tamper, place) => {
    const served = await honestLedger(700, [600]);
    tamper(served);
    const { code, printed, noted } = await verify({ served });
    expect(code).toBe(exit);
    expect(printed).toContain('NOT WHAT WAS SIGNED');
    expect(printed.slice(printed.indexOf('Found'))).toContain(place);
    expect(noted).toContain('capataz: The log of shop is not what was signed.');
  });

  it('sees a ledger that was rolled back behind what the witness saw', async () => {
    const long = await honestLedger(700, [600]);
    const short = await honestLedger(500, []);
    const { code, printed } = await verify({ served: { ...short, otherCheckpoints: long.otherCheckpoints } });
    expect([code, printed.includes('rolled_back')]).toEqual([1, true]);
  });

  it('sees without a witness a ledger that was rolled back behind what this user saw of it', async () => {
    let served = await honestLedger(700, []);
    await using server = await scriptedServer({ '*': (asked) => answerAs({ served })(asked) });
    const words = ['verify', 'shop', '--server', server.url];
    const first = await runCommandLine(words, { environment: { XDG_CONFIG_HOME: folder } });
    expect(first.noted).toContain('No witness was asked');
    served = await honestLedger(500, []);
    const second = await runCommandLine(words, { environment: { XDG_CONFIG_HOME: folder } });
    expect([first.code, second.code, second.printed.includes('rolled_back')]).toEqual([0, 1, true]);
  });

  it('believes no other keys once it has seen those of a ledger', async () => {
    let keys = KEYS;
    const served = await honestLedger(30, []);
    await using server = await scriptedServer({ '*': (asked) => answerAs({ served, keys })(asked) });
    const words = ['verify', 'shop', '--server', server.url];
    expect((await runCommandLine(words, { environment: { XDG_CONFIG_HOME: folder } })).code).toBe(0);
    keys = { ...KEYS, logs: [encodeVerifierKey(STRANGER_KEY)] };
    served.checkpoint = await signedAt(served.tree, 30, STRANGER_KEY);
    const second = await runCommandLine(words, { environment: { XDG_CONFIG_HOME: folder } });
    expect([second.code, second.printed.includes('checkpoint_untrusted')]).toEqual([1, true]);
  });

  it('does not take a damaged file of keys for an empty one', async () => {
    const served = await honestLedger(5, []);
    expect((await verify({ served })).code).toBe(0);
    await writeFile(join(folder, 'capataz/known-ledgers.json'), '{');
    const { code, noted } = await verify({ served });
    expect([code, noted.includes('is damaged')]).toEqual([2, true]);
  });

  it('counts bodies that were pruned, and proves the rest', async () => {
    const { code, printed } = await verify({ served: await honestLedger(1200, [1200]), first: 1100 });
    expect(code).toBe(0);
    expect(printed).toContain('of the oldest 1,100 only the hashes are kept');
  });

  it('fails when the ledger tells of a run otherwise than its entries, which are what was signed', async () => {
    const served = await servedOf([WHOLE_ENTRY]);
    expect((await verify({ served, runs: [RUN_OF_IT] })).code).toBe(0);
    const { code, printed, noted } = await verify({ served, runs: [{ ...RUN_OF_IT, toolCalls: 0 }] });
    expect(code).toBe(1);
    expect(printed).toContain('untouched');
    expect(printed).toContain('Run run-1: toolCalls is told as 0, and the entries come to 1.');
    expect(noted).toContain('What the ledger tells of runs and costs of shop is not what its entries say');
  });

  it('refuses a checkpoint of another namespace, be it signed ever so well', async () => {
    const served = await honestLedger(5, []);
    await using server = await scriptedServer({
      'GET /v1/logs/other/checkpoint': () => text(served.checkpoint),
      'GET /v1/log-keys': () => KEYS,
    });
    const { code, noted } = await runCommandLine(['verify', 'other', '--server', server.url], {
      environment: { XDG_CONFIG_HOME: folder },
    });
    expect(code).toBe(1);
    expect(noted).toContain(`The ledger shows a checkpoint of ${ORIGIN}`);
  });

  it('gives scripts the whole report', async () => {
    const { printed } = await verify({ served: await honestLedger(30, [30]) }, ['-o', 'json', ...KEY_WORDS]);
    expect(JSON.parse(printed)).toMatchObject({
      namespace: 'shop',
      origin: ORIGIN,
      report: { isUntouched: true, isWhole: true, size: 30, witnessedSize: 30, findings: [] },
    });
  });
});

describe('capataz verify without asking anybody', () => {
  it('finds in a saved log what was changed in it since', async () => {
    const path = join(folder, 'shop.log');
    expect((await verify({ served: await honestLedger(700, [600]) }, ['--save', path])).code).toBe(0);
    const offline = async (): Promise<Ran> =>
      await runCommandLine(['verify', '--export', path, ...KEY_WORDS]);
    const good = await offline();
    expect([good.code, good.printed.includes('the first 600')]).toEqual([0, true]);
    await writeFile(path, (await readFile(path, 'utf8')).replace('"id":"record-301"', '"id":"record-999"'));
    const bad = await offline();
    expect([bad.code, bad.printed.includes('Entry 301')]).toEqual([1, true]);
  });

  it('proves one record by its evidence, and nothing by one that was changed', async () => {
    const { entries, tree } = await honestLedger(40, []);
    const evidence = formatEvidence({
      entry: entries[7]?.canonical,
      index: 7,
      proof: await proveInclusion(7, 40, treeOf(entries.map(({ canonical = '' }) => canonical)).read),
      checkpoint: await witnessedAt(tree, 40),
    });
    const path = join(folder, 'record.tlog-proof');
    await writeFile(path, evidence);
    const proven = await runCommandLine(['verify', '--file', path, ...KEY_WORDS]);
    expect(proven.code).toBe(0);
    expect(proven.printed).toContain('entry 7 of 40 that are signed');
    expect(proven.printed).toContain('by witness.example at 2025-11-24');
    expect(proven.printed).toContain('"id": "record-7"');
    await writeFile(path, evidence.replace('index 7', 'index 8'));
    const changed = await runCommandLine(['verify', '--file', path, ...KEY_WORDS]);
    expect([changed.code, changed.printed]).toEqual([1, '']);
    const keyless = await runCommandLine(['verify', '--file', path], {
      environment: { XDG_CONFIG_HOME: folder },
    });
    expect([keyless.code, keyless.noted.includes('--ledger-key')]).toEqual([2, true]);
  });
});
