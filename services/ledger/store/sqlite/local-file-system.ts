/**
 * SQLite's write-ahead log is shared memory and locks between all who open the file: on a file system of another machine
 * two ledgers would not see each other, and the file would be torn.
 */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** By the magic numbers of statfs(2). */
const REMOTE_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x00c36400, 'CephFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x6b414653, 'AFS'],
  [0x5346414f, 'AFS'],
]);

export async function assertLocalFileSystem(path: string): Promise<void> {
  const folder = dirname(path);
  const { type } = await statfs(folder).catch((error: unknown) => {
    throw new Error(`The folder ${folder} of the ledger cannot be read: make it, or name another.`, {
      cause: error,
    });
  });
  const remote = remoteFileSystem(type);
  if (remote !== undefined) {
    throw new Error(
      `The ledger ${path} would stand on ${remote}, where SQLite loses data: give it a volume on a local or block device, or use PostgreSQL.`,
    );
  }
}

/** What a file system of another machine is called; undefined for a local one. */
export function remoteFileSystem(type: number): string | undefined {
  return REMOTE_FILE_SYSTEMS.get(type >>> 0);
}
