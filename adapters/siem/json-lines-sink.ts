/**
 * One event a line: into a file, which is synchronised to the disk and turned over at a size, or to the standard output,
 * where the node's log collector takes it.
 */
import { open, rename, stat } from 'node:fs/promises';
import { type Sink, jsonLine } from './sink.ts';

export interface JsonLinesFileOptions {
  readonly path: string;
  /** A larger file is renamed to `<path>.1`, over an older one. */
  readonly maximumBytes: number;
}

export function jsonLinesFileSink({ path, maximumBytes }: JsonLinesFileOptions): Sink {
  return {
    deliver: async (events) => {
      const size = await stat(path).then(
        (found) => found.size,
        () => 0,
      );
      if (size >= maximumBytes) await rename(path, `${path}.1`);
      await using file = await open(path, 'a+', 0o640);
      const end = (await file.stat()).size;
      const { buffer } =
        end === 0 ? { buffer: Buffer.from('\n') } : await file.read(Buffer.alloc(1), 0, 1, end - 1);
      // A crash may have left half a line: what follows must not be part of it.
      const start = buffer.toString() === '\n' ? '' : '\n';
      await file.appendFile(`${start}${events.map(jsonLine).join('')}`);
      await file.sync();
    },
    close: async () => undefined,
  };
}

export function jsonLinesOutputSink(
  write: (text: string, done: (error?: Error | null) => void) => void,
): Sink {
  return {
    deliver: async (events, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = (): void => reject(new Error('the standard output is not read'));
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        write(events.map(jsonLine).join(''), (error) => (error ? reject(error) : resolve()));
        await promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    close: async () => undefined,
  };
}
