/**
 * The body of each thread of the store: it opens its connection, then answers calls one after another. SQLite is
 * synchronous: here it holds up nobody but those who wait for it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { DatabaseWriterOptions } from './database-writer.ts';
import { tellError } from './thread-messages.ts';
import type { AnswerMessage, CallMessage } from './thread-messages.ts';

export type ThreadRole = 'writer' | 'reader' | 'checkpoints';

export interface ThreadData extends DatabaseWriterOptions {
  readonly role: ThreadRole;
}

type Methods = Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;

/** Each thread loads what it needs, and opens the database when it is told to: the writer makes the tables first. */
async function loadRole(data: ThreadData): Promise<() => object> {
  if (data.role === 'writer') {
    const { DatabaseWriter } = await import('./database-writer.ts');
    return () => new DatabaseWriter(data);
  }
  if (data.role === 'reader') {
    const { openDatabaseReader } = await import('./database-reader.ts');
    return () => openDatabaseReader(data.path);
  }
  const { CheckpointLoop } = await import('./checkpoint-loop.ts');
  return () => new CheckpointLoop(data.path);
}

async function serve(data: ThreadData): Promise<void> {
  const open = await loadRole(data);
  let methods: Methods = {};
  const answer = ({ id, method, values }: CallMessage): AnswerMessage => {
    try {
      if (method === 'open') {
        methods = open() as Methods;
        return { kind: 'result', id, value: undefined };
      }
      const answering = methods[method];
      if (answering === undefined) throw new Error(`The ledger ${data.path} is not open.`);
      return { kind: 'result', id, value: answering(...values) };
    } catch (error) {
      return { kind: 'failure', id, error: tellError(error, data.path) };
    }
  };
  parentPort?.on('message', (call: CallMessage) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage(answer(call));
  });
}

await serve(workerData as ThreadData);
