import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { LedgerRecord, RecordDraft, RecordOf } from '#domain/ledger/ledger-record.ts';
import { NotRecordedError } from '#domain/ledger/record-writer.ts';
import { createLogger } from '#telemetry/logger.ts';
import { type LedgerUnderTest, startLedgerUnderTest } from '#test/fakes/ledger-under-test.ts';
import { createLedgerClientMetrics } from './ledger-client-metrics.ts';
import { type LedgerWriter, type LedgerWriterOptions, createLedgerWriter } from './ledger-writer.ts';

const MEBIBYTE = 1_048_576;
const SIGNAL = new AbortController().signal;

const cleanups: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface World {
  readonly ledger: LedgerUnderTest;
  readonly folder: string;
  readonly registry: Registry;
  /** Another start of the same process on the same folder. */
  readonly start: (options?: Partial<LedgerWriterOptions>) => Promise<LedgerWriter>;
}

async function world(): Promise<World> {
  const ledger = await startLedgerUnderTest();
  const folder = await mkdtemp(join(tmpdir(), 'capataz-spool-'));
  const registry = new Registry();
  cleanups.push(
    () => ledger[Symbol.asyncDispose](),
    () => rm(folder, { recursive: true, force: true }),
  );
  return {
    ledger,
    folder,
    registry,
    start: async (options = {}) => {
      registry.clear();
      const writer = await createLedgerWriter({
        url: ledger.url,
        spoolFolder: folder,
        maximumBytes: 4 * MEBIBYTE,
        source: { process: 'router', instance: 'router-0' },
        namespace: 'capataz-system',
        logger: createLogger('test', 'silent'),
        metrics: createLedgerClientMetrics(registry),
        newId: randomUUID,
        now: () => performance.now(),
        epochMilliseconds: Date.now,
        random: Math.random,
        answerTimeoutMilliseconds: 300,
        ...options,
      });
      cleanups.push(() => writer.close(0));
      return writer;
    },
  };
}

function draft(id: string, sentence?: string): RecordDraft {
  return {
    id,
    type: 'policy_decision',
    namespace: 'shop',
    atMicroseconds: 1,
    policy: 'tools',
    verdict: 'allowed',
    reason: 'listed',
    ...(sentence !== undefined && { sentence }),
  };
}

function ids(records: readonly LedgerRecord[]): readonly string[] {
  return records.filter(({ type }) => type === 'policy_decision').map(({ id }) => id);
}

function gaps(records: readonly LedgerRecord[]): readonly RecordOf<'gap'>[] {
  return records.filter((record) => record.type === 'gap');
}

function numbered(count: number, from = 0): readonly string[] {
  return Array.from({ length: count }, (_, place) => `d-${from + place}`);
}

/** Into a file of its own, in a spool of one mebibyte. */
async function writeFileOf(writer: LedgerWriter, record: RecordDraft): Promise<void> {
  writer.write(record, [{ field: 'input', text: 'x'.repeat(70_000), retentionDays: 1 }]);
  await writer.settled();
}

async function spoolFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.spool'))
    .toSorted()
    .map((name) => join(folder, name));
}

