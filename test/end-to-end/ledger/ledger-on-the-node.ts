/** What users of the ledger see on the whole node. Called by factory.test.ts, whose node it shares. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bookings, BOOKERS, BOOKING, startBookings } from '../world/bookings.ts';
import { type CapatazProgram, prepareCapataz } from '../world/capataz.ts';
import { kubectl, serviceUrl } from '../world/cluster.ts';
import { eventually } from '../world/eventually.ts';
import {
  deleteLedgerPod,
  editLedgerFile,
  freezeLedger,
  ledgerBytes,
  readRecords,
  scaleLedger,
} from '../world/ledger.ts';
import { ask, askWithoutPause } from '../world/runs.ts';

const CANARY = 'canary-7f3a91-of-the-caller';

export function describeLedgerOnTheNode(): void {
  let bookings: Bookings;
  let capataz: CapatazProgram;

  beforeAll(async () => {
    capataz = await prepareCapataz();
    bookings = await startBookings();
  });

  afterAll(async () => {
    await capataz?.[Symbol.asyncDispose]();
    await bookings?.[Symbol.asyncDispose]();
  });

  describe('the ledger', () => {
    it('tells the run of the classified mail with its model call, attempt, tokens and cost', async () => {
      const run = (await capataz.runsOf('default')).find(({ agent }) => agent === 'email-classifier');
      expect(run).toMatchObject({ status: 'succeeded', modelCalls: 1, attempts: 1, isComplete: true });
      expect(run?.inputTokens).toBeGreaterThan(0);
      const table = await capataz.run('runs', '--namespace', 'default');
      expect(table.output).toContain(run?.id);
      const trace = await capataz.run('trace', run?.id ?? '');
      expect(trace.output, trace.errorOutput).toMatch(/Thought +smollm2/);
      expect(trace.output).toMatch(/Attempt 1 +smollm2 .*answered/);
      const { costs } = (await capataz.read('cost', '--namespace', 'default')) as {
        readonly costs: readonly Record<string, unknown>[];
      };
      expect(costs).toHaveLength(1);
      expect(JSON.stringify(costs)).toContain('email-classifier');
      expect(costs[0]).toMatchObject({ attemptsOfUnknownCost: 0, costNanoUsd: run?.costNanoUsd });
    });

    it('is read in the namespace in which a Role says so, and nowhere else', async () => {
      await kubectl(['create', 'serviceaccount', 'run-reader', '--namespace', BOOKERS]);
      await kubectl([
        'create',
        'role',
        'run-reader',
        '--verb=get',
        '--resource=agents.capataz.dev/runs',
        '--namespace',
        BOOKERS,
      ]);
      await kubectl([
        'create',
        'rolebinding',
        'run-reader',
        '--role=run-reader',
        `--serviceaccount=${BOOKERS}:run-reader`,
        '--namespace',
        BOOKERS,
      ]);
      const as = ['--service-account', `${BOOKERS}/run-reader`];
      const [here, there, everywhere, costs] = await Promise.all([
        capataz.run('runs', ...as, '--namespace', BOOKERS),
        capataz.run('runs', ...as, '--namespace', 'default'),
        capataz.run('runs', ...as, '--all-namespaces'),
        capataz.run('cost', ...as, '--namespace', BOOKERS),
      ]);
      expect(here.exitCode, here.errorOutput).toBe(0);
      expect([there.exitCode, everywhere.exitCode, costs.exitCode]).toEqual([4, 4, 4]);
    });

    it('keeps texts only where the Agent says so, encrypted, and records who read them', async () => {
      const filed = await ask(await serviceUrl('agent-filer', BOOKERS), { question: `filed ${CANARY}` });
      const booked = await ask(await serviceUrl('agent-booker', BOOKERS), { question: `plain ${CANARY}` });
      const [filedRun, bookedRun] = [String(filed.body['runId']), String(booked.body['runId'])];
      await eventually('both runs are told', async () => {
        const runs = await capataz.runsOf(BOOKERS);
        expect(runs.find(({ id }) => id === filedRun)?.isComplete).toBe(true);
        expect(runs.find(({ id }) => id === bookedRun)?.isComplete).toBe(true);
      });
      const texts = await capataz.run('trace', filedRun, '--texts', '--reason', 'Question of the customer');
      expect(texts.output, texts.errorOutput).toContain(`filed ${CANARY}`);
      expect((await capataz.run('trace', bookedRun, '--texts')).output).not.toContain(CANARY);
      const accesses = await readRecords(BOOKERS, 'content_access');
      expect(accesses).toContainEqual(
        expect.objectContaining({ action: 'revealed', reason: 'Question of the customer' }),
      );
      const bytes = await ledgerBytes();
      expect(bytes.includes(bookedRun)).toBe(true);
      expect(bytes.includes(CANARY)).toBe(false);
    });

    it('is untouched by its signatures and the witness, until its file is edited by hand', async () => {
      // The first checkpoint of a namespace is made some seconds after its first record, and witnessed a moment later.
      await eventually('the log is signed and witnessed', async () => {
        const before = await capataz.run('verify', BOOKERS);
        expect(before.exitCode, before.output + before.errorOutput).toBe(0);
        expect(before.output).toContain('untouched');
        expect(before.output).toContain('capataz-system-witness/capataz-ledger-witness');
      });
      const edited = await editLedgerFile((database) => {
        const row = database
          .prepare(
            "SELECT position, record_id, canonical FROM entries WHERE type = 'run_ended' AND agent = 'filer'",
          )
          .get() as { readonly position: number; readonly record_id: string; readonly canonical: string };
        database
          .prepare('UPDATE entries SET canonical = ? WHERE position = ?')
          .run(row.canonical.replace('succeeded', 'failed'), row.position);
        return row;
      });
      try {
        const after = await capataz.run('verify', BOOKERS);
        expect(after.exitCode, after.output).toBe(1);
        expect(after.output).toContain('NOT WHAT WAS SIGNED');
        expect(after.output.replaceAll(/\s+/g, ' ')).toContain(edited.record_id);
      } finally {
        await editLedgerFile((database) =>
          database
            .prepare('UPDATE entries SET canonical = ? WHERE position = ?')
            .run(edited.canonical, edited.position),
        );
      }
      expect((await capataz.run('verify', BOOKERS)).exitCode).toBe(0);
    });

    it('loses nothing and lets no effect by unrecorded while its pod is deleted, frozen and away', async () => {
      const asking = askWithoutPause(await serviceUrl('agent-booker', BOOKERS), 2, (count) => ({
        question: `${BOOKING}, number ${count}`,
      }));
      await deleteLedgerPod();
      await freezeLedger(3);
      await scaleLedger(0);
      await scaleLedger(1);
      const { answers, failures } = await asking.stop();
      expect(failures).toEqual([]);
      expect(answers.filter(({ body }) => body.status === 'succeeded').length).toBeGreaterThan(5);
      expect(
        answers.filter(({ body }) => body.status !== 'succeeded' && body['reason'] !== 'not_recorded'),
      ).toEqual([]);
      await eventually('every answered run is whole in the ledger', async () => {
        const whole = new Set(
          (await capataz.runsOf(BOOKERS)).filter(({ isComplete }) => isComplete).map(({ id }) => id),
        );
        expect(answers.map(({ body }) => String(body['runId'])).filter((id) => !whole.has(id))).toEqual([]);
      });
      const intents = new Set((await readRecords(BOOKERS, 'tool_intent')).map(({ callId }) => callId));
      expect(bookings.effects.length).toBeGreaterThan(5);
      expect(new Set(bookings.effects).size).toBe(bookings.effects.length);
      expect(bookings.effects.filter((callId) => !intents.has(callId))).toEqual([]);
      await eventually('the attempts are those that the provider counted', async () => {
        const runs = await capataz.runsOf(BOOKERS);
        const attempts = runs.reduce((sum, run) => sum + run.attempts, 0);
        expect(attempts).toBe(bookings.provider.keysUsed().length);
      });
      expect(await readRecords(BOOKERS, 'gap')).toEqual([]);
      const verified = await capataz.run('verify', BOOKERS, '--strict');
      expect(verified.exitCode, verified.output + verified.errorOutput).toBe(0);
    });

    it('that is away stops a run before its effect and no other run', async () => {
      await scaleLedger(0);
      try {
        const effectsBefore = bookings.effects.length;
        const [booked, filed] = await Promise.all([
          ask(await serviceUrl('agent-booker', BOOKERS), { question: BOOKING }),
          ask(await serviceUrl('agent-filer', BOOKERS), { question: 'who are you?' }),
        ]);
        expect(booked.statusCode, JSON.stringify(booked.body)).toBe(503);
        expect(booked.body.error?.code).toBe('not_recorded');
        expect(bookings.effects.length).toBe(effectsBefore);
        expect(filed.statusCode, JSON.stringify(filed.body)).toBe(200);
      } finally {
        await scaleLedger(1);
      }
    });
  });
}
