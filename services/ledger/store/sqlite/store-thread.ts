/**
 * The body of each thread of the store: it opens its connection, then answers calls one after another. SQLite is
 * synchronous: here it holds up nobody but those who wait for it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { CheckpointLoop } from './checkpoint-loop.ts';
import { openDatabaseReader } from './database-reader.ts';
import { DatabaseWriter } from './database-writer.ts';
import type { DatabaseWriterOptions } from './database-writer.ts';
import { tellError } from './thread-messages.ts';
import type { AnswerMessage, CallMessage } from './thread-messages.ts';

export type ThreadRole = 'writer' | 'reader' | 'checkpoints';

export interface ThreadData extends DatabaseWriterOptions {
  readonly role: ThreadRole;
}

type Method = (...values: readonly unknown[]) => unknown;

function open(data: ThreadData): Readonly<Record<string, Method>> {
  if (data.role === 'writer') return { ...new DatabaseWriter(data) } as unknown as Record<string, Method>;
  if (data.role === 'reader') return openDatabaseReader(data.path) as unknown as Record<string, Method>;
  return { close: new CheckpointLoop(data.path).close };
}

function serve(data: ThreadData): void {
  const say = (message: AnswerMessage): void => parentPort?.postMessage(message);
  let methods: Readonly<Record<string, Method>>;
  try {
    methods = open(data);
  } catch (error) {
    say({ kind: 'unopened', error: tellError(error, data.path) });
    return;
  }
  parentPort?.on('message', ({ id, method, values }: CallMessage) => {
    try {
      const value = methods[method]?.(...values);
      say({ kind: 'result', id, value });
      if (method === 'close') parentPort?.close();
    } catch (error) {
      say({ kind: 'failure', id, error: tellError(error, data.path) });
    }
  });
  say({ kind: 'ready' });
}

serve(workerData as ThreadData);
