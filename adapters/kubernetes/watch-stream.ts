/** Reads a watch (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). */
import { z } from 'zod';
import { kubeApiErrorFromStatus } from './kube-api-error.ts';

/** Above etcd's 1.5 MiB object limit; a longer line is not from an API server. */
const MAXIMUM_LINE_BYTES = 8 * 1024 * 1024;
const LINE_FEED = 0x0a;

const WatchLine = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.record(z.string(), z.unknown()),
});

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: Readonly<Record<string, unknown>>;
}

/** A line was lost: only a new list can tell what it said. */
export class WatchGarbledError extends Error {
  override readonly name = 'WatchGarbledError';
}

/**
 * Yields the events of a watch. Throws KubeApiError for an ERROR event, WatchGarbledError for a line that cannot
 * be parsed or is cut off, and whatever the connection throws.
 */
export async function* readWatchEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent> {
  for await (const line of readLines(body)) {
    const parsed = WatchLine.safeParse(parseLine(line));
    if (!parsed.success) throw new WatchGarbledError('The watch sent a line that is not a watch event.');
    const { type, object } = parsed.data;
    if (type === 'ERROR') throw kubeApiErrorFromStatus(object, 500, 'watch');
    yield { type, object };
  }
}

async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      pieces.push(chunk.subarray(start, end));
      const line = Buffer.concat(pieces).toString('utf8');
      pieces = [];
      pendingBytes = 0;
      start = end + 1;
      if (line.trim() !== '') yield line;
    }
    if (start < chunk.length) {
      pieces.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
      if (pendingBytes > MAXIMUM_LINE_BYTES) throw new WatchGarbledError('The watch sent an endless line.');
    }
  }
  if (pendingBytes > 0) throw new WatchGarbledError('The watch ended inside a line.');
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