describe('the writer of ledger records', () => {
  it('delivers all in order, numbered from 1 without holes, with their texts, and leaves nothing on disk', async () => {
    const { ledger, folder, start } = await world();
    const writer = await start();
    const given = numbered(2_000);
    for (const id of given) {
      writer.write(draft(id), [{ field: 'input', text: `text\n\t"${id}" \ud800`, retentionDays: 7 }]);
    }
    await ledger.until((records) => records.length === given.length);
    expect(ids(ledger.records)).toEqual(given);
    expect(ledger.records.map(({ source }) => source)).toEqual(
      given.map((_, place) => ({
        process: 'router',
        instance: 'router-0',
        boot: writer.boot,
        sequence: place + 1,
      })),
    );
    expect(ledger.texts.map(({ recordId, text }) => `${recordId} ${text.includes(recordId)}`)).toEqual(
      given.map((id) => `${id} true`),
    );
    await writer.close(5_000);
    expect(await spoolFiles(folder)).toEqual([]);
  });

  it('resolves writeDurably once the ledger has it and all before it, and not before', async () => {
    const { ledger, start } = await world();
    const writer = await start();
    writer.write(draft('before'));
    await writer.writeDurably(draft('intent'), [], { timeoutMilliseconds: 5_000, signal: SIGNAL });
    expect(ids(ledger.records)).toEqual(['before', 'intent']);
  });

  it.each([['killed'], ['frozen'], ['refusing'], ['lying']])(
    'rejects writeDurably in time while the ledger is %s, and the record arrives all the same',
    async (state) => {
      const { ledger, start } = await world();
      const writer = await start();
      if (state === 'killed') await ledger.kill();
      if (state === 'frozen') ledger.setFault({ kind: 'freeze' });
      if (state === 'refusing') ledger.setFault({ kind: 'status', status: 503 });
      if (state === 'lying') {
        ledger.setFault({ kind: 'answer', body: '{"written":7,"duplicates":0,"refused":[]}' });
      }
      const limits = { timeoutMilliseconds: 50, signal: SIGNAL };
      await expect(writer.writeDurably(draft('intent'), [], limits)).rejects.toThrow(NotRecordedError);
      if (state === 'killed') await ledger.revive();
      ledger.setFault(undefined);
      await ledger.until((records) => ids(records).includes('intent'));
      expect(ids(ledger.records)).toEqual(['intent']);
    },
  );

  it('rejects writeDurably with the reason of its signal', async () => {
    const { ledger, start } = await world();
    const writer = await start();
    ledger.setFault({ kind: 'freeze' });
    const controller = new AbortController();
    const limits = { timeoutMilliseconds: 60_000, signal: controller.signal };
    const writing = writer.writeDurably(draft('intent'), [], limits);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(writing).rejects.toBe(reason);
  });

  it('tells of a record that the ledger refuses, rejects who waits for it, and goes on', async () => {
    const { ledger, start } = await world();
    const writer = await start();
    ledger.setRefusal(({ id }) => (id === 'bad' ? 'record_not_allowed' : undefined));
    writer.write(draft('first'));
    const limits = { timeoutMilliseconds: 5_000, signal: SIGNAL };
    await expect(writer.writeDurably(draft('bad'), [], limits)).rejects.toThrow('record_not_allowed');
    await writer.writeDurably(draft('last'), [], limits);
    await ledger.until((records) => gaps(records).length === 1);
    expect(ids(ledger.records)).toEqual(['first', 'last']);
    expect(gaps(ledger.records)).toMatchObject([
      { cause: 'refused_record', namespace: 'shop', records: 1, missing: { boot: writer.boot, sequence: 2 } },
    ]);
  });

  it('takes a rollout decision for told whose id an earlier start has told with', async () => {
    const { ledger, start } = await world();
    const decision: RecordDraft = {
      id: 'rollout:u:1:released:0',
      type: 'rollout_decision',
      namespace: 'shop',
      atMicroseconds: 1,
      rollout: 'triage',
      decision: 'released',
      reason: 'version_accepted',
    };
    for (let life = 0; life < 2; life += 1) {
      const writer = await start();
      writer.write(decision);
      await writer.close(5_000);
    }
    expect(ledger.requests()).toBe(2);
    expect(ledger.records.map(({ id }) => id)).toEqual([decision.id]);
  });

  it('does not tell for ever of a gap that is refused too', async () => {
    const { ledger, start } = await world();
    const writer = await start();
    ledger.setRefusal(() => 'record_not_allowed');
    writer.write(draft('bad'));
    await writer.close(5_000);
    expect(ledger.records).toEqual([]);
    expect(ledger.requests()).toBe(2);
  });

  it.each([
    ['no JSON', 'ok'],
    ['counts that are too small', '{"written":0,"duplicates":0,"refused":[]}'],
    ['counts that are too large', '{"written":2,"duplicates":0,"refused":[]}'],
    [
      'a record that was not sent',
      '{"written":0,"duplicates":0,"refused":[{"index":1,"code":"record_invalid","message":""}]}',
    ],
  ])('believes no answer with %s: the record is delivered again', async (_name, body) => {
    const { ledger, start } = await world();
    const writer = await start();
    ledger.setFault({ kind: 'answer', body });
    writer.write(draft('kept'));
    await ledger.untilRequests(2);
    ledger.setFault(undefined);
    await ledger.until((records) => ids(records).length === 1);
    expect(ledger.requests()).toBeGreaterThan(2);
  });

  it('delivers again what the ledger has written and never could say so', async () => {
    const { ledger, start } = await world();
    const writer = await start();
    ledger.setFault({ kind: 'loseAnswer' });
    writer.write(draft('kept'));
    await ledger.untilRequests(2);
    ledger.setFault(undefined);
    await writer.writeDurably(draft('last'), [], { timeoutMilliseconds: 5_000, signal: SIGNAL });
    expect(ids(ledger.records)).toEqual(['kept', 'last']);
    expect(ledger.duplicates()).toBeGreaterThan(0);
  });

  it('finds the one record for which a whole body is refused', async () => {
    const { ledger, start } = await world();
    const writer = await start();
    ledger.setRefusal(({ id }) => {
      if (id === 'poison') throw new Error('poison');
      return undefined;
    });
    for (const id of ['a', 'poison', 'b', 'c']) writer.write(draft(id));
    await ledger.until((records) => ids(records).length === 3 && gaps(records).length === 1);
    expect(ids(ledger.records)).toEqual(['a', 'b', 'c']);
  });

  it('sends the token that is in the file at that time', async () => {
    const { ledger, folder, start } = await world();
    const tokenPath = join(folder, 'token');
    await writeFile(tokenPath, 'first\n');
    let now = 0;
    const writer = await start({ tokenPath, now: () => now });
    const limits = { timeoutMilliseconds: 5_000, signal: SIGNAL };
    await writer.writeDurably(draft('a'), [], limits);
    await writeFile(tokenPath, 'second\n');
    now = 60_000;
    await writer.writeDurably(draft('b'), [], limits);
    expect(ledger.authorizations).toEqual(['Bearer first', 'Bearer second']);
  });

  it.each([[401], [403], [404], [429], [500], [503], [507]])(
    'keeps everything through many answers with status %i',
    async (status) => {
      const { ledger, start } = await world();
      const writer = await start();
      ledger.setFault({ kind: 'status', status });
      for (const id of numbered(20)) writer.write(draft(id));
      await ledger.untilRequests(3);
      ledger.setFault(undefined);
      await ledger.until((records) => ids(records).length === 20);
      expect(ids(ledger.records)).toEqual(numbered(20));
    },
  );
});

