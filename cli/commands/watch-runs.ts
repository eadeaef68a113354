/**
 * `capataz runs --watch`. The stream only says which runs have changed; the rows are asked for again, so that a stream
 * that broke and came back has missed nothing:
 *
 *   list -> print -> wait for entries of the stream -> list -> print what differs from what was printed last -> wait ...
 *                      +-(broken)-> wait a moment, open it again where it broke, list
 */
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { RunRow } from '#adapters/ledger-reader/ledger-answers.ts';
import { LedgerReadError, type LedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import { type RunsQuestion, askForRuns } from '#adapters/ledger-reader/ledger-requests.ts';
import type { CommandContext } from '../command-context.ts';

/** Records of one step come together: one question for all of them. */
const COALESCE_MILLISECONDS = 300;
const RETRY_MILLISECONDS = 500;
const RETRY_MAXIMUM_MILLISECONDS = 15_000;
/** A run that changes after so many newer ones have begun is not seen any more. */
const LOOKED_AT_MINIMUM = 500;

interface Watch {
  readonly reader: LedgerReader;
  readonly namespace: string | undefined;
  readonly question: RunsQuestion;
  readonly limit: number;
  readonly print: (runs: readonly RunRow[]) => void;
  readonly context: CommandContext;
}

/** Until the signal of the context is aborted, or the ledger refuses. */
export async function watchRuns({
  reader,
  namespace,
  question,
  limit,
  print,
  context,
}: Watch): Promise<void> {
  const { signal, terminal } = context;
  const printed = new PrintedRows();
  let lastEventId: string | undefined;
  let failures = 0;
  let isFirst = true;
  const refresh = async (): Promise<void> => {
    const looked = isFirst ? limit : Math.max(limit, LOOKED_AT_MINIMUM);
    const { runs } = await askForRuns(reader, question, looked);
    // Oldest first, as they will go on to come.
    print(printed.changed(runs).toReversed());
    isFirst = false;
  };
  while (!signal.aborted) {
    try {
      await using changes = await Changes.open(
        reader,
        { namespace, agent: question.agent },
        lastEventId,
        signal,
      );
      // Only now: what changes behind the list is told by the stream.
      await refresh();
      if (failures > 0) terminal.note('The ledger is back.\n');
      failures = 0;
      while (await changes.next()) {
        await wait(COALESCE_MILLISECONDS, undefined, { signal });
        ({ lastEventId } = changes);
        await refresh();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof LedgerReadError) || error.code !== 'unreachable') throw error;
      if (failures === 0 && isFirst) throw error;
      if (failures === 0) terminal.note(`${error.message} Trying again.\n`);
    }
    failures += 1;
    const pause = Math.min(RETRY_MILLISECONDS * 2 ** Math.min(failures - 1, 10), RETRY_MAXIMUM_MILLISECONDS);
    await wait(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** What was printed last of each run, for as many as are looked at. */
class PrintedRows {
  #rows = new Map<string, string>();

  changed(runs: readonly RunRow[]): readonly RunRow[] {
    const now = new Map(runs.map((run) => [run.id, JSON.stringify(run)]));
    const changed = runs.filter(({ id }) => this.#rows.get(id) !== now.get(id));
    this.#rows = now;
    return changed;
  }
}

const EventOfRun = z.object({ entry: z.object({ record: z.object({ run: z.object({ id: z.string() }) }) }) });

/** Reads the stream beside the questions, so that it never stalls; remembers only that something of a run came. */
class Changes implements AsyncDisposable {
  lastEventId: string | undefined;
  readonly #abort: AbortController;
  readonly #reading: Promise<void>;
  #isDirty = false;
  #end: { readonly error?: unknown } | undefined;
  #wake = Promise.withResolvers<void>();

  private constructor(
    stream: AsyncIterable<{ readonly id: string | undefined; readonly data: string }>,
    lastEventId: string | undefined,
    abort: AbortController,
  ) {
    this.lastEventId = lastEventId;
    this.#abort = abort;
    this.#reading = this.#read(stream);
  }

  static async open(
    reader: LedgerReader,
    query: { readonly namespace: string | undefined; readonly agent: string | undefined },
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): Promise<Changes> {
    const abort = new AbortController();
    const either = AbortSignal.any([signal, abort.signal]);
    return new Changes(await reader.events('/v1/stream', query, lastEventId, either), lastEventId, abort);
  }

  /** False when the stream has ended. Throws why it broke. */
  async next(): Promise<boolean> {
    while (!this.#isDirty && this.#end === undefined) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
    if (this.#isDirty) {
      this.#isDirty = false;
      return true;
    }
    if (this.#end?.error !== undefined) throw this.#end.error;
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }

  async #read(
    stream: AsyncIterable<{ readonly id: string | undefined; readonly data: string }>,
  ): Promise<void> {
    try {
      for await (const { id, data } of stream) {
        this.lastEventId = id ?? this.lastEventId;
        if (isOfRun(data)) this.#set(() => (this.#isDirty = true));
      }
      this.#set(() => (this.#end = {}));
    } catch (error) {
      this.#set(() => (this.#end = { error }));
    }
  }

  #set(change: () => void): void {
    change();
    this.#wake.resolve();
  }
}

function isOfRun(data: string): boolean {
  try {
    return EventOfRun.safeParse(JSON.parse(data)).success;
  } catch {
    return false;
  }
}
