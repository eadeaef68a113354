/**
 * What the console itself tells the ledger: commands and silences, each durable before what it tells of is done. There is no
 * spool: where the ledger does not answer nothing is done, and the person is told so.
 */
import { type RecordPost, createRecordPost } from '#adapters/ledger-client/post-records.ts';
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import { RefusedError } from '../refused-error.ts';

const ANSWER_MILLISECONDS = 10_000;

export interface ConsoleRecords extends AsyncDisposable {
  /**
   * Resolves when it is on the disk. A record of this id that is there already is taken for the same one: ids are made of what the
   * record says. Rejects with a RefusedError.
   */
  readonly tell: (draft: RecordDraft) => Promise<void>;
}

export function openConsoleRecords({
  url,
  tokenPath,
  instance,
  newBoot,
  nowMilliseconds,
}: {
  readonly url: string | undefined;
  readonly tokenPath: string;
  readonly instance: string;
  readonly newBoot: () => string;
  readonly nowMilliseconds: () => number;
}): ConsoleRecords {
  const post: RecordPost | undefined =
    url === undefined
      ? undefined
      : createRecordPost({
          url,
          tokenPath,
          answerTimeoutMilliseconds: ANSWER_MILLISECONDS,
          now: nowMilliseconds,
        });
  const running = new AbortController();
  let boot = newBoot();
  let sequence = 0;
  let before: Promise<unknown> = Promise.resolve();

  const tell = async (draft: RecordDraft): Promise<void> => {
    if (post === undefined) throw unavailable('there is none');
    const source = { process: 'console' as const, instance, boot, sequence: sequence + 1 };
    const record = Buffer.from(JSON.stringify({ ...draft, source }));
    const line = { sequence: sequence + 1, skipped: 0, record, texts: Buffer.alloc(0) };
    const result = await post.post([line], running.signal);
    if (result.kind === 'failed') {
      // It may have been written all the same: its number is given to no other record.
      boot = newBoot();
      sequence = 0;
      throw unavailable(result.detail);
    }
    if (result.kind === 'bodyRefused')
      throw new Error(`The ledger does not understand a record: ${result.message}`);
    const [refused] = result.refused;
    if (refused?.code === 'record_conflict') return;
    if (refused !== undefined) throw new Error(`The ledger refuses a record: ${refused.message}`);
    // What was not written leaves no hole: the number goes to the next one.
    sequence += 1;
  };
  return {
    // One after another: numbers have no holes.
    tell: async (draft) => {
      const told = before.then(() => tell(draft));
      before = told.catch(() => undefined);
      await told;
    },
    [Symbol.asyncDispose]: async () => {
      running.abort();
      await post?.close();
    },
  };
}

function unavailable(why: string): RefusedError {
  return new RefusedError({
    code: 'ledger_unavailable',
    message: `Nothing was done, for the ledger could not record it: ${why}. Try again when it answers.`,
    retryAfterSeconds: 2,
  });
}
