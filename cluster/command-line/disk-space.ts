import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClusterError } from './cluster-error.ts';

const BYTES_PER_GIBIBYTE = 1024 ** 3;

export function explainDiskSpace(
  folder: string,
  freeBytes: number,
  neededGibibytes: number,
  purpose: string,
): string | undefined {
  if (freeBytes >= neededGibibytes * BYTES_PER_GIBIBYTE) return undefined;
  const freeGibibytes = (Math.floor((freeBytes / BYTES_PER_GIBIBYTE) * 10) / 10).toFixed(1);
  return `The disk of ${folder} has ${freeGibibytes} GiB free, and ${purpose} needs ${neededGibibytes} GiB there: free some space or point to a larger disk.`;
}

export async function requireFreeDisk(
  folder: string,
  neededGibibytes: number,
  purpose: string,
): Promise<void> {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const statistics = await statfs(existing);
  const freeBytes = statistics.bavail * statistics.bsize;
  const problem = explainDiskSpace(folder, freeBytes, neededGibibytes, purpose);
  if (problem !== undefined) throw new ClusterError(problem);
}