describe('a spool', () => {
  it('has no room for new work when it is nearly full, keeps what is under way, and tells how many it could not keep', async () => {
    const { ledger, start, registry } = await world();
    const writer = await start({ maximumBytes: MEBIBYTE });
    await ledger.kill();
    const sentence = 'x'.repeat(2_000);
    let written = 0;
    while (writer.hasRoom()) {
      writer.write(draft(`d-${written}`, sentence));
      written += 1;
      if (written % 50 === 0) await writer.settled();
    }
    expect(written).toBeGreaterThan(200);
    // The reserve.
    const underWay = numbered(50, written);
    for (const id of underWay) writer.write(draft(id, sentence));
    await writer.settled();
    const tooMany = numbered(1_000, written + underWay.length);
    for (const id of tooMany) writer.write(draft(id, sentence));
    await writer.settled();
    await expect(
      writer.writeDurably(draft('no', sentence), [], { timeoutMilliseconds: 5_000, signal: SIGNAL }),
    ).rejects.toThrow('no room');
    await ledger.revive();
    await ledger.until((records) => gaps(records).length === 1);
    const arrived = ids(ledger.records);
    expect(arrived.slice(0, written + underWay.length)).toEqual(numbered(written + underWay.length));
    const [gap] = gaps(ledger.records);
    expect(gap).toMatchObject({ cause: 'lost_records', namespace: 'shop' });
    expect(arrived.length + (gap?.records ?? 0)).toBe(written + underWay.length + tooMany.length + 1);
    expect(writer.hasRoom()).toBe(true);
    expect(await registry.metrics()).toContain(
      `capataz_ledger_client_records_total{fate="lost"} ${gap?.records}`,
    );
  });

  it('cuts a text that no batch can carry, keeps its record, and says in it how much of the text was kept', async () => {
    const { ledger, start } = await world();
    const writer = await start();
    const long = `${'\u0001'.repeat(500_000)}${'\u{1f40c}'.repeat(250_000)}`;
    const cycle: RecordDraft = {
      id: 'long',
      type: 'cycle',
      namespace: 'shop',
      atMicroseconds: 1,
      run: { id: 'run-1', step: 1 },
      agent: { name: 'triage' },
      phase: 'answer',
      outcome: 'ok',
      sent: { characters: long.length },
      answer: { characters: 5 },
      toolCalls: 0,
      durationMicroseconds: 1,
    };
    writer.write(cycle, [
      { field: 'answer', text: 'short', retentionDays: 1 },
      { field: 'sent', text: long, retentionDays: 1 },
    ]);
    await ledger.until((records) => records.length === 1);
    const [answer, sent] = ledger.texts;
    expect(answer?.text).toBe('short');
    expect(long.startsWith(sent?.text ?? 'nothing')).toBe(true);
    expect(sent?.text.length).toBeGreaterThan(50_000);
    expect(ledger.records).toMatchObject([
      { sent: { characters: long.length, keptCharacters: sent?.text.length }, answer: { characters: 5 } },
    ]);
    expect(ledger.records[0]).not.toHaveProperty('answer.keptCharacters');
  });

  it('is delivered by the next start, first and with its own source', async () => {
    const { ledger, start } = await world();
    const first = await start();
    await ledger.kill();
    for (const id of numbered(10)) first.write(draft(id));
    await first.close(0);
    const second = await start();
    second.write(draft('new'));
    await ledger.revive();
    await ledger.until((records) => ids(records).length === 11);
    expect(ids(ledger.records)).toEqual([...numbered(10), 'new']);
    expect(ledger.records.map(({ source }) => `${source.boot} ${source.sequence}`)).toEqual([
      ...numbered(10).map((_, place) => `${first.boot} ${place + 1}`),
      `${second.boot} 1`,
    ]);
  });

  it.each([
    ['in the middle of a line', 20, 'torn_tail'],
    ['of all but a line feed', 1, 'torn_tail'],
  ])('tells of a tail that a crash tore: %s', async (_name, missingBytes, cause) => {
    const { ledger, folder, start } = await world();
    const first = await start();
    await ledger.kill();
    for (const id of numbered(3)) first.write(draft(id));
    await first.close(0);
    const [path = ''] = await spoolFiles(folder);
    const { length } = await readFile(path);
    await truncate(path, length - missingBytes);
    await start();
    await ledger.revive();
    await ledger.until((records) => gaps(records).length === 1);
    expect(ids(ledger.records)).toEqual(numbered(2));
    expect(gaps(ledger.records)).toMatchObject([
      { cause, missing: { process: 'router', instance: 'router-0', boot: first.boot, sequence: 3 } },
    ]);
  });

  it.each([
    ['changed', (line: string) => line.replace('listed', 'absent')],
    ['no line at all', () => '\u0000\u0000\t\t'],
    ['empty', () => ''],
  ])('tells which record is missing where a line in the middle is %s', async (_name, change) => {
    const { ledger, folder, start } = await world();
    const first = await start();
    await ledger.kill();
    for (const id of numbered(5)) first.write(draft(id));
    await first.close(0);
    const [path = ''] = await spoolFiles(folder);
    const lines = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, lines.map((line, place) => (place === 2 ? change(line) : line)).join('\n'));
    await start();
    await ledger.revive();
    await ledger.until((records) => gaps(records).length === 1);
    expect(ids(ledger.records)).toEqual(['d-0', 'd-1', 'd-3', 'd-4']);
    expect(gaps(ledger.records)).toMatchObject([
      { cause: 'lost_records', records: 1, missing: { boot: first.boot, sequence: 3 } },
    ]);
  });

  it('loses nothing with a file that somebody removes while it is written', async () => {
    const { ledger, folder, start } = await world();
    const writer = await start();
    await ledger.kill();
    writer.write(draft('kept'));
    await writer.settled();
    for (const path of await spoolFiles(folder)) await rm(path);
    await ledger.revive();
    await ledger.until((records) => records.length === 1);
    expect(ids(ledger.records)).toEqual(['kept']);
  });

  it.each([
    ['the oldest', [0], 1],
    ['one in the middle', [1], 2],
    ['the newest', [-1], 4],
    ['all', [0, 1, 2, 3], 1],
  ])('tells of files of an earlier start that somebody removed: %s', async (_name, places, sequence) => {
    const { ledger, folder, start } = await world();
    const first = await start({ maximumBytes: MEBIBYTE });
    await ledger.kill();
    for (const id of numbered(4)) await writeFileOf(first, draft(id));
    await first.close(0);
    const files = await spoolFiles(folder);
    expect(files).toHaveLength(4);
    for (const place of places) await rm(files.at(place) ?? '');
    const left = numbered(4).filter((_id, place) => !places.includes(place) && !places.includes(place - 4));
    await start();
    await ledger.revive();
    await ledger.until(
      (arrived) => ids(arrived).length === left.length && gaps(arrived).length === places.length,
    );
    expect(ids(ledger.records)).toEqual(left);
    const [gap] = gaps(ledger.records);
    expect(gap).toMatchObject({
      cause: 'lost_records',
      missing: { boot: first.boot, sequence },
    });
    expect(gap?.records).toBe(1);
  });

  it.each([
    ['its last lines', 1, 3, 5, { sequence: 9, records: 2 }],
    ['its first lines', 1, 0, 2, { sequence: 6, records: 2 }],
    ['lines in its middle', 1, 2, 3, { sequence: 8, records: 1 }],
    ['all its lines', 1, 0, 5, { sequence: 6, records: 5 }],
    ['the last lines of an earlier file', 0, 4, 5, { sequence: 5, records: 1 }],
  ])('tells of a file out of which somebody cut %s', async (_name, life, from, to, missing) => {
    const { ledger, folder, start } = await world();
    await ledger.kill();
    const boots: string[] = [];
    for (const place of [0, 1]) {
      const writer = await start({ newId: () => `boot-${place}` });
      boots.push(writer.boot);
      // So that the numbers of the second file begin at 6.
      if (place === 1) for (const id of numbered(5, 100)) await writeFileOf(writer, draft(id));
      for (const id of numbered(5, place * 10)) writer.write(draft(id));
      await writer.close(0);
    }
    const files = await spoolFiles(folder);
    const path = files.findLast((each) => each.includes(`.boot-${life}.`)) ?? '';
    const lines = (await readFile(path, 'utf8')).split('\n');
    const kept = lines.toSpliced(lines.length - 6 + from, to - from);
    await writeFile(path, kept.join('\n'));
    const writer = await start();
    await ledger.revive();
    await writer.close(10_000);
    expect(ids(ledger.records)).toHaveLength(15 - missing.records);
    expect(gaps(ledger.records)).toMatchObject([
      {
        cause: 'lost_records',
        records: missing.records,
        missing: { boot: boots[life], sequence: missing.sequence },
      },
    ]);
    expect(await spoolFiles(folder)).toEqual([]);
  });

  it.each([['spool.index'], ['spool.index.copy']])(
    'knows what is gone also where %s is no index any more',
    async (name) => {
      const { ledger, folder, start } = await world();
      const first = await start({ maximumBytes: MEBIBYTE });
      await ledger.kill();
      for (const id of numbered(3)) await writeFileOf(first, draft(id));
      await first.close(0);
      const [, middle = ''] = await spoolFiles(folder);
      await rm(middle);
      await writeFile(join(folder, name), 'garbage');
      const second = await start();
      await ledger.revive();
      await second.close(10_000);
      expect(ids(ledger.records)).toEqual(['d-0', 'd-2']);
      expect(gaps(ledger.records)).toMatchObject([
        { records: 1, missing: { boot: first.boot, sequence: 2 } },
      ]);
    },
  );

  it.each([
    ['the index is', ['spool.index', 'spool.index.copy'], 'garbage'],
    ['the mark of the end is', ['spool.end'], 'garbage'],
    ['all of them are', ['spool.index', 'spool.index.copy', 'spool.end'], undefined],
  ])('says that it does not know what is gone where %s lost, once', async (_name, names, content) => {
    const { ledger, folder, start } = await world();
    const first = await start();
    await ledger.kill();
    first.write(draft('kept'));
    await first.close(0);
    for (const name of names) {
      await rm(join(folder, name));
      if (content !== undefined) await writeFile(join(folder, name), content);
    }
    for (let life = 0; life < 3; life += 1) {
      const writer = await start();
      if (life === 0) await ledger.kill();
      if (life === 2) await ledger.revive();
      await writer.settled();
      await writer.close(life === 2 ? 10_000 : 0);
    }
    expect(ids(ledger.records)).toEqual(['kept']);
    expect(gaps(ledger.records)).toHaveLength(1);
    expect(gaps(ledger.records)[0]).not.toHaveProperty('missing');
    expect(await spoolFiles(folder)).toEqual([]);
  });

  it.each([
    ['a folder', async (path: string) => await mkdir(path)],
    ['a link', async (path: string) => await symlink('/dev/zero', path)],
  ])('tells of a file in whose place a start finds %s, once', async (_name, put) => {
    const { ledger, folder, start } = await world();
    const first = await start({ maximumBytes: MEBIBYTE });
    await ledger.kill();
    for (const id of numbered(3)) await writeFileOf(first, draft(id));
    await first.close(0);
    const [, middle = ''] = await spoolFiles(folder);
    await rm(middle);
    await put(middle);
    await ledger.revive();
    for (let life = 0; life < 2; life += 1) await (await start()).close(10_000);
    expect(ids(ledger.records)).toEqual(['d-0', 'd-2']);
    expect(gaps(ledger.records)).toMatchObject([{ records: 1, missing: { boot: first.boot, sequence: 2 } }]);
    expect(await spoolFiles(folder)).toEqual([]);
  });

  it('tells of nothing where nothing is gone, and takes no number for missing that found no room', async () => {
    const { ledger, folder, start } = await world();
    const first = await start({ maximumBytes: MEBIBYTE });
    await ledger.kill();
    for (const id of numbered(600)) first.write(draft(id, 'x'.repeat(2_000)));
    await first.settled();
    await ledger.revive();
    await ledger.until((records) => gaps(records).length > 0);
    first.write(draft('behind'));
    await first.close(10_000);
    await (await start()).close(10_000);
    const kept = ids(ledger.records).length - 1;
    expect(ids(ledger.records).at(-1)).toBe('behind');
    expect(gaps(ledger.records)).toMatchObject([
      { records: 600 - kept, missing: { boot: first.boot, sequence: kept + 1 } },
    ]);
    expect(await spoolFiles(folder)).toEqual([]);
  });

  it.each([
    ['a folder', async (path: string) => await mkdir(path)],
    ['what gives an error at each read', async (path: string) => await symlink('/proc/self/mem', path)],
  ])(
    'goes on behind a file in whose place is %s, and tells of it',
    async (_name, put) => {
      const { ledger, folder, start } = await world();
      const first = await start({ maximumBytes: MEBIBYTE });
      await ledger.kill();
      for (const id of numbered(3)) await writeFileOf(first, draft(id));
      await first.close(0);
      await start();
      const [, path = ''] = await spoolFiles(folder);
      await rm(path);
      await put(path);
      await ledger.revive();
      await ledger.until((records) => gaps(records).length === 1 && ids(records).length === 2);
      expect(ids(ledger.records)).toEqual(['d-0', 'd-2']);
      expect(gaps(ledger.records)).toMatchObject([
        { id: `gap.${first.boot}.2`, cause: 'lost_records', records: 1, missing: { sequence: 2 } },
      ]);
    },
    90_000,
  );

  it('is held by one process: another is refused, until the first has ended', async () => {
    const { ledger, start } = await world();
    const first = await start();
    await expect(start()).rejects.toThrow('is held by another process');
    first.write(draft('mine'));
    await first.close(5_000);
    const second = await start();
    await second.close(0);
    expect(ids(ledger.records)).toEqual(['mine']);
  });

  it('is no longer held by a process that was killed, and a broken lock keeps nobody out', async () => {
    const { ledger, folder, start } = await world();
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'testing/producing-process.ts'), ledger.url, folder, '0'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    await expect(start()).rejects.toThrow('is held by another process');
    child.kill('SIGKILL');
    child.stdout.resume();
    await closed;
    await writeFile(join(folder, 'owner.lock'), 'no database at all '.repeat(100));
    await (await start()).close(15_000);
    expect(await spoolFiles(folder)).toEqual([]);
  }, 60_000);

  it('is delivered at an end also when the ledger has asked for a long pause', async () => {
    const { ledger, start } = await world();
    const writer = await start();
    ledger.setFault({ kind: 'status', status: 503, headers: { 'retry-after': '300' } });
    writer.write(draft('kept'));
    await ledger.untilRequests(1);
    ledger.setFault(undefined);
    await writer.close(20_000);
    expect(ids(ledger.records)).toEqual(['kept']);
  }, 30_000);

  it('tells once of what is missing, however often a start finds it', async () => {
    const { ledger, folder, start } = await world();
    const first = await start();
    await ledger.kill();
    for (const id of numbered(3)) first.write(draft(id));
    await first.close(0);
    const [path = ''] = await spoolFiles(folder);
    const torn = (await readFile(path)).subarray(0, -20);
    for (let life = 0; life < 3; life += 1) {
      await writeFile(path, torn);
      const writer = await start();
      if (life === 0) await ledger.revive();
      await ledger.until((records) => gaps(records).length === 1);
      await writer.close(10_000);
    }
    expect(ids(ledger.records)).toEqual(numbered(2));
    expect(gaps(ledger.records)).toMatchObject([{ id: `gap.${first.boot}.3` }]);
  }, 30_000);

  it('takes no more than it may in bytes, whatever the records are written in', async () => {
    const { ledger, folder, start } = await world();
    const writer = await start({ maximumBytes: MEBIBYTE });
    await ledger.kill();
    for (const id of numbered(600)) writer.write(draft(id, '\u0001\u{1f40c}'.repeat(500)));
    await writer.settled();
    const sizes = await Promise.all((await spoolFiles(folder)).map(async (path) => (await stat(path)).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MEBIBYTE);
  });

  it('tells what was written last with an id, in its place, as long as no disk has taken what was written first', async () => {
    const { ledger, folder, start } = await world();
    const writer = await start({ newId: () => 'boot' });
    // The next file cannot be made: for the writer the same as a disk without room.
    const obstacle = join(folder, '000000000001.boot.1.spool');
    await writeFile(obstacle, '');
    writer.write(draft('before'));
    writer.write(draft('end', 'succeeded'));
    writer.write(draft('behind'));
    while (writer.hasRoom()) await new Promise((resolve) => setImmediate(resolve));
    writer.writeInstead(draft('end', 'failed, and with a longer sentence than before'));
    await rm(obstacle);
    await writer.settled();
    await ledger.until((records) => records.length === 3);
    writer.writeInstead(draft('alone'));
    await ledger.until((records) => records.length === 4);
    expect(ids(ledger.records)).toEqual(['before', 'end', 'behind', 'alone']);
    expect(ledger.records.map(({ source }) => source.sequence)).toEqual([1, 2, 3, 4]);
    expect(ledger.records[1]).toMatchObject({ sentence: 'failed, and with a longer sentence than before' });
  });

  it('lets no batch go before what is missing from it is told, also when no disk takes that', async () => {
    const { ledger, folder, start } = await world();
    const first = await start();
    await ledger.kill();
    for (const id of numbered(3)) first.write(draft(id));
    await first.close(0);
    const [path = ''] = await spoolFiles(folder);
    await truncate(path, (await stat(path)).size - 20);
    const second = await start({ newId: () => 'boot' });
    const obstacle = join(folder, '000000000002.boot.1.spool');
    await writeFile(obstacle, '');
    await ledger.revive();
    await ledger.until((records) => records.length === 2);
    while (second.hasRoom()) await new Promise((resolve) => setTimeout(resolve, 10));
    await second.close(0);
    await rm(obstacle);
    await (await start()).close(10_000);
    expect(ids(ledger.records)).toEqual(numbered(2));
    expect(gaps(ledger.records)).toMatchObject([{ records: 1, missing: { boot: first.boot, sequence: 3 } }]);
    expect(await spoolFiles(folder)).toEqual([]);
  }, 30_000);

  it('keeps in memory what the disk does not take, allows nothing new meanwhile, and loses nothing', async () => {
    const { ledger, folder, start } = await world();
    const writer = await start();
    // The next file cannot be made: for the writer the same as a disk without room.
    await rm(folder, { recursive: true });
    await writeFile(folder, 'not a folder');
    for (const id of numbered(5)) writer.write(draft(id));
    while (writer.hasRoom()) await new Promise((resolve) => setImmediate(resolve));
    await rm(folder);
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    await mkdir(folder);
    await ledger.until((records) => ids(records).length === 5);
    expect(ids(ledger.records)).toEqual(numbered(5));
    expect(writer.hasRoom()).toBe(true);
  });
});

describe('a process that is killed', () => {
  it('has lost no record for which `settled` had resolved, kill after kill, and each arrives once', async () => {
    const { ledger, folder, start } = await world();
    const settled: string[] = [];
    for (let life = 0; life < 12; life += 1) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'testing/producing-process.ts'), ledger.url, folder, String(life)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const closed = once(child, 'close');
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.length > 200 * (life + 1)) child.kill('SIGKILL');
      });
      // In some lives the ledger is away.
      if (life % 3 === 1) await ledger.kill();
      if (life % 3 === 2) await ledger.revive();
      await closed;
      settled.push(...output.split('\n').slice(0, -1));
    }
    await ledger.kill();
    await ledger.revive();
    const last = await start();
    await last.close(15_000);
    const arrived = ids(ledger.records);
    expect(settled.length).toBeGreaterThan(100);
    expect(new Set(arrived).size).toBe(arrived.length);
    expect(settled.filter((id) => !arrived.includes(id))).toEqual([]);
    expect(await spoolFiles(folder)).toEqual([]);
  }, 60_000);
});
