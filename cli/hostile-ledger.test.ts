/** Whoever answers may be anybody: the program ends, in bounded room, with a true sentence, and keeps its token to itself. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOG_KEY, ORIGIN, STRANGER_KEY, honestLedger } from '#domain/ledger/verify/testing/sample-ledger.ts';
import { signCheckpoint } from '#domain/transparency/checkpoint.ts';
import { encodeVerifierKey, type SignerKey } from '#domain/transparency/note-keys.ts';
import { SAMPLE_ROW } from './testing/sample-run.ts';
import { type Ran, runCommandLine } from './testing/run-command-line.ts';
import { type Answer, Status, scriptedServer } from './testing/scripted-server.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-hostile-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const COMMANDS: readonly { readonly words: readonly string[] }[] = [
  { words: ['runs'] },
  { words: ['trace', 'run-1'] },
  { words: ['trace', 'run-1', '--texts'] },
  { words: ['cost'] },
  { words: ['verify', 'shop'] },
  { words: ['feedback', 'run-1', 'good'] },
];

async function ask(url: string, words: readonly string[], more: readonly string[] = []): Promise<Ran> {
  return await runCommandLine([...words, '--server', url, ...more], {
    environment: { XDG_CONFIG_HOME: folder, CAPATAZ_LEDGER_TOKEN: 'secret-token' },
  });
}

/** Title of the window, clear the screen, clipboard, C1 CSI, right-to-left override, carriage return. */
const ESCAPES = '\x1b]0;owned\x07\x1b[2J\x1b]52;c;aGk=\x07\x9b31m\u202eevil\r';
const ACTED_UPON = /(?!\n)[\p{Cc}\u202a-\u202e]/u;

const raw =
  (body: string): ((response: ServerResponse) => void) =>
  (response) => {
    response.end(body);
  };

describe.each(COMMANDS)('capataz $words', ({ words }) => {
  it('writes out whatever a terminal would act upon in the failures of a server', async () => {
    for (const status of [400, 401, 403, 404, 429, 500]) {
      await using server = await scriptedServer({
        '*': () => new Status(status, { error: { message: `no ${ESCAPES}`, code: ESCAPES } }),
      });
      const { code, printed, noted } = await ask(server.url, words);
      expect(code).toBeGreaterThan(1);
      expect(printed + noted).not.toMatch(ACTED_UPON);
      expect(noted).toContain('\\x1b');
    }
  }, 120_000);

  it('goes nowhere else with its token than where it was sent', async () => {
    await using elsewhere = await scriptedServer({ '*': () => ({}) });
    for (const status of [301, 302, 303, 307, 308]) {
      await using server = await scriptedServer({
        '*': () => (response: ServerResponse) => {
          response.writeHead(status, { location: `${elsewhere.url}/v1/runs` }).end();
        },
      });
      expect((await ask(server.url, words)).code).toBe(3);
    }
    expect(elsewhere.asked).toEqual([]);
  }, 120_000);

  it('makes nothing of JSON that is deeper or more than a ledger says', async () => {
    for (const bomb of ['['.repeat(3_000_000), '{"a":'.repeat(1_000_000), `[${'[],'.repeat(3_000_000)}[]]`]) {
      await using server = await scriptedServer({ '*': () => raw(bomb) });
      expect((await ask(server.url, words)).code).toBe(6);
    }
  }, 120_000);
});

describe('capataz trace', () => {
  it('ends where pages without a record come one after another', async () => {
    let after = 0;
    await using server = await scriptedServer({
      '*': () => ({ run: SAMPLE_ROW, entries: [], nextAfter: (after += 1) }),
    });
    const { code, noted } = await ask(server.url, ['trace', 'run-1']);
    expect([code, noted.includes('one page after another that is empty')]).toEqual([6, true]);
  }, 120_000);
});

describe('capataz runs', () => {
  it('ends where pages without a run come one after another, and looks beyond some of them', async () => {
    let pages = 0;
    const rows =
      (endless: boolean): Answer =>
      () => {
        pages += 1;
        return pages === 3 && !endless ? { runs: [SAMPLE_ROW] } : { runs: [], nextCursor: `page-${pages}` };
      };
    await using some = await scriptedServer({ '*': rows(false) });
    const found = await ask(some.url, ['runs', '-o', 'json']);
    expect([found.code, found.printed.includes(SAMPLE_ROW.id)]).toEqual([0, true]);
    await using endless = await scriptedServer({ '*': rows(true) });
    expect((await ask(endless.url, ['runs'])).code).toBe(6);
  }, 120_000);
});

describe('capataz verify', () => {
  async function checkpointOf(size: number, key: SignerKey): Promise<string> {
    return signCheckpoint({ origin: ORIGIN, size, root: new Uint8Array(32) }, key);
  }

  const trusting = (more: Readonly<Record<string, Answer>>): Readonly<Record<string, Answer>> => ({
    'GET /v1/log-keys': () => ({ logs: [encodeVerifierKey(LOG_KEY)], witnesses: [] }),
    ...more,
  });

  it('is not led by the size of a checkpoint that nobody it trusts has signed', async () => {
    const checkpoint = await checkpointOf(Number.MAX_SAFE_INTEGER, STRANGER_KEY);
    await using server = await scriptedServer(
      trusting({
        'GET /v1/logs/shop/checkpoint': () => raw(checkpoint),
        'GET /v1/logs/shop/export': () => raw(''),
      }),
    );
    const { code, printed } = await ask(server.url, ['verify', 'shop']);
    expect([code, printed.includes('checkpoint_untrusted')]).toEqual([1, true]);
    expect(server.asked.length).toBeLessThan(10);
  });

  it('ends where entries come without an end, or more than were asked for', async () => {
    const checkpoint = await checkpointOf(5, STRANGER_KEY);
    const page = 'x\n'.repeat(1000);
    await using server = await scriptedServer(
      trusting({
        'GET /v1/logs/shop/checkpoint': () => raw(checkpoint),
        'GET /v1/logs/shop/export': () => raw(page),
      }),
    );
    expect((await ask(server.url, ['verify', 'shop'])).code).toBe(1);
    await using more = await scriptedServer(
      trusting({
        'GET /v1/logs/shop/checkpoint': () => raw(checkpoint),
        'GET /v1/logs/shop/export': () => raw('\n'.repeat(1_000_000)),
      }),
    );
    const { code, noted } = await ask(more.url, ['verify', 'shop']);
    expect([code, noted.includes('more than the 1000 entries')]).toEqual([6, true]);
  }, 120_000);

  it('writes out what a witness that does not answer says', async () => {
    const { checkpoint } = await honestLedger(5, []);
    await using server = await scriptedServer(
      trusting({ 'GET /v1/logs/shop/checkpoint': () => raw(checkpoint) }),
    );
    await using witness = await scriptedServer({
      '*': () => new Status(500, { error: { message: ESCAPES } }),
    });
    const { code, noted } = await ask(server.url, ['verify', 'shop'], ['--witness', witness.url]);
    expect(code).toBe(3);
    expect(noted).not.toMatch(ACTED_UPON);
  });
});
